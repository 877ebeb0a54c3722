"""A `training` that a graph fixes holds until somebody says another, as in Keras."""

import keras
import numpy as np
import pytest
import torch

import torchkeras

X = np.ones((2, 3), "float32")

CALLS = {
    "call": lambda m: m(X),
    "call_true": lambda m: m(X, training=True),
    "call_false": lambda m: m(X, training=False),
    "predict": lambda m: m.predict(X, verbose=0),
    "evaluate": lambda m: m.evaluate(X, X[:, :1], verbose=0),
    "fit": lambda m: m.fit(X, X[:, :1], verbose=0, epochs=2),
    "train_on_batch": lambda m: m.train_on_batch(X, X[:, :1]),
    "test_on_batch": lambda m: m.test_on_batch(X, X[:, :1]),
    "predict_on_batch": lambda m: m.predict_on_batch(X),
}


def graph(package, seen, fixed):
    class Told(package.layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x * 1

    x = package.Input((3,))
    return package.Model(x, package.layers.Dense(1)(Told()(x, training=fixed)))


def alone(package, inner):
    return inner


def nested(package, inner):
    x = package.Input((3,))
    return package.Model(x, inner(x))


def nested_fixed(package, inner):
    x = package.Input((3,))
    return package.Model(x, inner(x, training=True))


def sequential(package, inner):
    return package.Sequential([package.Input((3,)), inner])


def subclassed(package, inner):
    class Outer(package.Model):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def call(self, x, training=None):
            return self.inner(x, training=training)

    return Outer()


def subclassed_fixed(package, inner):
    class Outer(package.Model):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def call(self, x, training=None):
            return self.inner(x, training=True)

    return Outer()


PLACES = [alone, nested, nested_fixed, sequential, subclassed, subclassed_fixed]


@pytest.mark.parametrize("how", CALLS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fixed", [True, False])
def test_mode_equals_keras(fixed, place, how):
    told = []
    for package in (torchkeras, keras):
        seen = []
        model = place(package, graph(package, seen, fixed))
        model.compile("sgd", "mse")
        seen.clear()
        CALLS[how](model)
        told.append(seen[-1])
    assert told[0] == told[1]


@pytest.mark.parametrize("asked", [None, True, False])
def test_compiled_models_have_the_mode_of_eager_ones(asked):
    x = torchkeras.Input((3,))
    model = torchkeras.Model(x, torchkeras.layers.Dropout(0.5)(x, training=True))
    kwargs = {} if asked is None else {"training": asked}
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    dropped = bool((compiled(torch.ones(50, 3), **kwargs) == 0).any())
    assert dropped is (asked is not False)


def test_modes_of_torch_leave_the_graph_alone():
    seen = []
    model = graph(torchkeras, seen, False)
    model.train()
    model(torch.ones(2, 3))
    assert seen[-1] is False


def test_fit_trains_models_without_a_training_argument():
    told = {}
    for package in (torchkeras, keras):
        seen = []

        class Told(package.layers.Layer):
            def call(self, x, training=None, seen=seen):
                seen.append(training)
                return x * 1

        class Outer(package.Model):
            def __init__(self, parts):
                super().__init__()
                self.parts = parts

            def call(self, x):
                for part in self.parts:
                    x = part(x)
                return x

        model = Outer([Told(), package.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, X[:, :1], verbose=0)
        told[package] = seen[-1]
    assert told == {torchkeras: True, keras: None}
