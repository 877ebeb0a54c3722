"""Training that is killed and started again ends as if nothing had happened, bit for bit."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]
KINDS = [
    "arrays", "arrays_over_epochs", "loader", "loader_with_generator", "loader_with_workers",
    "loader_with_lasting_workers", "stream", "stream_with_worker", "py_dataset",
    "py_dataset_with_state", "generator",
]  # fmt: skip
WITH_MORE_STATE = [
    "arrays_over_epochs", "loader_with_workers", "loader_with_lasting_workers", "py_dataset",
    "generator",
]  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> Iterator[Run]:
    """A function that runs `fit` in a process of its own and returns its result."""
    program = Path(__file__).with_name("resume_program.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(program)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None

    def run(data: str, folder: Path, save_freq: Any = 2, kill: Any = (), **options: Any) -> Any:
        folder.mkdir(exist_ok=True)
        order = {"data": data, "folder": str(folder), "save_freq": save_freq, "kill": list(kill)}
        process.stdin.write(json.dumps({**order, **options}) + "\n")
        process.stdin.flush()
        ended = int(process.stdout.readline())
        if kill:
            assert ended == -signal.SIGKILL
            return None
        assert ended == 0
        return json.loads((folder / "result.json").read_text())

    yield run
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def wholes(runs: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A function that returns what a run is that nobody interrupts; each is made once."""
    known: dict[Any, Any] = {}

    def whole(data: str, save_freq: Any = 2) -> Any:
        if (data, save_freq) not in known:
            folder = tmp_path_factory.mktemp("whole")
            known[data, save_freq] = runs(data, folder, save_freq)
        return known[data, save_freq]

    return whole


@pytest.mark.parametrize("kind", KINDS)
def test_two_kills_leave_no_trace(kind: str, runs: Run, wholes: Run, tmp_path: Path) -> None:
    runs(kind, tmp_path, kill=[("batch", 6)])
    runs(kind, tmp_path, kill=[("batch", 9)])
    assert runs(kind, tmp_path) == wholes(kind)


@pytest.mark.parametrize("kind", WITH_MORE_STATE)
def test_backups_after_epochs(kind: str, runs: Run, wholes: Run, tmp_path: Path) -> None:
    runs(kind, tmp_path, "epoch", kill=[("batch", 7)])
    assert runs(kind, tmp_path, "epoch") == wholes(kind)


# What happens when, counted from 0 for epochs and from 1 for batches, backups and pages.
MOMENTS = [
    ("batch", 1, 1), ("batch", 4, 1), ("validation", 9, 1), ("epoch", 1, 1), ("epoch", 1, "epoch"),
    ("last", 1, 3), ("last", 1, "epoch"), ("writing", 1, 1), ("writing", 3, "epoch"),
    ("written", 1, "epoch"), ("written", 4, 1), ("end", 0, "epoch"), ("deleting", 0, 1),
]  # fmt: skip


@pytest.mark.parametrize(("moment", "number", "save_freq"), MOMENTS)
def test_any_moment(
    moment: str, number: int, save_freq: Any, runs: Run, wholes: Run, tmp_path: Path
) -> None:
    runs("arrays", tmp_path, save_freq, kill=[(moment, number)])
    assert runs("arrays", tmp_path, save_freq) == wholes("arrays")
