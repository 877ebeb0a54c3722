"""`training` has one truth: the mode of the module, set by `.train()`, `fit` or the call."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import Input, Model, Sequential, layers

X = torch.ones(4, 50)


class Mode(layers.Layer):
    """Remembers the flag that it gets."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def call(self, inputs, training=None):
        self.seen.append(training)
        return inputs * 1.0


def drops(outputs):
    return bool((outputs == 0).any())


def functional(layer):
    x = Input((50,))
    return Model(x, layer(x))


def sequential(layer):
    return Sequential([Input((50,)), layer])


def subclassed(layer):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.inner = [layer]

        def call(self, inputs):
            return self.inner[0](inputs)

    return Net()


def torch_sequential(layer):
    return nn.Sequential(layer).eval()


KINDS = [lambda layer: layer, functional, sequential, subclassed]
IDS = ["layer", "functional", "sequential", "subclassed"]


@pytest.fixture(params=KINDS, ids=IDS)
def kind(request):
    return request.param


def test_nothing_is_dropped_by_default(kind):
    assert not drops(kind(layers.Dropout(0.5))(X))


def test_training_argument(kind):
    model = kind(layers.Dropout(0.5))
    assert drops(model(X, training=True))
    assert not drops(model(X, training=False))
    assert not drops(model(X))


def test_train_and_eval(kind):
    model = kind(layers.Dropout(0.5))
    model.train()
    assert drops(model(X))
    assert not drops(model(X, training=False))
    assert drops(model(X))
    model.eval()
    assert not drops(model(X))


def test_layers_are_told_as_in_keras(kind):
    mode = Mode()
    model = kind(mode)
    mode.seen.clear()
    model(X, training=True)
    model(X, training=False)
    model(X)
    assert mode.seen == [True, False, None]


def test_inner_torch_modules_follow():
    model = Sequential([Input((50,)), nn.Dropout(0.5)])
    assert not drops(model(X))
    assert drops(model(X, training=True))
    model.train()
    assert drops(model(X))


def test_layers_inside_torch_modules_follow():
    model = torch_sequential(layers.Dropout(0.5))
    assert not drops(model(X))
    assert drops(model.train()(X))


def test_mode_is_restored_after_an_error():
    class Failing(layers.Layer):
        def call(self, inputs, training=None):
            raise RuntimeError("no")

    layer = Failing()
    with pytest.raises(RuntimeError):
        layer(X, training=True)
    assert not layer.training


def test_fit_trains_and_predict_does_not(kind):
    mode = Mode()
    model = kind(mode)
    if not isinstance(model, Model):
        model = sequential(model)
    dense = Sequential([model, layers.Dense(1)])
    dense(X)
    dense.compile("sgd", "mse")
    mode.seen.clear()
    y = np.zeros((4, 1), "float32")
    dense.fit(X.numpy(), y, verbose=0)
    assert set(mode.seen) == {True}
    mode.seen.clear()
    dense.evaluate(X.numpy(), y, verbose=0)
    dense.predict(X.numpy(), verbose=0)
    assert set(mode.seen) == {False}


def test_networks_follow_the_mode_in_a_step_of_one_s_own():
    seen = []

    class Watching(layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs

    class Stepping(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.net = torchkeras.Sequential([Watching(), layers.Dense(1)])

        def call(self, inputs):
            return self.net(inputs)

        def train_step(self, data):
            loss = self.net(data[0]).square().mean()
            loss.backward()
            self.optimizer.apply([v.value.grad for v in self.trainable_weights])
            return {"loss": loss}

    model = Stepping()
    model.build((None, 3))
    model.compile("sgd")
    seen.clear()
    model.fit(np.ones((2, 3), "float32"), np.ones((2, 1)), verbose=0)
    assert seen == [True]


def test_after_fit_a_call_drops_nothing():
    model = Sequential([Input((50,)), layers.Dropout(0.5), layers.Dense(50, "relu")])
    model.compile("sgd", "mse")
    model.fit(X.numpy(), X.numpy(), verbose=0)
    torch.testing.assert_close(model(X), model(X))


def test_layers_added_to_a_training_model_train():
    model = Sequential([Input((50,))])
    model.train()
    model.add(layers.Dropout(0.5))
    assert drops(model(X))


def test_training_of_one_layer_alone():
    x = Input((50,))
    dropout = layers.Dropout(0.5)
    model = Model(x, dropout(x))
    dropout.train()
    assert drops(model(X))
    model.eval()
    assert not drops(model(X))


@pytest.mark.parametrize("training", [True, False])
def test_a_call_that_is_told_the_model_s_own_mode_runs_hooks_once(training):
    model = Sequential([Input((3,)), layers.Dense(2)])
    x = torch.ones(1, 3)
    model(x)
    model.train(training)
    calls = []
    model.register_forward_hook(lambda *_: calls.append(1))
    model(x, training=training)
    assert calls == [1]
    assert model.training is training


def test_arrays_take_the_short_way_after_the_first_call():
    model = Sequential([Input((3,)), layers.Dense(2)])
    x = np.ones((1, 3), "float32")
    expected = model(x)
    for again in (x, x.astype("float64"), x.astype("int64"), np.broadcast_to(x[:1], (1, 3))):
        assert torch.equal(model(again), expected)
        assert torch.equal(model(again, training=False), expected)


def trained_by_default(package, seen):
    class Seeing(package.layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs * 1.0

    class Net(package.Model):
        def __init__(self):
            super().__init__()
            self.inner = Seeing()
            self.dense = package.layers.Dense(3)

        def call(self, inputs, training=True):
            seen.append(training)
            return self.dense(self.inner(inputs))

        def test_step(self, data):
            self(data[0])
            return {}

    return Net()


@pytest.mark.parametrize("package", [torchkeras, keras])
def test_a_default_of_true_counts_where_nobody_says_otherwise(package):
    seen = []
    model, x = trained_by_default(package, seen), np.ones((2, 3), "float32")
    model.compile("sgd", "mse")
    runs = {
        "first call": lambda: model(x),
        "call": lambda: model(x),
        "told": lambda: model(x, training=False),
        "evaluate": lambda: model.evaluate(x, x, verbose=0),
        "predict": lambda: model.predict(x, verbose=0),
        "fit": lambda: model.fit(x, x, verbose=0),
        "last call": lambda: model(x),
    }
    modes = {}
    for name, run in runs.items():
        run()
        modes[name] = seen[-2:]
    assert modes == {name: [name not in ("told", "predict")] * 2 for name in runs}
