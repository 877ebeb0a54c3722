"""Training and prediction leave the process where it was: no cycles, no graphs, no tensors kept."""

import gc
import itertools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras import Input, Model, Sequential, layers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 4)).astype("float32")
Y = RNG.normal(size=(24, 1)).astype("float32")
WORDS = RNG.integers(0, 5, size=(24, 6))
CALLS = 10_000


def dense() -> tuple[Any, Any, Any]:
    model = Sequential([Input((4,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], weighted_metrics=["mse"])
    return model, X, Y


def tiny() -> tuple[Any, Any, Any]:
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, X[:2], Y[:2]


def cast_inputs() -> tuple[Any, Any, Any]:
    model, _, y = dense()
    return model, (X * 10).astype("uint8"), y


def normalized() -> tuple[Any, Any, Any]:
    regularizer = torchkeras.regularizers.L2(1e-3)
    parts = [layers.Dense(4, kernel_regularizer=regularizer), layers.BatchNormalization()]
    model = Sequential([*parts, layers.Dropout(0.5), layers.Dense(1)])
    model.compile(torchkeras.optimizers.SGD(0.01, clipnorm=1.0), "mse")
    return model, X, Y


def masked() -> tuple[Any, Any, Any]:
    parts = [layers.Embedding(5, 3, mask_zero=True), layers.LSTM(3), layers.Dense(3)]
    model = Sequential([*parts, layers.Softmax()])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, WORDS, WORDS[:, 0] % 3


def by_name() -> tuple[Any, Any, Any]:
    inputs = {name: Input((4,), name=name) for name in "ab"}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    outputs = {name: layers.Dense(1, name=name)(joined) for name in "cd"}
    model = Model(inputs, outputs)
    model.compile("sgd", {"c": "mse", "d": "mae"}, metrics={"c": ["mae"]})
    return model, {"a": X, "b": X}, {"c": Y, "d": Y}


def own_step() -> tuple[Any, Any, Any]:
    class Own(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def train_step(self, data: Any) -> Any:
            x, y, *_ = data
            self.zero_grad()
            loss = torch.mean((self(x, training=True) - y) ** 2)
            loss.backward()
            variables = self.trainable_weights
            self.optimizer.apply([v.value.grad for v in variables], variables)
            return {"loss": loss}

    model = Own()
    model.compile("adam", "mse")
    return model, X, Y


MODELS = [dense, cast_inputs, normalized, masked, by_name, own_step]


@pytest.fixture
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def live_tensors() -> int:
    return sum(type(found) is torch.Tensor for found in gc.get_objects())


def uses_of(model: Any, x: Any, y: Any) -> dict[str, Callable[[], Any]]:
    """Return everything that may be done again and again, by name."""
    on_device = torchkeras.tree.map_structure(torch.from_numpy, x)
    return {
        "fit": lambda: model.fit(x, y, batch_size=8, verbose=0, validation_data=(x, y)),
        "fit with a listener": lambda: model.fit(
            x, y, batch_size=8, verbose=0, callbacks=[torchkeras.callbacks.Callback()]
        ),
        "evaluate": lambda: model.evaluate(x, y, batch_size=8, verbose=0),
        "predict": lambda: model.predict(x, batch_size=8, verbose=0),
        "predict at once": lambda: model.predict(x, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "test_on_batch": lambda: model.test_on_batch(x, y),
        "predict_on_batch": lambda: model.predict_on_batch(x),
        "call": lambda: model(on_device),
    }


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.usefixtures("_without_collector")
def test_nothing_that_is_done_makes_a_cycle_that_holds_a_tensor(make: Any) -> None:
    uses = uses_of(*make())
    for use in uses.values():
        use()
    gc.collect()
    for name, use in uses.items():
        use()
        before = live_tensors()
        for _ in range(3):
            use()
        assert live_tensors() == before, name


@pytest.mark.parametrize("make", MODELS)
def test_a_dropped_model_is_gone(make: Any) -> None:
    model, x, y = make()
    model.fit(x, y, verbose=0)
    model.predict(x, verbose=0)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("make", MODELS)
def test_logs_and_history_keep_no_graph(make: Any) -> None:
    model, x, y = make()
    kept: list[Any] = []

    class Keeper(torchkeras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            kept.append(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            kept.append(logs)

    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[Keeper()], validation_data=(x, y))
    for logs in kept:
        values = logs.raw().values()  # nobody has read them yet
        assert not any(isinstance(value, torch.Tensor) and value.grad_fn for value in values)
        assert all(type(logs[name]) is float for name in logs)
    assert all(type(v) is float for values in history.history.values() for v in values)


def resident_kib() -> int:
    with open("/proc/self/status", encoding="utf-8") as file:
        (line,) = (line for line in file if line.startswith("RssAnon"))
    return int(line.split()[1])


@pytest.mark.skipif("not __import__('pathlib').Path('/proc/self/status').exists()")
@pytest.mark.parametrize("name", ["predict at once", "train_on_batch"])
def test_ten_thousand_calls_leave_the_process_where_it_was(name: str) -> None:
    use = uses_of(*tiny())[name]
    for _ in range(150):  # by then a step is recorded
        use()
    gc.collect()
    tensors, resident = live_tensors(), [resident_kib()]
    for _ in range(5):
        for _ in range(CALLS // 5):
            use()
        gc.collect()
        resident.append(resident_kib())
    assert live_tensors() == tensors
    growth = [later - earlier for earlier, later in itertools.pairwise(resident)]
    assert min(growth) < 64, growth  # the allocator may take more now and then, a leak always does


def test_generators_and_loaders_are_let_go() -> None:
    model, x, y = dense()
    loader = DataLoader(TensorDataset(torch.from_numpy(x), torch.from_numpy(y)), batch_size=8)
    generator = ((x, y) for _ in itertools.count())
    references = [weakref.ref(loader), weakref.ref(generator)]
    model.fit(loader, verbose=0, validation_data=loader)
    model.fit(generator, steps_per_epoch=2, verbose=0)
    del loader, generator
    gc.collect()
    assert [reference() for reference in references] == [None, None]
