"""ModelCheckpoint beside Keras in real runs: which files, under which names, with which weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle

X = np.random.default_rng(0).uniform(-1, 1, (12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation", "ignore:.*legacy")

OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "every_epoch": ("m", {}),
    "named_by_epoch": ("{epoch:02d}", {}),
    "named_by_logs": ("{epoch}-{val_loss:.2f}-{loss:.1f}", {}),
    "best": ("{epoch}", {"save_best_only": True, "monitor": "loss"}),
    "best_max": ("{epoch}", {"save_best_only": True, "monitor": "val_loss", "mode": "max"}),
    "threshold": (
        "{epoch}", {"save_best_only": True, "monitor": "loss", "initial_value_threshold": 0.5}
    ),
    "threshold_max": (
        "{epoch}",
        {"save_best_only": True, "monitor": "loss", "mode": "max", "initial_value_threshold": 9.0},
    ),
    "every_2_batches": ("{epoch}-{batch}", {"save_freq": 2}),
    "every_5_batches": ("{epoch}-{batch}-{loss:.1f}", {"save_freq": 5}),
    "best_after_batches": (
        "{epoch}-{batch}", {"save_freq": 2, "save_best_only": True, "monitor": "loss"}
    ),
}  # fmt: skip


def model(k: Any) -> Any:
    oracle.reset()
    made = k.Sequential([k.Input((3,)), k.layers.Dense(4, "tanh"), k.layers.Dense(1)])
    rng = np.random.default_rng(1)
    made.set_weights([rng.uniform(-1, 1, w.shape) for w in made.get_weights()])
    made.compile(k.optimizers.SGD(0.1), "mse")
    return made


def run(k: Any, folder: Path, name: str, options: dict[str, Any]) -> Any:
    made = model(k)
    checkpoint = k.callbacks.ModelCheckpoint(folder / name, **options)
    settings: dict[str, Any] = {"batch_size": 4, "epochs": 4, "shuffle": False, "verbose": 0}
    made.fit(X, Y, validation_data=(X[:4], Y[:4]), callbacks=[checkpoint], **settings)
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def loaded(k: Any, path: Path, only_weights: bool) -> Any:
    if not only_weights:
        return k.saving.load_model(path)
    made = model(k)
    made.load_weights(path)
    return made


ROWS = [(case, case == "named_by_logs") for case in OPTIONS]


@pytest.mark.parametrize(("case", "only_weights"), [*ROWS, ("best", True), ("every_epoch", True)])
def test_keras_writes_the_same_files(tmp_path: Path, case: str, only_weights: bool) -> None:
    name, options = OPTIONS[case]
    ending = ".weights.h5" if only_weights else ".keras"
    options = {**options, "save_weights_only": only_weights}
    ours, theirs, tensors = (tmp_path / part for part in ("ours", "theirs", "tensors"))
    run(torchkeras, ours, f"{name}{ending}", options)
    run(keras, theirs, f"{name}{ending}", options)
    run(torchkeras, tensors, f"{name}.safetensors", options)
    written = names(theirs)
    assert names(ours) == written
    alike = [file for file in names(tensors) if ".state." not in file]
    assert sorted(alike) == sorted(f.replace(ending, ".safetensors") for f in written)
    for file in written[-1:]:
        mine = loaded(torchkeras, ours / file, only_weights).get_weights()
        other = loaded(keras, theirs / file, only_weights).get_weights()
        own = tensors / file.replace(ending, ".safetensors")
        for a, b, c in zip(
            mine, other, loaded(torchkeras, own, only_weights).get_weights(), strict=True
        ):
            np.testing.assert_allclose(a, b, atol=1e-5)
            np.testing.assert_array_equal(a, c)


def test_older_files_of_whole_models(tmp_path: Path) -> None:
    made = run(torchkeras, tmp_path, "{epoch}.h5", {})
    again = torchkeras.saving.load_model(tmp_path / "4.h5")
    for a, b in zip(made.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".safetensors"])
def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path, ending: str) -> None:
    settings: dict[str, Any] = {"batch_size": 4, "shuffle": False, "verbose": 0}

    def fresh() -> Any:
        made = model(torchkeras)
        made.compile("adam", "mse")
        return made

    whole = fresh()
    whole.fit(X, Y, epochs=4, **settings)
    checkpoint = torchkeras.callbacks.ModelCheckpoint(tmp_path / f"m{ending}")
    fresh().fit(X, Y, epochs=2, callbacks=[checkpoint], **settings)
    again = torchkeras.saving.load_model(tmp_path / f"m{ending}")
    again.fit(X, Y, initial_epoch=2, epochs=4, **settings)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".safetensors"])
def test_best_and_backup_after_an_interruption(tmp_path: Path, ending: str) -> None:
    """BackupAndRestore brings back what ModelCheckpoint takes for the best so far."""
    settings: dict[str, Any] = {"batch_size": 4, "shuffle": False, "verbose": 0, "epochs": 5}
    only_weights = ending != ".keras"

    class InterruptionError(Exception):
        pass

    def stop(epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise InterruptionError

    def callbacks(folder: Path, *more: Any) -> list[Any]:
        best = torchkeras.callbacks.ModelCheckpoint(
            folder / f"{{epoch}}{ending}",
            monitor="loss",
            save_best_only=True,
            save_weights_only=only_weights,
        )
        return [best, *more, torchkeras.callbacks.BackupAndRestore(folder / "backup")]

    def fresh() -> Any:
        made = model(torchkeras)
        made.compile(torchkeras.optimizers.SGD(1.0, momentum=0.9), "mse")
        return made

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    fresh().fit(X, Y, callbacks=callbacks(whole), **settings)
    interrupt = torchkeras.callbacks.LambdaCallback(on_epoch_end=stop)
    with pytest.raises(InterruptionError):
        fresh().fit(X, Y, callbacks=callbacks(parts, interrupt), **settings)
    fresh().fit(X, Y, callbacks=callbacks(parts), **settings)
    assert names(parts) == names(whole)
