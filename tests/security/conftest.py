"""Every test here is watched: what it opens, starts and asks of memory."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

platform.processor()  # which libraries ask for at their first use starts a program once
ROOT = Path(__file__).parents[2]
MEMORY = 1 << 28  # the budget of a small file, and what libraries take when they are first used
# Where the interpreter and its libraries look, and where tests lie and files are unpacked.
_PLACES = (sys.prefix, sys.base_prefix, str(ROOT), tempfile.gettempdir())
ALLOWED = [
    *_PLACES,
    *map(os.path.realpath, _PLACES),
    *("/proc", "/sys", "/dev", "/usr", "/lib", "/opt", "/System", "/Library"),
]
STARTS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen")
REACHES = ("socket.connect", "socket.getaddrinfo", "urllib.Request", "pickle.find_class")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")


class Watch:
    """What was done that no reading of a file may do."""

    def __init__(self) -> None:
        self.is_on, self.seen = False, []
        self.hooked = False

    def start(self) -> None:
        if not self.hooked:  # hooks stay until the process ends
            sys.addaudithook(self._note)
            self.hooked = True
        self.is_on, self.seen = True, []

    def stop(self) -> list[str]:
        self.is_on = False
        return self.seen

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event in STARTS or event in REACHES:
            self.seen.append(f"{event} {arguments}")
        elif event == "open" or event in CHANGES:
            for path in arguments[: 1 if event == "open" else 2]:
                if isinstance(path, (str, bytes)) and not _is_allowed(os.fsdecode(path)):
                    self.seen.append(f"{event} {path!r}")


def _is_allowed(path: str) -> bool:
    whole = os.path.abspath(path)
    return any(whole == each or whole.startswith(f"{each}/") for each in ALLOWED)


WATCH = Watch()


@pytest.fixture(autouse=True)
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test in which something outside was touched, or memory flooded."""
    base = str(tmp_path_factory.getbasetemp())
    if base not in ALLOWED:
        ALLOWED.append(base)
    before = reset_peak()
    WATCH.start()
    yield
    assert WATCH.stop() == []
    assert peak() - before < MEMORY


def reset_peak() -> int:
    """Forget the peak of this process's memory, and return what it has; 0 where that is unknown."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 1 << 62
    return peak()


def peak() -> int:
    """Return the peak of this process's memory in bytes; 0 where that is unknown."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
