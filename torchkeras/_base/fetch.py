"""Downloads: into a file beside the wanted one, gone on with when cut, whole or not at all."""

import contextlib
import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any

from . import drive
from .switches import is_interactive_logging_enabled

_PIECE_BYTES = 1 << 20
_SILENCE_S = 60.0
_RANGE_NOT_SATISFIABLE = 416


class DownloadError(OSError):
    """A download that failed, with the address and the reason."""


class WrongDownloadError(DownloadError, ValueError):
    """A download that is not what was asked for, or cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The hash that a file must have.

    Attributes:
        value: The hash in hexadecimal digits.
        algorithm: Its name, such as `"sha256"`.
    """

    value: str
    algorithm: str

    def fits(self, path: Path) -> bool:
        """Say whether the content of a file has this hash."""
        return file_hash(path, self.algorithm) == self.value.lower()


def file_hash(path: Path, algorithm: str) -> str:
    """Return the hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(
            file,
            lambda: hashlib.new(algorithm, usedforsecurity=False),
        ).hexdigest()


def fetch(url: str, target: Path, digest: Digest | None = None, again: bool = False) -> None:
    """Download a file; `target` is untouched until the download is whole and its hash known.

    What was cut is kept in `target` + `.part` and gone on with by the next call, if the hash tells
    whether the parts fit. Several processes that want one file wait for the first.

    Args:
        url: The address.
        target: The file to make or replace.
        digest: The hash it must have.
        again: Whether a `target` that another process has just made is not good enough.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _locked(part) as file:
        made = not again and target.exists()  # by another, before the lock was ours
        if made and (digest is None or digest.fits(target)):
            part.unlink(missing_ok=True)
            return
        try:
            _fill(url, file, part, digest)
        except (OSError, HTTPException, ValueError) as error:
            if digest is None or not os.path.getsize(part):
                part.unlink(missing_ok=True)
            kind = WrongDownloadError if isinstance(error, ValueError) else DownloadError
            raise kind(f"{url} could not be downloaded: {_reason(error)}.") from error
        except BaseException:
            if digest is None:
                part.unlink(missing_ok=True)
            raise
        file.flush()
        if sys.platform == "win32":
            file.close()  # an open file cannot be renamed there
        os.replace(part, target)


def _fill(url: str, file: IO[bytes], part: Path, digest: Digest | None) -> None:
    """Bring the partial file to its end; if the parts do not fit, begin once more."""
    begun = file.seek(0, os.SEEK_END) if digest is not None else 0
    file.truncate(begun)
    if not (begun and digest and digest.fits(part)):
        _receive(url, file, begun)
    file.flush()
    if digest is None or digest.fits(part):
        return
    if begun:
        file.truncate(0)
        _fill(url, file, part, digest)
        return
    found = file_hash(part, digest.algorithm)
    file.truncate(0)
    raise ValueError(f"its {digest.algorithm} is {found}, not {digest.value}; it was dropped")


def _receive(url: str, file: IO[bytes], begun: int) -> None:
    headers = {"User-Agent": "torchkeras", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        response = drive.opened(request, _SILENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        if begun and error.code == _RANGE_NOT_SATISFIABLE:
            file.truncate(0)
            _receive(url, file, 0)
            return
        raise
    with response:
        if begun and not _goes_on(response, begun):
            begun = 0
        file.seek(begun)
        file.truncate(begun)
        _copy(response, file, begun)


def _goes_on(response: Any, begun: int) -> bool:
    """Say whether the server sends the rest and not the whole."""
    is_partial = getattr(response, "status", None) == 206
    return is_partial and str(response.headers.get("Content-Range")).startswith(f"bytes {begun}-")


def _copy(response: Any, file: IO[bytes], begun: int) -> None:
    length = getattr(response, "headers", {}).get("Content-Length")
    total = begun + int(length) if length is not None else None
    count = begun
    with _bar(file.name, total, begun) as tell:
        while piece := response.read(_PIECE_BYTES):
            file.write(piece)
            count += len(piece)
            tell(len(piece))
    file.flush()
    if total is not None and count < total:
        raise OSError(f"it was cut after {count} of {total} bytes; call again to go on")


@contextlib.contextmanager
def _bar(name: str, total: int | None, begun: int) -> Iterator[Any]:
    from tqdm import tqdm

    label = Path(name).name.removesuffix(".part")
    disabled = not is_interactive_logging_enabled() or not sys.stderr.isatty()
    with tqdm(
        total=total, initial=begun, desc=label, unit="B", unit_scale=True, disable=disabled
    ) as bar:
        yield bar.update


@contextlib.contextmanager
def _locked(part: Path) -> Iterator[IO[bytes]]:
    """Open the partial file, alone among all processes."""
    while True:
        file = part.open("a+b")
        try:
            _lock(file)
            if _is_still(part, file):
                # Appending ignores where one seeks to: written is through a second, plain handle.
                with part.open("r+b") as plain:
                    yield plain
                return
        finally:
            file.close()


def _is_still(part: Path, file: IO[bytes]) -> bool:
    """Say whether an open file is the one of that name, which another process may have moved."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), part.stat())
    except FileNotFoundError:
        return False


def _lock(file: IO[bytes]) -> None:
    """Wait for the lock, where the system has locks that end with their process."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or error
    code = getattr(error, "code", None)
    return f"{code} {reason}" if code else str(reason) or type(error).__name__
