"""Names of layers: given ones, automatic ones, and what may not be a name."""

import keras
import numpy as np
import pytest

import torchkeras
from torchkeras import layers
from torchkeras._base.naming import reset_names


@pytest.fixture(autouse=True)
def fresh_names():
    reset_names()
    keras.backend.clear_session()


def test_given_names_stay():
    assert layers.Dense(1, name="Any name: 1.5").name == "Any name: 1.5"


def test_automatic_names_count_by_class():
    made = [layers.Dense(1), layers.Dense(1), layers.Dropout(0.1), layers.Dense(1)]
    assert [layer.name for layer in made] == ["dense", "dense_1", "dropout", "dense_2"]


@pytest.mark.parametrize(
    "name",
    ["Dense", "Conv2D", "MyHTTPLayer", "ReLU", "A", "_Hidden", "lower", "Snake_Case", "LSTM2Cell"],
)
def test_automatic_names_equal_keras(name):
    made = [
        type(name, (package.layers.Layer,), {})().name
        for package in (torchkeras, keras)
        for _ in range(2)
    ]
    assert made[:2] == made[2:]


def test_given_names_do_not_count():
    layers.Dense(1, name="dense")
    assert layers.Dense(1).name == "dense"


@pytest.mark.parametrize("name", ["a/b", 3, b"x"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match=r"`name` must be a string without '/'\. Received: name="):
        layers.Dense(1, name=name)


def test_clear_session_starts_again():
    layers.Dense(1)
    torchkeras.utils.clear_session()
    assert layers.Dense(1).name == "dense"


def nested(package):
    class Block(package.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = package.layers.Dense(2)
            self.many = [package.layers.Dense(2, name="listed")]

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(1,), name="scale")
            self.inner.build(input_shape)
            self.many[0].build(input_shape)
            self.built = True

        def call(self, inputs):
            return self.many[0](self.inner(inputs)) * self.scale

    return Block()


@pytest.mark.parametrize("way", ["build", "call"])
def test_paths_equal_keras(way):
    found = []
    for package in (torchkeras, keras):
        layer = nested(package)
        layer.build((None, 2)) if way == "build" else layer(np.ones((1, 2)))
        found.append([v.path for v in layer.weights])
    assert found[0] == found[1] == [f"block/{end}" for end in ENDS]


ENDS = ["scale", "dense/kernel", "dense/bias", "listed/kernel", "listed/bias"]


def left_to_the_call(package):
    class Block(package.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = package.Sequential([package.layers.Dense(2, name="d")], name="s")

        def build(self, input_shape):
            super().build(input_shape)

        def call(self, inputs):
            return self.inner(inputs)

    return Block(name="block")


@pytest.mark.parametrize("package", [torchkeras, keras])
def test_paths_of_layers_that_a_build_leaves_to_the_call(package):
    symbols = package.Input((3,))
    model = package.Model(symbols, left_to_the_call(package)(symbols))
    assert [v.path for v in model.weights] == ["block/s/d/kernel", "block/s/d/bias"]


def test_the_wiring_of_a_sequential_takes_a_name_as_in_keras():
    found = []
    for package in (torchkeras, keras):
        package.utils.clear_session()
        symbols = package.Input((3,))
        model = package.Sequential([package.layers.Dense(2)])
        names = [package.Model(symbols, model(symbols)).name]
        model.add(package.layers.Dense(2))
        model.pop()
        package.Sequential([package.Input((3,)), package.layers.Dense(2), package.layers.Dense(2)])
        names.append(package.Model(symbols, model(symbols)).name)
        found.append(names)
    assert found[0] == found[1]


def test_name_scopes_stand_before_paths():
    with torchkeras.name_scope("outer"):
        layer = layers.Dense(1, name="d")
        layer.build((None, 2))
    assert layer.kernel.path == "outer/d/kernel"


def test_repr_tells_name_and_state():
    assert repr(layers.Dense(1, name="d")) == "<Dense name=d, built=False>"


def test_path_of_a_layer_is_known_once_it_is_built():
    layer = layers.Dense(1, name="d")
    assert layer.path is None
    with torchkeras.name_scope("outer"):
        layer.build((None, 2))
    assert layer.path == "outer/d"
