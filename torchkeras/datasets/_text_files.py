"""Archives of texts, in the layout in which torchtext keeps them: found, else downloaded."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from torchkeras._base.fetch import Digest, fetch

from ._places import cache_folder, keras_folders, text_roots
from ._search import Source, find
from ._verified import WrongFileError, verify

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TextFile:
    """One archive.

    Attributes:
        folder: torchtext's name of the data set, and of its folder.
        name: The name of the file.
        digest: Its MD5.
        url: Where it is.
    """

    folder: str
    name: str
    digest: str
    url: str

    def load(self, read: Callable[[Path], T]) -> T:
        """Return what `read` makes of the file, found or downloaded.

        Args:
            read: Takes the path of the file, whose hash is right.
        """
        inner = Path(self.folder, self.name)
        places = [root / "datasets" / inner for root in text_roots()]
        places += [folder / self.name for folder in keras_folders()]
        kept = cache_folder() / inner

        def verified(place: Path) -> T:
            with place.open("rb") as file:
                verify(place, file, self.digest)
            return read(place)

        return find(
            self.folder,
            [Source(place, verified) for place in (*places, kept)],
            partial(self._download, kept, verified),
            put=[f"{places[0]}  (from {self.url})"],
        )

    def _download(self, place: Path, read: Callable[[Path], T]) -> T:
        if os.path.lexists(place):  # it is there and was refused: it stays as it is
            raise WrongFileError(place, "stands where the download would go; move it away")
        fetch(self.url, place, Digest(self.digest, "md5"))
        return read(place)
