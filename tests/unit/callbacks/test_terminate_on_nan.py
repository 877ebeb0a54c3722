"""TerminateOnNaN: after the update as in Keras, or before it."""

import math
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from tests.unit.callbacks.fakes import FakeModel
from torchkeras.callbacks import TerminateOnNaN, terminate_on_nan

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
BAD = X.copy()
BAD[8:16] = np.nan


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops(loss: float, capsys: pytest.CaptureFixture[str]) -> None:
    callback, model = TerminateOnNaN(), FakeModel()
    callback.set_model(model)
    callback.on_train_batch_end(3, {"loss": loss})
    assert model.stop_training
    assert "Batch 3: Invalid loss, terminating training" in capsys.readouterr().out


@pytest.mark.parametrize("logs", [{"loss": 1.0}, {}, {"accuracy": math.nan}, None])
def test_other_losses_do_not(logs: dict[str, float] | None) -> None:
    callback, model = TerminateOnNaN(), FakeModel()
    callback.set_model(model)
    callback.on_train_batch_end(0, logs)
    assert not model.stop_training


def test_it_may_raise() -> None:
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 2: loss=nan"):
        TerminateOnNaN(raise_error=True).on_batch_end(2, {"loss": math.nan})


def test_an_accelerator_is_looked_at_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminate_on_nan, "_lag", lambda loss: 2)
    callback, model = TerminateOnNaN(), FakeModel()
    callback.set_model(model)
    for batch in range(2):
        callback.on_batch_end(batch, {"loss": torch.tensor(math.nan)})
    assert not model.stop_training
    callback.on_epoch_end(0)
    assert model.stop_training


def make(batch_norm: bool = True, own_step: bool = False) -> Any:
    class Own(torchkeras.Sequential):
        def train_step(self, data: Any) -> Any:
            x, y = data
            loss = torch.mean((self(x, training=True) - y) ** 2)
            self.zero_grad()
            loss.backward()
            self.optimizer.apply([v.value.grad for v in self.trainable_weights])
            return {"own": loss}

    torchkeras.utils.set_random_seed(1)
    kind = Own if own_step else torchkeras.Sequential
    norm = [torchkeras.layers.BatchNormalization()] if batch_norm else []
    model = kind([torchkeras.Input((3,)), *norm, torchkeras.layers.Dense(1)])
    model.compile(torchkeras.optimizers.Adam(0.1), "mse", metrics=None if own_step else ["mae"])
    return model


def fit(model: Any, callback: Any, x: Any = BAD, y: Any = Y) -> Any:
    settings = {"batch_size": 8, "shuffle": False, "verbose": 0, "callbacks": [callback]}
    return model.fit(x, y, epochs=2, **settings)


def numbers(model: Any) -> list[list[float]]:
    return [
        w.tolist() for w in (*model.get_weights(), *(v.numpy() for v in model.optimizer.variables))
    ]


def test_by_default_the_weights_are_lost() -> None:
    model = make()
    assert len(fit(model, TerminateOnNaN()).epoch) == 1
    assert np.isnan(model.get_weights()[-1]).any()


def test_raising_keeps_the_weights() -> None:
    model, part = make(batch_norm=False), make(batch_norm=False)
    with pytest.raises(RuntimeError, match="gradients encountered; the weights are as they were"):
        fit(model, TerminateOnNaN(mode="raise"))
    part.train_on_batch(X[:8], Y[:8])
    assert numbers(model) == numbers(part)


@pytest.mark.parametrize("own_step", [False, True])
def test_skipping_leaves_no_trace_of_a_batch(
    own_step: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [np.concatenate([part[:8], part[16:]]) for part in (X, Y)]
    model, expected = make(own_step=own_step), make(own_step=own_step)
    callback = TerminateOnNaN(mode="skip")
    history = fit(model, callback).history
    assert history == fit(expected, TerminateOnNaN(mode="skip"), *good).history
    assert numbers(model) == numbers(expected)
    assert callback.skipped == 2
    assert capsys.readouterr().out.count("Batch 1: Invalid gradients, batch skipped") == 2


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: torch.optim.Adam,
        lambda: torchkeras.optimizers.LossScaleOptimizer(torchkeras.optimizers.SGD(0.1)),
        lambda: torchkeras.optimizers.SGD(0.1, gradient_accumulation_steps=2, clipnorm=1.0),
    ],
    ids=["torch", "loss_scale", "accumulation"],
)
def test_every_optimizer_is_guarded(optimizer: Any) -> None:
    model = make()
    model.compile(optimizer(), "mse")
    fit(model, TerminateOnNaN(mode="skip"))
    assert all(np.isfinite(weight).all() for weight in model.trainable_variables)


def test_a_first_batch_is_skipped_too() -> None:
    model, expected = make(), make()
    bad = np.concatenate([BAD[8:16], X[:8]])
    history = fit(model, TerminateOnNaN(mode="skip"), bad, np.concatenate([Y[8:16], Y[:8]])).history
    assert history == fit(expected, TerminateOnNaN(), X[:8], Y[:8]).history
    assert numbers(model) == numbers(expected)


def test_the_guard_goes_with_the_run() -> None:
    model = make()
    fit(model, TerminateOnNaN(mode="skip"))
    assert "_advance" not in vars(model.optimizer)


def test_the_mode_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"`mode` must be one of.*'stop'.*Received: mode='halt'"):
        TerminateOnNaN(mode="halt")
