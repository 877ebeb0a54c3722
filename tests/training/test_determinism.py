"""One seed, one run: whatever is shown, watched and validated."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import callbacks, layers

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")


@pytest.fixture
def deterministic() -> Iterator[None]:
    torchkeras.config.enable_determinism()
    yield
    torchkeras.config.disable_determinism()


def make() -> Any:
    model = torchkeras.Sequential(
        [layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.Dense(2)]
    )
    loss = torchkeras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def trained(seed: int = 1, x: Any = X, y: Any = Y, **options: Any) -> Any:
    """Return the bytes of the weights after a run, and what is drawn next."""
    torchkeras.utils.set_random_seed(seed)
    model = make()
    model.fit(x, y, batch_size=8 if y is not None else None, epochs=3, **options)
    weights = [weight.tobytes() for weight in model.get_weights()]
    legacy = np.random.random()  # noqa: NPY002 - what users' programs draw from
    return weights, random.random(), legacy, torch.rand(1).item()


def many(folder: Any) -> list[Any]:
    return [
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.EarlyStopping("loss", patience=9),
        callbacks.ReduceLROnPlateau("loss", patience=9),
        callbacks.ModelCheckpoint(folder / "best.weights.h5", "loss", save_weights_only=True),
        callbacks.TerminateOnNaN(),
        callbacks.BackupAndRestore(folder / "backup", save_freq=2),
        callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: dict(logs)),
    ]


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_what_is_shown_changes_nothing(verbose: Any) -> None:
    assert trained(verbose=verbose) == trained(verbose=0)


def test_who_watches_changes_nothing(tmp_path: Any) -> None:
    assert trained(verbose=0, callbacks=many(tmp_path)) == trained(verbose=0)


def test_another_seed_is_another_run() -> None:
    assert trained(2, verbose=0) != trained(1, verbose=0)


def loader() -> Any:
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(pairs, 8, shuffle=True)


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize(
    "validation", [lambda: (X, Y), loader], ids=["arrays", "loader"]
)  # fmt: skip
def test_validation_changes_nothing_in_a_deterministic_run(validation: Callable[[], Any]) -> None:
    watched = trained(verbose=0, validation_data=validation(), validation_freq=2)
    assert watched == trained(verbose=0)


@pytest.mark.usefixtures("deterministic")
def test_a_deterministic_run_on_a_loader() -> None:
    assert trained(x=loader(), y=None, verbose=0) == trained(x=loader(), y=None, verbose=0)


def test_the_switch_sets_torch_and_sets_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torchkeras.config.enable_determinism(warn_only=True)
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    torchkeras.config.enable_determinism()
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark
    assert torchkeras.config.is_determinism_enabled()
    torchkeras.config.disable_determinism()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark
    assert not torchkeras.config.is_determinism_enabled()
    torchkeras.config.disable_determinism()


# What draws, and what does not: as in Keras


def built(package: Any) -> Any:
    return package.Sequential([package.Input((6,)), package.layers.Dense(3)])


def summary(package: Any, model: Any, folder: Any) -> None:
    model.summary(print_fn=lambda *args, **kwargs: None)


def save_and_load(package: Any, model: Any, folder: Any) -> None:
    path = str(folder / f"{package.__name__}.weights.h5")
    model.save_weights(path)
    model.load_weights(path)


def config(package: Any, model: Any, folder: Any) -> None:
    package.models.model_from_json(model.to_json())


def clone(package: Any, model: Any, folder: Any) -> None:
    package.models.clone_model(model)


def compile_and_predict(package: Any, model: Any, folder: Any) -> None:
    model.compile("adam", "mse")
    model.predict(X, verbose=0)


def build(package: Any, model: Any, folder: Any) -> None:
    built(package)


def dropout(package: Any, model: Any, folder: Any) -> None:
    package.layers.Dropout(0.5)(X, training=True)


ACTIONS = [summary, save_and_load, config, clone, compile_and_predict, build, dropout]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_the_generators_are_left_as_keras_leaves_them(action: Any, tmp_path: Any) -> None:
    found = []
    for package in (torchkeras, keras):
        package.utils.set_random_seed(4)
        action(package, built(package), tmp_path)
        legacy = np.random.random()  # noqa: NPY002 - what users' programs draw from
        noise = np.asarray(package.ops.convert_to_numpy(package.random.normal((2,)))).tolist()
        found.append((random.random(), legacy, torch.rand(1).item(), noise))
    assert found[0] == found[1]
