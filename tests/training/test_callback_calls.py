"""Callbacks are told what Keras tells them: the same methods, in order, with the same logs."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests.training.twins import ONE_HOT, PACKAGES, WEIGHTS, X, mlp, twins

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]
Act = Callable[[Any, str, int], None]


def recorder(package: Any, calls: list[Any], act: Act | None = None) -> Any:
    """Return a callback that writes down everything that it is told."""

    def hook(name: str) -> Callable[..., None]:
        def told(self: Any, *args: Any, logs: Any = None) -> None:
            *numbers, last = (*args, logs) if logs is not None or not args else args
            if isinstance(last, int):
                numbers, last = [*numbers, last], None
            calls.append((name, tuple(numbers), _plain(last)))
            if act is not None:
                act(self, name, numbers[0] if numbers else -1)

        return told

    methods = {name: hook(name) for name in HOOKS if name not in ("on_batch_begin", "on_batch_end")}
    return type("Recorder", (package.callbacks.Callback,), methods)()


def _plain(logs: Any) -> Any:
    if logs is None or "outputs" in logs:
        return logs and list(logs)
    return {name: pytest.approx(value, rel=1e-5, abs=1e-7) for name, value in logs.items()}


def stop_at(hook: str, number: int) -> Act:
    def act(callback: Any, name: str, at: int) -> None:
        if (name, at) == (hook, number):
            callback.model.stop_training = True

    return act


def fit(model: Any, **options: Any) -> None:
    model.fit(X, ONE_HOT, verbose=0, **{"epochs": 2, "shuffle": False, **options})


RUNS: dict[str, tuple[Callable[[Any, Any], Any], Act | None]] = {
    "fit": (lambda model, told: fit(model, callbacks=[told]), None),
    "validation": (lambda m, told: fit(m, callbacks=[told], validation_split=0.3), None),
    "validation_freq": (
        lambda m, told: fit(m, callbacks=[told], validation_data=(X, ONE_HOT), validation_freq=2),
        None,
    ),
    "weights": (lambda m, told: fit(m, callbacks=[told], sample_weight=WEIGHTS), None),
    "initial_epoch": (lambda m, told: fit(m, callbacks=[told], initial_epoch=1, epochs=3), None),
    "no_epochs": (lambda m, told: fit(m, callbacks=[told], initial_epoch=2), None),
    "steps": (lambda m, told: fit(m, callbacks=[told], steps_per_epoch=2), None),
    "stop_at_a_batch": (lambda m, told: fit(m, callbacks=[told]), stop_at("on_train_batch_end", 1)),
    "stop_at_an_epoch": (lambda m, told: fit(m, callbacks=[told]), stop_at("on_epoch_end", 0)),
    "stop_at_its_begin": (lambda m, told: fit(m, callbacks=[told]), stop_at("on_epoch_begin", 0)),
    "stop_in_validation": (
        lambda m, told: fit(m, callbacks=[told], validation_split=0.3),
        stop_at("on_test_begin", -1),
    ),
    "evaluate": (lambda m, told: m.evaluate(X, ONE_HOT, verbose=0, callbacks=[told]), None),
    "predict": (lambda m, told: m.predict(X, verbose=0, callbacks=[told]), None),
}


@pytest.mark.parametrize("run", RUNS)
def test_calls_equal_keras(run: str) -> None:
    models = twins(
        mlp(3, "softmax"), optimizer="sgd", loss="categorical_crossentropy", metrics=["mae"]
    )
    told: list[list[Any]] = []
    do, act = RUNS[run]
    for model, package in zip(models, PACKAGES, strict=True):
        torch.manual_seed(3)
        calls: list[Any] = []
        do(model, recorder(package, calls, act))
        told.append(calls)
    ours, theirs = told
    assert [call[:2] for call in ours] == [call[:2] for call in theirs]
    assert [list(call[2] or {}) for call in ours] == [list(call[2] or {}) for call in theirs]
    for our_call, their_call in zip(ours, theirs, strict=True):
        if isinstance(our_call[2], dict):
            values = {name: value.expected for name, value in our_call[2].items()}
            assert values == their_call[2], our_call[:2]


# Signatures

OURS_ALONE = {"TerminateOnNaN": ["mode"]}


def test_every_callback_is_there() -> None:
    public = {name for name in dir(keras.callbacks) if name[0].isupper()}
    assert public <= set(dir(torchkeras.callbacks))


@pytest.mark.parametrize("name", sorted(n for n in dir(keras.callbacks) if n[0].isupper()))
def test_arguments_equal_keras(name: str) -> None:
    ours, theirs = (
        [(p.name, p.default, p.kind) for p in _parameters(getattr(package.callbacks, name))]
        for package in PACKAGES
    )
    added = OURS_ALONE.get(name, [])
    assert [each for each in ours if each[0] not in added] == theirs


@pytest.mark.parametrize("name", [n for n in dir(keras.callbacks.Callback) if n[0] != "_"])
def test_methods_equal_keras(name: str) -> None:
    ours, theirs = (getattr(package.callbacks.Callback, name) for package in PACKAGES)
    if callable(theirs):
        assert [p.name for p in _parameters(ours)] == [p.name for p in _parameters(theirs)]


def _parameters(function: Any) -> list[Any]:
    return list(inspect.signature(function).parameters.values())


# Old programs


def test_old_signatures_and_names() -> None:
    seen: list[str] = []

    class Old(torchkeras.callbacks.Callback):
        def on_train_begin(self, logs={}):  # type: ignore[no-untyped-def] # noqa: B006
            self.losses = []

        def on_batch_end(self, batch, logs={}):  # type: ignore[no-untyped-def] # noqa: B006
            self.losses.append(logs.get("loss"))

        def on_epoch_end(self, epoch, logs={}):  # type: ignore[no-untyped-def] # noqa: B006
            seen.append(f"{epoch}: {logs['loss']:.0f} {'val_loss' in logs} {self.params['epochs']}")

    old = Old()
    model = twins(mlp(1), optimizer="sgd", loss="mse")[0]
    model.fit(X, np.zeros((70, 1)), verbose=0, epochs=2, callbacks=[old])
    assert len(old.losses) == 6
    assert all(isinstance(loss, float) for loss in old.losses)
    assert [line[:3] for line in seen] == ["0: ", "1: "]
    assert all(line.endswith("False 2") for line in seen)


def test_params_equal_keras() -> None:
    found = []
    for model, package in zip(twins(mlp(1), optimizer="sgd", loss="mse"), PACKAGES, strict=True):
        callback = package.callbacks.Callback()
        model.fit(X, np.zeros((70, 1)), verbose=0, epochs=3, callbacks=[callback])
        found.append(callback.params)
    assert found[0] == found[1]
