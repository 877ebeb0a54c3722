"""Whether a file that exists may be replaced."""

import os
import sys


def may_write(name: str, overwrite: bool) -> bool:
    """Say whether a file may be written; a person is asked, and where nobody is there, refuse.

    Args:
        name: The file.
        overwrite: Whether it may be replaced without asking.

    Raises:
        FileExistsError: If it exists, must not be replaced, and nobody can be asked.
    """
    if overwrite or not os.path.exists(name):
        return True
    if not sys.stdin.isatty():
        raise FileExistsError(
            f"The file exists already: filepath={name!r}. Pass `overwrite=True` to replace it."
        )
    return input(f"{name} exists already. Replace it? [y/n] ").strip().lower() in ("y", "yes")
