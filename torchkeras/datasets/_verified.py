"""Files that must be, byte for byte, the ones that their names promise."""

import hashlib
import io
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

ALGORITHM_BY_LENGTH = {32: "md5", 64: "sha256"}


class WrongFileError(Exception):
    """A file was found whose content is not what its name promises."""

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(f"{path} {why}")


def read_verified(path: Path, digest: str) -> bytes:
    """Return the content of a file, once its hash is known to be `digest`."""
    try:
        with path.open("rb") as file:
            verify(path, file, digest)
            file.seek(0)
            return file.read()
    except OSError as error:
        raise WrongFileError(path, f"cannot be read ({error})") from error


def verify(name: Path | str, file: IO[bytes], digest: str) -> None:
    """Raise `WrongFileError` unless the hash of `file` is `digest`, an MD5 or a SHA-256."""
    algorithm = ALGORITHM_BY_LENGTH[len(digest)]

    # A wrong file may be of any size: it is hashed in pieces and never held as a whole.
    found = hashlib.file_digest(
        file,  # type: ignore[arg-type]
        lambda: hashlib.new(algorithm, usedforsecurity=False),
    ).hexdigest()
    if found != digest:
        raise WrongFileError(
            name, f"is damaged or another file (its {algorithm} is {found}, not {digest})"
        )


def read_npz(path: Path, digest: str, names: tuple[str, ...]) -> list[NDArray[Any]]:
    """Return the named arrays of a verified `.npz` file; objects are refused."""
    with np.load(io.BytesIO(read_verified(path, digest)), allow_pickle=False) as arrays:
        return [arrays[name] for name in names]
