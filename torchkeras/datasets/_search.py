"""The search for a data set: what is on disk, place by place, and then the network."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from numpy.typing import NDArray

from ._verified import WrongFileError

Split: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
Splits: TypeAlias = tuple[Split, Split]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """A file or folder and the function that reads a data set, or a part of one, from it.

    `read` raises `FileNotFoundError` if files are missing and `WrongFileError` if one is not
    what it should be.
    """

    path: Path
    read: Callable[[Path], T]


def find(
    title: str,
    sources: Sequence[Source[T]],
    download: Callable[[], T],
    put: Sequence[str],
) -> T:
    """Return the data set from the first good source, else download it.

    Args:
        title: Name of the data set, for messages.
        sources: Where to look, in this order.
        download: Fetches and returns the data set.
        put: What a user without network may put where, one line each.
    """
    for source in sources:
        try:
            if source.path.is_file() or source.path.is_dir():  # opening a pipe would wait for ever
                return source.read(source.path)
        except FileNotFoundError:
            continue
        except (WrongFileError, PermissionError) as error:
            warnings.warn(f"{error}; it is skipped and left as it is.", stacklevel=3)
    try:
        return download()
    except ImportError as error:
        raise ImportError(_without(title, sources, put, error)) from error
    except (OSError, RuntimeError, HTTPException, WrongFileError) as error:
        raise FileNotFoundError(_without(title, sources, put, error)) from error


def _without(
    title: str, sources: Sequence[Source[Any]], put: Sequence[str], error: BaseException
) -> str:
    looked = "".join(f"\n  {source.path}" for source in sources)
    ways = "".join(f"\n  {way}" for way in put)
    return (
        f"{title} is not on this machine and could not be downloaded: {str(error).strip()}\n"
        f"Put one of these in place, and call again:{ways}\n"
        f"Looked in:{looked}\n"
        "torchkeras.datasets.digits.load_data() returns real handwritten digits and needs neither "
        "network nor files."
    )
