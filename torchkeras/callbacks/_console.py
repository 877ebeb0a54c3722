"""Where callbacks write for people to read."""

import os
import sys

from torchkeras._base.console import write
from torchkeras._base.switches import is_interactive_logging_enabled


def say(text: str) -> None:
    """Write a line to standard output, or to the logger if that is what was asked for."""
    write(text + "\n")


def rewrites_lines() -> bool:
    """Say whether standard output shows a line that is written over: a terminal or a notebook."""
    if not is_interactive_logging_enabled():
        return False
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    return bool(getattr(sys.stdout, "isatty", lambda: False)())
