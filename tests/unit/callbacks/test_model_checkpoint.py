"""ModelCheckpoint: when and under which name it saves."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.callbacks.fakes import FakeModel, losses, run
from torchkeras.callbacks import CallbackList, ModelCheckpoint


def names(model: FakeModel) -> list[str]:
    return [Path(saved.split(" ")[1]).name for saved in model.saved]


def test_every_epoch(tmp_path: Path) -> None:
    model = run(ModelCheckpoint(tmp_path / "m.keras"), losses(1, 2))
    assert model.saved == [f"model {tmp_path / 'm.keras'}"] * 2


@pytest.mark.parametrize("ending", [".weights.h5", ".safetensors"])
def test_weights_only(tmp_path: Path, ending: str) -> None:
    model = run(ModelCheckpoint(tmp_path / f"m{ending}", save_weights_only=True), losses(1))
    assert model.saved == [f"weights {tmp_path / 'm'}{ending}"]


def test_names_are_filled_in(tmp_path: Path) -> None:
    model = run(ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.2f}.keras"), losses(1.234, 2))
    assert names(model) == ["01-1.23.keras", "02-2.00.keras"]


def test_a_field_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="is not in the logs, which hold val_loss, epoch"):
        run(ModelCheckpoint(tmp_path / "{acc}.keras"), losses(1))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["1", "3"]),
        ({"mode": "max"}, ["1", "2"]),
        ({"initial_value_threshold": 2.5}, ["3"]),
    ],
)
def test_best_only(tmp_path: Path, arguments: dict[str, Any], expected: list[str]) -> None:
    callback = ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True, **arguments)
    model = run(callback, losses(3, 4, 2, 2.2))
    assert names(model) == [f"{name}.keras" for name in expected]


def test_best_only_without_the_metric_saves_and_warns(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="only with val_loss available"):
        model = run(ModelCheckpoint(tmp_path / "m.keras", save_best_only=True), [{"loss": 1.0}])
    assert len(model.saved) == 1


def test_best_only_with_a_vector_saves_and_warns(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "m.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="when `monitor` is a scalar"):
        model = run(callback, [{"val_loss": np.ones(2)}])  # type: ignore[dict-item]
    assert len(model.saved) == 1


@pytest.mark.parametrize(
    ("every", "expected"),
    [(1, ["1-1", "1-2", "2-1", "2-2"]), (2, ["1-2", "2-2"]), (3, ["2-1"]), (5, [])],
)
def test_after_batches(tmp_path: Path, every: int, expected: list[str]) -> None:
    callback = ModelCheckpoint(tmp_path / "{epoch}-{batch}.keras", save_freq=every)
    model = FakeModel()
    callback.set_model(model)
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            callback.on_train_batch_end(batch, {"loss": 1.0})
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert names(model) == [f"{name}.keras" for name in expected]


def test_steps_per_execution_counts_all_batches(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "{batch}.keras", save_freq=4)
    model = FakeModel()
    callback.set_model(model)
    for batch in (2, 5, 8):
        callback.on_train_batch_end(batch, {})
    assert names(model) == ["6.keras"]


def test_folders_are_made(tmp_path: Path) -> None:
    run(ModelCheckpoint(tmp_path / "new" / "deep" / "m.keras"), losses(1))
    assert (tmp_path / "new" / "deep").is_dir()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(OSError, match="must not be a directory"):
        run(ModelCheckpoint(tmp_path / "m.keras"), losses(1))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"filepath": "m.txt"}, "must end in `.keras` or `.h5`"),
        ({"filepath": "m.keras", "save_weights_only": True}, "must end in `.weights.h5`"),
        ({"filepath": "m.keras", "save_freq": "batch"}, "Unrecognized save_freq: 'batch'"),
        ({"filepath": "m.keras", "save_freq": 0}, "Unrecognized save_freq: 0"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ModelCheckpoint(**arguments)


def test_it_says_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    callback = ModelCheckpoint(tmp_path / "m.keras", save_best_only=True, verbose=1)
    run(callback, losses(2, 3, 1))
    out = capsys.readouterr().out
    assert "Epoch 1: val_loss improved from None to 2.00000, saving model to" in out
    assert "Epoch 2: val_loss did not improve from 2.00000" in out
    assert "Epoch 3: val_loss improved from 2.00000 to 1.00000" in out


def test_saving_by_epoch_costs_nothing_per_batch(tmp_path: Path) -> None:
    callbacks = CallbackList([ModelCheckpoint(tmp_path / "m.keras")], model=FakeModel())
    assert callbacks.hooks("on_train_batch_end") == []


def test_a_subclass_is_still_told_of_batches(tmp_path: Path) -> None:
    class Mine(ModelCheckpoint):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            super().on_train_batch_end(batch, logs)

    callbacks = CallbackList([Mine(tmp_path / "m.keras")], model=FakeModel())
    assert len(callbacks.hooks("on_train_batch_end")) == 1
