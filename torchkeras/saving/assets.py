"""Files of layers inside `.keras` archives: a vocabulary lies at `assets/PATH/vocabulary.txt`."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from .saveables import saveables

_FOLDER = "assets"
_PIECE = 1 << 20


class Taker(Protocol):
    """What takes files: a zip archive."""

    def write(self, filename: Path, arcname: str) -> None: ...


class Holder(Protocol):
    """What holds files: an archive."""

    name: str

    def names(self) -> list[str]: ...

    def stream(self, name: str) -> IO[bytes]: ...


def write(model: Any, written: Taker) -> None:
    """Put the files of all layers with `save_assets` into an archive.

    Args:
        model: The model.
        written: The archive, open for writing.
    """
    for folder, item in _owners(model, "save_assets"):
        with tempfile.TemporaryDirectory() as place:
            item.save_assets(place)
            for file in sorted(Path(place).rglob("*")):
                if file.is_file() and not file.is_symlink():
                    name = f"{folder}/{file.relative_to(place).as_posix()}"
                    written.write(file, name)


def read(model: Any, archive: Holder) -> None:
    """Hand the layers with `load_assets` what an archive holds for them, each in a new folder.

    Only files that lie under the path of such a layer are unpacked. One whose folder is missing is
    left as it is.

    Args:
        model: The model.
        archive: The archive.

    Raises:
        ValueError: If a file does not fit its layer.
    """
    for folder, item in _owners(model, "load_assets"):
        names = [name for name in archive.names() if name.startswith(f"{folder}/")]
        if names:
            with tempfile.TemporaryDirectory() as place:
                for name in names:
                    _unpack(archive, name, Path(place, name.removeprefix(f"{folder}/")))
                _load(item, place, f"{archive.name}/{folder}")


def _owners(model: Any, hook: str) -> Iterator[tuple[str, Any]]:
    for path, item in saveables(model):
        if callable(getattr(item, hook, None)):
            yield f"{_FOLDER}/{path}" if path else _FOLDER, item


def _unpack(archive: Holder, name: str, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.stream(name) as packed, target.open("xb") as file:
            shutil.copyfileobj(packed, file, _PIECE)
    except OSError as error:  # names that differ in case alone, files in the place of folders
        raise ValueError(f"Refused {archive.name!r}: {name!r} cannot be a file.") from error


def _load(item: Any, place: str, name: str) -> None:
    try:
        item.load_assets(place)
    except (KeyError, TypeError, OSError, RuntimeError, RecursionError) as error:
        raise ValueError(
            f"The files in {name!r} do not fit {item!r}: {type(error).__name__}: {error}"
        ) from error
