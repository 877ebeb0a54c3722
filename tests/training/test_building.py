"""Models whose shapes are unknown until the first batch comes."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras import Model, Sequential, layers

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X.sum(-1, keepdims=True)


def deferred() -> Any:
    return Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])


class Two(Model):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = layers.Dense(2), layers.Dense(2)
        self.last = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.last(self.left(inputs["a"]) + self.right(inputs["b"]))


class NeedsValues(Model):
    """A model whose `call` reads a number, which symbols do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.last(inputs * (2.0 if float(inputs.sum()) > 0 else 1.0))


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("make", [deferred, NeedsValues])
def test_the_first_data_build_the_model(method: str, make: Any) -> None:
    model = make()
    model.compile("sgd", "mse")
    options = {} if method.endswith("batch") else {"verbose": 0}
    getattr(model, method)(X, Y, **options)
    assert model.built
    assert model.optimizer.built
    assert len(model.weights) == 2 * len(model.layers)


@pytest.mark.parametrize("make", [deferred, NeedsValues])
def test_predict_builds_too(make: Any) -> None:
    assert make().predict(X, verbose=0).shape == (20, 1)
    assert make().predict_on_batch(X).shape == (20, 1)


def test_predicting_makes_no_state_of_the_optimizer() -> None:
    model = deferred()
    model.compile("adam", "mse")
    model.predict(X, verbose=0)
    model.predict_on_batch(X)
    assert not model.optimizer.built


def test_callbacks_find_the_model_built() -> None:
    from torchkeras.callbacks import LambdaCallback

    counts: list[int] = []
    model = deferred()
    model.compile("sgd", "mse")
    look = LambdaCallback(on_train_begin=lambda logs: counts.append(model.count_params()))
    model.fit(X, Y, verbose=0, callbacks=[look])
    assert counts == [21]


def test_a_dictionary_of_inputs() -> None:
    model = Two()
    model.compile("sgd", "mse")
    model.fit({"a": X, "b": X}, Y, verbose=0)
    assert model.predict({"a": X, "b": X}, batch_size=8, verbose=0).shape == (20, 1)


def test_building_draws_nothing_from_the_generator() -> None:
    model = Sequential([layers.Dense(4), layers.Dropout(0.5), layers.Dense(1)])
    model.build((None, 3))
    twin = Sequential([layers.Dense(4), layers.Dropout(0.5), layers.Dense(1)])
    twin.build((None, 3))
    twin.set_weights(model.get_weights())
    losses = []
    for each in (model, twin):
        torch.manual_seed(0)
        each.compile("sgd", "mse")
        losses.append(each.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"])
    assert len(losses[0]) == 2


def test_stock_modules_are_trained() -> None:
    model = Sequential([layers.Dense(4), nn.BatchNorm1d(4), nn.Linear(4, 1)])
    model.compile("sgd", "mse")
    model.build((None, 3))
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert all(
        not np.array_equal(a, b) for a, b in zip(before[:2], model.get_weights()[:2], strict=True)
    )


@pytest.mark.gpu
def test_the_best_device_is_found(gpu: torch.device) -> None:
    model = deferred()
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, Y, validation_split=0.2, verbose=0)
    assert next(model.parameters()).device.type == gpu.type
    assert model.predict(X, batch_size=8, verbose=0).shape == (20, 1)


@pytest.mark.gpu
def test_a_chosen_device_is_kept(gpu: torch.device) -> None:
    model = deferred()
    model.build((None, 3))
    model.to("cpu")
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert next(model.parameters()).device.type == "cpu"
