"""Damaged files end in an error with a reason, or in a model: no crash, no hang, no flood.

    python -m tests.security.fuzz --mutations 20000 --seed 0
    python -m tests.security.fuzz --seed 0 --only 123        one mutation, with its traceback

Each mutation is told by the seed and its number alone. A worker process reads the files, with a
limit on its memory; one that dies, or takes too long inside C, is replaced.
"""

import argparse
import json
import linecache
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tests.security import good_files, mutations
from tests.security.good_files import Format

# Of the processor's time, as the machine may be busy; what sleeps is killed after the second.
HANG_S, SILENT_S = 5.0, 60.0
# What reading a file may take beside four times its size: the budget of `load_model`, and one
# small net.
FREE_BYTES = 1 << 28
ADDRESS_SPACE = 4 << 30  # beyond what the libraries have mapped
CLEAN = (ValueError, TypeError)
PACKAGE = str(Path(good_files.torchkeras.__file__).parent)


@dataclass(frozen=True)
class Outcome:
    """How a mutation ended: `same`, `other` (a model, but another one), `refused`, or a finding."""

    index: int
    format: str
    kind: str
    detail: str = ""

    @property
    def is_finding(self) -> bool:
        return self.kind not in ("same", "other", "refused")


class HangError(BaseException):
    """Reading took too long."""


class Fuzz:
    """Good files of all formats in a folder, and the mutations of them."""

    def __init__(self, folder: Path, seed: int, names: list[str] | None = None) -> None:
        self.seed, self.folder = seed, folder
        self.round: list[Format] = []
        self.data: dict[str, bytes] = {}
        self.expected: dict[str, Any] = {}
        for each in good_files.formats().values():
            if names and each.name not in names:
                continue
            path = folder / f"good{each.ending}"
            each.write(path)
            self.data[each.name] = path.read_bytes()
            self.expected[each.name] = each.read(path)
            self.round += [each] * each.share

    def mutation(self, index: int) -> tuple[Format, Path]:
        """Write the file of a mutation."""
        rng = random.Random(f"{self.seed}-{index}")
        chosen = self.round[index % len(self.round)]
        path = self.folder / f"damaged{chosen.ending}"
        path.write_bytes(mutations.damaged(path, self.data[chosen.name], rng))
        return chosen, path

    def outcome(self, index: int, *, shows: bool = False) -> Outcome:
        """Read the file of a mutation, and say how it ended."""
        chosen, path = self.mutation(index)
        budget = FREE_BYTES + 4 * path.stat().st_size
        if chosen.is_text:
            budget = ADDRESS_SPACE
        before, started = _peak_reset(), time.process_time()
        try:
            with _alarm(HANG_S):
                found = chosen.read(path)
        except HangError:
            return Outcome(index, chosen.name, "hang", _where(sys.exc_info()[1]))
        except CLEAN as error:
            kind, detail = _judged(error)
            if shows:
                traceback.print_exc()
        except Exception as error:  # noqa: BLE001 - that is the finding
            kind, detail = "dirty", f"{type(error).__name__}: {error} {_where(error)}"[:500]
            if shows:
                traceback.print_exc()
        else:
            kind, detail = ("same" if _equal(found, self.expected[chosen.name]) else "other"), ""
        grown = _peak() - before
        if grown > budget:
            kind, detail = "memory", f"{grown >> 20} MiB more; {kind} {detail}"
        taken = time.process_time() - started
        if taken > HANG_S:
            kind, detail = "hang", f"{taken:.1f} s; {kind} {detail}"
        return Outcome(index, chosen.name, kind, detail)


def _judged(error: Exception) -> tuple[str, str]:
    """Say whether an error was raised on purpose: by a `raise` of the library, with a text."""
    file, line = _places(error)[-1]
    meant = file.startswith(PACKAGE) and "raise" in linecache.getline(file, line)
    text = f"{type(error).__name__}: {error} {_where(error)}"[:500]
    return ("refused" if meant and str(error) else "foreign"), text


def _where(error: BaseException | None) -> str:
    places = _places(error)
    own = [place for place in places if place[0].startswith(PACKAGE)]
    return " < ".join(f"{Path(file).name}:{line}" for file, line in [*places[-1:], *own[:-4:-1]])


def _places(error: BaseException | None) -> list[tuple[str, int]]:
    found = traceback.walk_tb(error.__traceback__ if error else None)
    return [(frame.f_code.co_filename, line) for frame, line in found]


def _equal(found: Any, expected: Any) -> bool:
    try:
        np.testing.assert_equal(found, expected)
    except (AssertionError, ValueError, TypeError):
        return False
    return True


class _alarm:
    """Raise `HangError` inside after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        signal.signal(signal.SIGPROF, _raise)
        signal.setitimer(signal.ITIMER_PROF, self.seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _raise(*_: object) -> None:
    raise HangError


def _peak_reset() -> int:
    """Forget the peak of this process's memory, where the system can, and return what it has."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 1 << 62  # no such file: memory is limited, and not measured
    return _peak()


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


# Workers


def _work(pipe: Connection, seed: int, indices: list[int], names: list[str] | None) -> None:
    warnings.simplefilter("ignore")
    os.environ["TORCHKERAS_LEAVE_THREADS"] = "1"
    good_files.torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder:
        fuzz = Fuzz(Path(folder), seed, names)
        _limit_memory()
        for index in indices:
            pipe.send(("begin", index))
            pipe.send(("end", asdict(fuzz.outcome(index))))
        pipe.send(("done", None))


def _in_memory() -> str | None:
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def run(seed: int, indices: list[int], names: list[str] | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each mutation, from a worker process."""
    context = multiprocessing.get_context("spawn")
    waiting = list(indices)
    while waiting:
        ours, theirs = context.Pipe()
        worker = context.Process(target=_work, args=(theirs, seed, waiting, names))
        worker.start()
        theirs.close()
        current: int | None = None
        while True:
            patience = 600.0 if current is None else SILENT_S
            try:
                what, value = ours.recv() if ours.poll(patience) else ("silent", None)
            except EOFError:
                what, value = "died", None
            if what == "begin":
                current = value
            elif what == "end":
                waiting.remove(value["index"])
                yield Outcome(**value)
            else:
                break
        if what == "silent":
            worker.kill()
        worker.join()
        if what == "done":
            return
        if current is None:
            raise RuntimeError(f"The worker could not begin: it {what}.")
        if current in waiting:
            waiting.remove(current)
            kind = "hang" if what == "silent" else "crash"
            yield Outcome(current, "", kind, f"exit code {worker.exitcode}")


def main() -> int:
    """Run mutations, report what was found, and return 1 if there was anything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--formats", nargs="*")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    if given.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            fuzz = Fuzz(Path(folder), given.seed, given.formats)
            print(fuzz.outcome(given.only, shows=True))
        return 0
    indices = list(range(given.first, given.first + given.mutations))
    counts: Counter[tuple[str, str]] = Counter()
    findings = 0
    for outcome in run(given.seed, indices, given.formats):
        counts[outcome.format, outcome.kind] += 1
        if outcome.is_finding:
            findings += 1
            print(json.dumps(asdict(outcome)), flush=True)
        if given.report:
            with given.report.open("a") as file:
                file.write(json.dumps(asdict(outcome)) + "\n")
    for (name, kind), count in sorted(counts.items()):
        print(f"{name:16} {kind:8} {count}")
    print(f"{sum(counts.values())} mutations, {findings} findings")
    return int(findings > 0)


if __name__ == "__main__":
    raise SystemExit(main())
