"""Writing a file so that it is there wholly or not at all."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import leftovers

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def replacing(filepath: "str | os.PathLike[str]") -> Iterator[Path]:
    """Yield a path to write to; afterwards it takes the place of `filepath` in one step.

    The new file lies beside the old one, is flushed to the disk and then renamed. If the writing
    fails, or the process is killed, the old file is still whole. What a killed process has left is
    removed by the next one that writes to the same place, where it can be sure.

    Args:
        filepath: The file to make or to replace.

    Raises:
        FileNotFoundError: If its folder does not exist.
        IsADirectoryError: If it is a folder.
        PermissionError: If no files can be made in its folder.
        OSError: If the disk is full.
    """
    target = Path(os.path.realpath(filepath))
    _check(target, filepath)
    leftovers.remove(target)
    temporary = leftovers.beside(target)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    try:
        _create(temporary, mode, filepath)
        granted = temporary.stat().st_mode & 0o777
        yield temporary
        temporary.chmod(granted)  # a writer that replaces the file may have set another mode
        synchronize(temporary)
        os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise OSError(
                error.errno,
                f"There is no room on the disk to write filepath={os.fspath(filepath)!r} "
                f"({error.strerror}). What was there before is untouched.",
            ) from error
        raise
    if os.name == "posix":
        _flush(target.parent, os.O_RDONLY)


def _create(temporary: Path, mode: int, filepath: "str | os.PathLike[str]") -> None:
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    except OSError as error:
        if error.errno not in _FORBIDDEN:
            raise
        raise PermissionError(
            error.errno,
            f"The folder {os.fspath(temporary.parent)!r} cannot be written to "
            f"({error.strerror}). Received: filepath={os.fspath(filepath)!r}. A new file is "
            "written beside the old one first; choose a folder in which you may make files.",
        ) from error


def _check(target: Path, filepath: "str | os.PathLike[str]") -> None:
    if target.is_dir():
        raise IsADirectoryError(
            f"`filepath` must not be a folder. Received: filepath={os.fspath(filepath)!r}. Add the "
            "name of a file to it."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of `filepath` does not exist. Received: filepath={os.fspath(filepath)!r}. "
            f"Make it first: `os.makedirs({os.fspath(target.parent)!r})`."
        )


def write_all(write: Callable[[memoryview], int], content: Any) -> None:
    """Write all of something into a file without a buffer, where the disk may cut writes short.

    Args:
        write: Writes what it can, and returns how many bytes that was.
        content: Bytes, or an array without gaps.
    """
    left = memoryview(content).cast("B")
    while left:
        left = left[write(left) :]


def synchronize(path: Path) -> None:
    """Wait until what was written into a file is on the disk.

    Args:
        path: The file.
    """
    _flush(path, os.O_RDWR)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
