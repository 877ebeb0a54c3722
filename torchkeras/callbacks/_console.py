"""Where callbacks write for people to read."""

import os
import sys


def say(text: str) -> None:
    """Write a line to standard output at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def rewrites_lines() -> bool:
    """Say whether standard output shows a line that is written over: a terminal or a notebook."""
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    return bool(getattr(sys.stdout, "isatty", lambda: False)())
