"""The same run told to our callbacks and to Keras's: they do and say the same."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import torchkeras
from tests.unit.callbacks.fakes import FakeModel

PACKAGES = (torchkeras, keras)
RNG = np.random.default_rng(0)
CURVES = {
    "falling": [1.0, 0.8, 0.6, 0.5, 0.45, 0.44],
    "flat": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "rising": [0.2, 0.4, 0.5, 0.7, 0.8, 0.9],
    "noisy": RNG.random(12).tolist(),
    "nan": [0.5, float("nan"), 0.4, 0.6, 0.7, 0.8],
    "tiny": [1e-3, 1e-3 - 1e-5, 1e-3 - 2e-5, 1e-3 - 2e-4, 0.0, 0.0],
}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "stopping": lambda c: c.EarlyStopping("val_loss", patience=2, verbose=1, mode="min"),
    "stopping_max": lambda c: c.EarlyStopping("val_loss", patience=1, verbose=1, mode="max"),
    "stopping_delta": lambda c: c.EarlyStopping("val_loss", 0.15, 2, 1, "min"),
    "stopping_baseline": lambda c: c.EarlyStopping(
        "val_loss", patience=2, verbose=1, mode="min", baseline=0.5, restore_best_weights=True
    ),
    "stopping_later": lambda c: c.EarlyStopping(
        "val_loss", patience=1, verbose=1, mode="min", start_from_epoch=3, restore_best_weights=True
    ),
    "plateau": lambda c: c.ReduceLROnPlateau("val_loss", 0.5, 1, 1, "min"),
    "plateau_cooldown": lambda c: c.ReduceLROnPlateau("val_loss", 0.1, 1, 1, "min", cooldown=2),
    "plateau_floor": lambda c: c.ReduceLROnPlateau("val_loss", 0.1, 1, 1, "min", min_lr=0.05),
    "plateau_max": lambda c: c.ReduceLROnPlateau("val_loss", 0.5, 2, 1, "max", min_delta=0.2),
    "schedule": lambda c: c.LearningRateScheduler(lambda epoch, rate: rate * 0.5, verbose=1),
    "checkpoint": lambda c: c.ModelCheckpoint("{epoch:02d}.keras", "val_loss", 1, mode="min"),
    "checkpoint_best": lambda c: c.ModelCheckpoint(
        "{epoch}-{val_loss:.2f}.weights.h5", "val_loss", 1, True, True, "min"
    ),
    "checkpoint_threshold": lambda c: c.ModelCheckpoint(
        "best.keras", "val_loss", 1, True, mode="max", initial_value_threshold=0.6
    ),
    "checkpoint_batches": lambda c: c.ModelCheckpoint(
        "{epoch}-{batch}.keras", "val_loss", 1, mode="min", save_freq=3
    ),
    "history": lambda c: c.History(),
    "csv": lambda c: c.CSVLogger("log.csv", separator=";"),
}
WATCHED = ("best", "wait", "stopped_epoch", "best_epoch", "cooldown_counter", "history", "epoch")


class Model(FakeModel):
    """Takes `save` as Keras's callbacks call it, too."""

    _compile_metrics = None


def told(package: Any, make: Callable[[Any], Any], values: list[float]) -> Any:
    """Tell a callback of a run; return what it made of the model, and of itself."""
    callback, model = make(package.callbacks), Model()
    callback.set_params({"epochs": len(values), "verbose": 0, "steps": 2})
    callback.set_model(model)
    callback.on_train_begin()
    rates, logged = [], []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, {"loss": value})
        model.weights[0] = np.full(1, float(epoch))
        logs = {"loss": value / 2, "val_loss": value}
        callback.on_epoch_end(epoch, logs)
        rates.append(model.optimizer.learning_rate)
        logged.append(logs)
        if model.stop_training:
            break
    callback.on_train_end()
    own = {name: getattr(callback, name) for name in WATCHED if hasattr(callback, name)}
    return {**own, "rates": rates, "logs": logged, "saved": model.saved, "now": model.weights[0][0]}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("kind", MAKERS)
def test_same_run(
    kind: str,
    curve: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = []
    for package in PACKAGES:
        folder = tmp_path / package.__name__
        folder.mkdir()
        monkeypatch.chdir(folder)
        outcome = told(package, MAKERS[kind], CURVES[curve])
        files = {name: (folder / name).read_text() for name in os.listdir(folder)}
        found.append((outcome, files, capsys.readouterr().out))
    (ours, our_files, our_text), (theirs, their_files, their_text) = found
    np.testing.assert_equal(ours, theirs)
    assert our_text == their_text
    assert our_files == their_files
