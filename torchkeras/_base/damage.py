"""Errors that damaged or hostile files lead to, with the name of the file."""

from collections.abc import Iterator
from contextlib import contextmanager

# What Python itself raises when a structure is not what it should be.
_SURPRISES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    NotImplementedError,
    RuntimeError,
)


@contextmanager
def plain_errors(subject: str) -> Iterator[None]:
    """Say of every error inside what it was that could not be used.

    Args:
        subject: What is read, such as `"The config in 'm.keras'"`.

    Raises:
        TypeError: In place of those.
        ValueError: In place of all others.
    """
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{subject} cannot be used: {error}") from error
    except ValueError as error:
        raise ValueError(f"{subject} cannot be used: {error}") from error
    except _SURPRISES as error:
        raise ValueError(
            f"{subject} is damaged, or of a kind that is not known: {type(error).__name__}: "
            f"{error}."
        ) from error


def raised_by(error: BaseException, package: str) -> bool:
    """Say whether an error comes out of a package, not out of what was done with its results.

    Args:
        error: The error.
        package: The name of the package.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    module = str(place.tb_frame.f_globals.get("__name__", "")) if place is not None else ""
    return module.partition(".")[0] == package
