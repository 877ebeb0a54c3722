"""History, CSVLogger."""

import csv
from pathlib import Path

import numpy as np

from tests.unit.callbacks.fakes import losses, run
from torchkeras.callbacks import CSVLogger, History


def test_history_goes_on_over_runs() -> None:
    history = History()
    model = run(history, losses(1, 2))
    run(history, losses(3), model)
    assert history.history == {"val_loss": [1, 2, 3]}
    assert history.epoch == [0]
    assert model.history is history


def rows(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_csv_rows(tmp_path: Path) -> None:
    run(CSVLogger(tmp_path / "log.csv", separator=";"), [{"loss": 1.0, "acc": 0.5}, {"loss": 2.0}])
    assert rows(tmp_path / "log.csv", ";") == [
        ["epoch", "acc", "loss", "val_acc", "val_loss"],
        ["0", "0.5", "1.0", "NA", "NA"],
        ["1", "NA", "2.0", "NA", "NA"],
    ]


def test_csv_appends_without_a_second_header(tmp_path: Path) -> None:
    for _ in range(2):
        run(CSVLogger(tmp_path / "log.csv", append=True), losses(1))
    assert rows(tmp_path / "log.csv") == [["epoch", "val_loss"], ["0", "1"], ["0", "1"]]


def test_csv_writes_over_an_old_file(tmp_path: Path) -> None:
    for _ in range(2):
        run(CSVLogger(tmp_path / "log.csv"), losses(1))
    assert len(rows(tmp_path / "log.csv")) == 2


def test_csv_with_vectors(tmp_path: Path) -> None:
    run(CSVLogger(tmp_path / "log.csv"), [{"val_f1": np.array([0.5, 1.0])}])  # type: ignore[dict-item]
    assert rows(tmp_path / "log.csv")[1] == ["0", '"[0.5, 1.0]"']
