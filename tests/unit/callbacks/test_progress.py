"""The progress bar: in a terminal, in a file, for each verbosity."""

import io
import re
import sys
import threading
from contextlib import redirect_stdout
from typing import Any

import keras
import numpy as np
import pytest

import torchkeras
from torchkeras.callbacks import CallbackList, ProgbarLogger
from torchkeras.callbacks._progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def file() -> io.StringIO:
    return io.StringIO()


def fit(out: io.StringIO, verbose: Any, steps: int | None = 3, epochs: int = 2) -> None:
    """Tell a progress bar that writes into `out` of a run."""
    with redirect_stdout(out):
        _fit(verbose, steps, epochs)


def _fit(verbose: Any, steps: int | None, epochs: int) -> None:
    bar = CallbackList(None, add_progbar=True, verbose=verbose, epochs=epochs, steps=steps)
    bar.on_train_begin()
    for epoch in range(epochs):
        bar.on_epoch_begin(epoch)
        for batch in range(3):
            bar.on_train_batch_end(batch, {"loss": 1.0 / (batch + 1)})
        bar.on_epoch_end(epoch, {"accuracy": 0.5, "loss": 0.25})
    bar.on_train_end()


def test_a_terminal_shows_a_bar(terminal: Terminal) -> None:
    fit(terminal, 1)
    lines = [line.split("\r")[-1] for line in terminal.getvalue().split("\n")]
    assert lines[0] == "Epoch 1/2"
    assert re.search(r"^3/3 ━{20} \d+s \d+[mu]s/step - accuracy: 0.5000 - loss: 0.2500", lines[1])
    assert lines[2] == "Epoch 2/2"


def test_a_file_gets_plain_lines(file: io.StringIO) -> None:
    fit(file, "auto")
    lines = file.getvalue().splitlines()
    assert len(lines) == 4
    assert re.fullmatch(r"3/3 - \d+s - \d+[mu]s/step - accuracy: 0.5000 - loss: 0.2500", lines[1])
    assert "\r" not in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_a_notebook_shows_a_bar(file: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    fit(file, 1)
    assert "━" * 20 in file.getvalue()
    assert "\r" in file.getvalue()


def test_verbose_2_writes_one_line_per_epoch(terminal: Terminal) -> None:
    fit(terminal, 2)
    assert len(terminal.getvalue().splitlines()) == 4
    assert "━" not in terminal.getvalue()


def test_verbose_0_is_silent(file: io.StringIO) -> None:
    fit(file, 0)
    assert file.getvalue() == ""


def test_one_epoch_has_no_heading(file: io.StringIO) -> None:
    fit(file, 2, epochs=1)
    assert "Epoch" not in file.getvalue()


def test_an_unknown_number_of_steps_is_learnt(terminal: Terminal) -> None:
    fit(terminal, 1, steps=None)
    assert "1/Unknown" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()


def test_the_logs_are_read_seldom(terminal: Terminal) -> None:
    class Asked(dict[str, float]):
        count = 0

        def items(self) -> Any:
            Asked.count += 1
            return super().items()

    logs = Asked(loss=1.0)
    bar = CallbackList(None, add_progbar=True, verbose=1, epochs=1, steps=1000)
    with redirect_stdout(terminal):
        bar.on_train_begin()
        bar.on_epoch_begin(0)
        for batch in range(1000):
            bar.on_train_batch_end(batch, logs)
    assert 1 <= Asked.count < 20


def test_validation_inside_fit_is_silent(file: io.StringIO) -> None:
    bar = CallbackList(None, add_progbar=True, verbose=2, epochs=1, steps=3)
    with redirect_stdout(file):
        bar.on_train_begin()
        bar.on_epoch_begin(0)
        bar.on_test_begin()
        bar.on_test_batch_end(0, {"loss": 1.0})
        bar.on_test_end({"loss": 1.0})
    assert file.getvalue() == ""


@pytest.mark.parametrize("kind", ["test", "predict"])
def test_evaluation_and_prediction_are_shown(file: io.StringIO, kind: str) -> None:
    bar = CallbackList(None, add_progbar=True, verbose=1, epochs=1, steps=1)
    with redirect_stdout(file):
        getattr(bar, f"on_{kind}_begin")()
        getattr(bar, f"on_{kind}_batch_end")(0, {"loss": 1.0, "outputs": [1]})
        getattr(bar, f"on_{kind}_end")({"loss": 1.0})
    assert file.getvalue().startswith("1/1 - 0s")
    assert ("loss" in file.getvalue()) == (kind == "test")


def test_small_numbers_are_written_in_full(file: io.StringIO) -> None:
    with redirect_stdout(file):
        progress = Progress(1, 2)
        progress.due(1)
        progress.finish([("tiny", 1.5e-6), ("negative", -0.5), ("zero", 0.0)])
    assert "tiny: 1.5000e-06 - negative: -0.5000 - zero: 0.0000e+00" in file.getvalue()


def test_no_thread_is_started(terminal: Terminal) -> None:
    before = threading.active_count()
    fit(terminal, 1)
    assert threading.active_count() == before


def test_it_can_be_given_by_hand() -> None:
    bar = ProgbarLogger()
    assert CallbackList([bar], add_progbar=True).callbacks == [bar]


VALUES = {"accuracy": 0.5, "loss": 0.25, "tiny": 1.5e-6, "vector": np.array([1.0, 2.0])}


def last_line(package: Any, out: io.StringIO, verbose: int, steps: int | None) -> str:
    """Return what a package's bar leaves standing, with the times taken out."""
    bar = package.callbacks.ProgbarLogger()  # Keras's list of callbacks calls it from a thread
    bar.set_params({"verbose": verbose, "epochs": 1, "steps": steps})
    with redirect_stdout(out):
        bar.on_train_begin()
        bar.on_epoch_begin(0)
        for batch in range(12):
            bar.on_train_batch_end(batch, dict(VALUES))
        bar.on_epoch_end(0, dict(VALUES))
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\b\x08+", "", out.getvalue()).replace("\x08", "")
    line = text.rstrip().split("\n")[-1].split("\r")[-1]
    return re.sub(r"\d+(s|ms|us)\b", "TIME", line).strip()


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("steps", [12, None])
def test_it_shows_what_keras_shows(verbose: int, steps: int | None) -> None:
    ours = last_line(torchkeras, Terminal(), verbose, steps)
    assert ours == last_line(keras, Terminal(), verbose, steps)
