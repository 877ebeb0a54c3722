"""Names of files that are being written, which tell whether their writer has died.

A process that is killed cannot clean up. The name of its file says which process that was; whoever
writes to the same place next removes it, if it is sure: on Linux, where the same machine, since the
same start and among the same processes, knows of no such process any more.
"""

import contextlib
import functools
import os
import re
import secrets
from pathlib import Path

_SHOWN = 100  # bytes: names may have 255
_BOOT = 16
_MARK = re.compile(r"\.([0-9a-f]+-\d+)-(\d+)-(\d+)\.[0-9a-f]{16}\.tmp")


def beside(target: Path) -> Path:
    """Return a new name for a file that is to take the place of another, in the same folder.

    Args:
        target: The file to make or to replace.
    """
    mark = _mark()
    return target.with_name(f"{_prefix(target)}.{mark}{secrets.token_hex(8)}.tmp")


def remove(target: Path) -> None:
    """Remove what processes that are known to be dead have left of a file.

    Args:
        target: The file that they would have made or replaced.
    """
    prefix, place = _prefix(target), _place()
    if place is None:
        return
    with os.scandir(target.parent) as entries:
        names = [each.name for each in entries if each.name.startswith(prefix)]
    for name in names:
        found = _MARK.fullmatch(name.removeprefix(prefix))
        if found and found[1] == place and not _lives(int(found[2]), int(found[3])):
            with contextlib.suppress(OSError):  # somebody else was faster, or may not write there
                target.with_name(name).unlink()


def _prefix(target: Path) -> str:
    return f".{os.fsencode(target.name)[:_SHOWN].decode(errors='ignore')}"


def _mark() -> str:
    place, process = _place(), os.getpid()
    return "" if place is None else f"{place}-{process}-{_started(process)}."


@functools.cache
def _place() -> str | None:
    """Return what names this machine since its start, and the processes that it shows to us."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
        return f"{boot[:_BOOT]}-{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return None


def _started(process: int) -> int:
    """Return when a process was started, in ticks since the start of the machine."""
    text = Path(f"/proc/{process}/stat").read_text()
    return int(text.rpartition(")")[2].split()[19])  # its name, in brackets, may hold anything


def _lives(process: int, started: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
        return _started(process) == started
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's, or hidden
        return True
