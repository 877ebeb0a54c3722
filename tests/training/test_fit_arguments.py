"""What each argument of `fit`, `evaluate` and `predict` does is what Keras does.

Runs of both packages are heard by a callback: the order of hooks, the numbers of batches, the logs,
and how much was drawn from torch's generator.
"""

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from tests.training.twins import PACKAGES, TARGETS, WEIGHTS, X, mlp, twins

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

VALIDATION = (X[:23], TARGETS[:23])
HOOKS = [
    f"on_{when}_{end}"
    for when in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for end in ("begin", "end")
]
Event = tuple[str, list[Any], dict[str, Any]]


def listener(package: Any, events: list[Event]) -> Any:
    """Return a callback that notes each hook, its number and its logs."""

    def hear(name: str) -> Callable[..., None]:
        def hook(self: Any, *args: Any, logs: Any = None) -> None:
            *numbers, logs = args if args and not isinstance(args[-1], int) else (*args, logs)
            if "batch" not in name:  # ours draws for all batches of an epoch at once
                numbers.append(_drawn())
            seen = {key: _number(value) for key, value in (logs or {}).items()}
            events.append((name, numbers, seen))

        return hook

    return type("Listener", (package.callbacks.Callback,), {name: hear(name) for name in HOOKS})()


def _number(value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _drawn() -> int:
    return hash(torch.get_rng_state().numpy().tobytes())


def heard(model: Any, package: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Run a method of a model; return what was heard, what came of it, and the warnings."""
    events: list[Event] = []
    torch.manual_seed(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = getattr(model, method)(
            *args, **{"verbose": 0, "callbacks": [listener(package, events)], **kwargs}
        )
    warned = {"ran out of data" for w in caught if "ran out of data" in str(w.message)}
    return events, result, warned


def assert_heard_alike(method: str, *args: Any, **kwargs: Any) -> list[Any]:
    """Run a method in both packages, and expect to hear the same; return the two results."""
    pair = twins(mlp(1), optimizer="sgd", loss="mse", metrics=["mae"])
    (ours, mine, warned), (theirs, result, expected) = (
        heard(model, package, method, *args, **kwargs)
        for model, package in zip(pair, PACKAGES, strict=True)
    )
    assert [event[:2] for event in ours] == [event[:2] for event in theirs]
    assert warned == expected
    for (name, numbers, logs), (_, _, wanted) in zip(ours, theirs, strict=True):
        assert sorted(logs) == sorted(wanted), (name, numbers)
        for key, value in wanted.items():
            np.testing.assert_allclose(logs[key], value, 1e-5, 1e-6, err_msg=f"{name} {key}")
    return [mine, result]


FIT: dict[str, dict[str, Any]] = {
    "nothing": {},
    "epochs": {"epochs": 3},
    "no epochs": {"epochs": 0},
    "initial epoch": {"initial_epoch": 2, "epochs": 4},
    "initial epoch beyond": {"initial_epoch": 5, "epochs": 4},
    "batch size": {"batch_size": 9, "epochs": 2},
    "one batch": {"batch_size": 100, "epochs": 2},
    "in order": {"batch_size": 16, "epochs": 2, "shuffle": False},
    "shuffled inside batches": {"batch_size": 16, "epochs": 2, "shuffle": "batch"},
    "fewer steps": {"batch_size": 16, "epochs": 4, "steps_per_epoch": 2},
    "as many steps": {"batch_size": 16, "epochs": 2, "steps_per_epoch": 5},
    "more steps": {"batch_size": 16, "epochs": 3, "steps_per_epoch": 7},
    "steps that go round": {"batch_size": 7, "epochs": 4, "steps_per_epoch": 5},
    "steps without batch size": {"epochs": 2, "steps_per_epoch": 4},
    "split": {"validation_split": 0.25, "epochs": 2},
    "split of one sample": {"validation_split": 0.001},
    "split beside data": {"validation_split": 0.25, "validation_data": VALIDATION},
    "weights": {"sample_weight": WEIGHTS, "validation_split": 0.5},
    "a column of weights": {"sample_weight": WEIGHTS[:, None]},
    "validation data": {"validation_data": VALIDATION, "epochs": 2},
    "weighted validation data": {"validation_data": (*VALIDATION, WEIGHTS[:23])},
    "a list of validation data": {"validation_data": list(VALIDATION)},
    "validation batch size": {"validation_data": VALIDATION, "validation_batch_size": 4},
    "validation steps": {
        "epochs": 3, "validation_data": VALIDATION, "validation_batch_size": 9,
        "validation_steps": 2,
    },
    "too many validation steps": {
        "epochs": 2, "validation_data": VALIDATION, "validation_batch_size": 9,
        "validation_steps": 5,
    },
    "validation steps only": {"validation_data": VALIDATION, "validation_steps": 2, "epochs": 2},
    "steps of both": {
        "batch_size": 16, "epochs": 3, "steps_per_epoch": 2,
        "validation_data": VALIDATION, "validation_steps": 1,
    },
    "every second": {"validation_data": VALIDATION, "validation_freq": 2, "epochs": 5},
    "rarely": {"validation_data": VALIDATION, "validation_freq": 9, "epochs": 2},
    "listed epochs": {"validation_data": VALIDATION, "validation_freq": [1, 4], "epochs": 4},
    "a later epoch, every second": {
        "validation_data": VALIDATION, "validation_freq": 2, "initial_epoch": 3, "epochs": 6,
    },
}  # fmt: skip


@pytest.mark.parametrize("case", FIT)
def test_fit(case: str) -> None:
    ours, theirs = assert_heard_alike("fit", X, TARGETS, **FIT[case])
    assert ours.epoch == theirs.epoch
    assert ours.params == theirs.params
    assert list(ours.history) == list(theirs.history)


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"batch_size": 9},
        {"steps": 2},
        {"batch_size": 9, "steps": 3},
        {"sample_weight": WEIGHTS},
    ],
)
@pytest.mark.parametrize("return_dict", [False, True])
def test_evaluate(case: dict[str, Any], return_dict: bool) -> None:
    ours, theirs = assert_heard_alike("evaluate", X, TARGETS, return_dict=return_dict, **case)
    assert type(ours) is type(theirs)
    names, wanted = (list(result) if return_dict else len(result) for result in (ours, theirs))
    assert names == wanted


@pytest.mark.parametrize(
    "case", [{}, {"batch_size": 9}, {"steps": 2}, {"batch_size": 9, "steps": 3}]
)
def test_predict(case: dict[str, Any]) -> None:
    ours, theirs = assert_heard_alike("predict", X, **case)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("steps", [None, 2])
def test_a_loader(shuffle: bool, steps: int | None) -> None:
    data = TensorDataset(torch.tensor(X), torch.tensor(TARGETS))
    loader = DataLoader(data, batch_size=16, shuffle=shuffle)
    ours, theirs = assert_heard_alike("fit", loader, epochs=2, steps_per_epoch=steps)
    assert ours.params == theirs.params


def test_a_generator() -> None:
    def batches() -> Any:
        while True:
            for start in range(0, 70, 16):
                yield X[start : start + 16], TARGETS[start : start + 16]

    events = []
    pair = twins(mlp(1), optimizer="sgd", loss="mse", metrics=["mae"])
    for model, package in zip(pair, PACKAGES, strict=True):
        found, *_ = heard(
            model, package, "fit", batches(), epochs=3, steps_per_epoch=4,
            validation_data=batches(), validation_steps=3,
        )  # fmt: skip
        events.append([(name, numbers) for name, numbers, _ in found if "batch" in name])
    assert events[0] == events[1]


def test_runs_one_after_another_draw_alike() -> None:
    drawn = []
    pair = twins(mlp(1), optimizer="sgd", loss="mse")
    for model, package in zip(pair, PACKAGES, strict=True):
        torch.manual_seed(0)
        options = {"verbose": 0, "batch_size": 16}
        model.fit(X, TARGETS, **options, validation_split=0.2)
        model.evaluate(X, TARGETS, **options)
        model.predict(X, **options)
        model.predict(X[:3], verbose=0)
        model.predict_on_batch(X[:3])
        model.train_on_batch(X, TARGETS)
        model.fit(X, TARGETS, **options, shuffle="batch")
        drawn.append((_drawn(), package))
    assert drawn[0][0] == drawn[1][0]


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_verbosity_writes_as_much(verbose: Any, method: str) -> None:
    pair = twins(mlp(1), optimizer="sgd", loss="mse")
    written = []
    for model in pair:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            getattr(model, method)(X, TARGETS, verbose=verbose)
        written.append(out.getvalue())
    assert bool(written[0]) == bool(written[1]) == (verbose != 0)
    if verbose == 2:
        assert len(written[0].splitlines()) == len(written[1].splitlines())


def test_a_callback_that_stops_ends_the_epoch_as_in_keras() -> None:
    def stopping(package: Any, events: list[Any]) -> Any:
        class Stop(package.callbacks.Callback):  # type: ignore[misc]
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                events.append(("batch", batch, _drawn()))
                self.model.stop_training = batch == 1

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                events.append(("epoch", epoch, sorted(logs), _drawn()))

        return Stop()

    found: list[list[Any]] = [[], []]
    pair = twins(mlp(1), optimizer="sgd", loss="mse")
    for model, package, events in zip(pair, PACKAGES, found, strict=True):
        torch.manual_seed(3)
        options = {"epochs": 3, "batch_size": 16, "validation_data": VALIDATION, "verbose": 0}
        model.fit(X, TARGETS, callbacks=[stopping(package, events)], **options)
    assert found[0] == found[1]


@pytest.mark.parametrize("epochs", [(2, 4), {2, 4}, range(2, 5, 2)])
def test_validation_epochs_in_any_collection(epochs: Any) -> None:
    model = mlp(1)(PACKAGES[0])
    model.compile("sgd", "mse")
    options = {"validation_data": VALIDATION, "validation_freq": epochs, "verbose": 0}
    history = model.fit(X, TARGETS, epochs=4, **options).history
    assert len(history["val_loss"]) == 2
