"""Where messages for people go."""

import logging
import sys

from .switches import is_interactive_logging_enabled

LOGGER = logging.getLogger("torchkeras")


def write(text: str) -> None:
    """Write a text to standard output at once, or to the logger if that is what was asked for.

    Args:
        text: What to write; line breaks stand in it.
    """
    if not is_interactive_logging_enabled():
        LOGGER.info(text.strip("\n\r\b"))
        return
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "utf-8"
        plain = text.replace("━", "=").replace("─", "-")
        sys.stdout.write(plain.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()
