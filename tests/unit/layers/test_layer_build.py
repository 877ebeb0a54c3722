"""Layers are built once, when the shapes of their inputs are known."""

import json

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import Input, layers


class Recorder(layers.Layer):
    """A layer that keeps what `build` was given."""

    def build(self, input_shape):
        self.given = getattr(self, "given", [])
        self.given = [*self.given, input_shape]

    def call(self, inputs):
        return inputs


# When


def test_first_call_builds():
    layer = layers.Dense(2)
    assert not layer.built
    assert layer.weights == []
    layer(torch.ones(1, 3))
    assert layer.built
    assert layer.kernel.shape == (3, 2)


def test_symbols_build():
    layer = layers.Dense(2)
    layer(Input((3,)))
    assert layer.built
    assert layer.kernel.shape == (3, 2)
    assert not layer.kernel.value.is_meta


def test_build_runs_once():
    layer = Recorder()
    for _ in range(3):
        layer(torch.ones(4, 3))
    layer(Input((3,)))
    assert layer.given == [(4, 3)]


def test_built_is_set_without_a_build():
    class Plain(layers.Layer):
        def call(self, x):
            return x

    layer = Plain()
    assert not layer.built
    layer(torch.ones(1))
    assert layer.built


def test_build_may_be_called_by_hand():
    layer = layers.Dense(2)
    layer.build((None, 3))
    assert layer.built
    assert layer.kernel.shape == (3, 2)


@pytest.mark.parametrize("name", ["Flatten", "ZeroPadding2D", "Permute", "Lambda", "Cropping1D"])
def test_build_by_hand_of_a_layer_without_weights(name):
    arguments = {"Permute": [(1,)], "Lambda": [abs]}.get(name, [])
    layer = getattr(layers, name)(*arguments)
    assert (layer.built, layer.get_build_config()) == (False, None)
    layer.build((2, 3))
    assert (layer.built, layer.get_build_config()) == (True, {"input_shape": (2, 3)})


def test_build_by_hand_does_not_build_inner_layers():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)

        def call(self, x):
            return self.inner(x)

    layer = Outer()
    with pytest.warns(UserWarning, match="no `build` method"):
        layer.build((None, 3))
    assert (layer.built, layer.inner.built) == (True, False)


@pytest.mark.parametrize("cls", [layers.Dropout, layers.GaussianNoise])
def test_layers_without_weights_are_built_at_birth_unless_they_get_a_build(cls):
    class Own(cls):
        def build(self, input_shape):
            self.given = input_shape

    assert cls(0.5).built
    layer = Own(0.5)
    assert not layer.built
    layer(torch.ones(2, 3))
    assert (layer.built, layer.given) == (True, (2, 3))


def test_a_build_without_shapes_is_repeated_from_the_config():
    layer = layers.Embedding(4, 3)
    layer.build()
    config = json.loads(json.dumps(torchkeras.saving.serialize_keras_object(layer)))
    assert config["build_config"] == {"shapes_dict": {}}
    assert torchkeras.saving.deserialize_keras_object(config).built


@pytest.mark.parametrize("names", ["foo_shape, bar", "foo_shape, baz_shape"])
def test_several_arguments_of_build_are_shapes_of_arguments_of_call(names):
    space = {}
    exec(f"def build(self, {names}): pass", space)

    class Odd(layers.Layer):
        build = space["build"]

        def call(self, foo, bar):
            return foo + bar

    with pytest.raises(ValueError, match="`build` of 'Odd' has several arguments"):
        Odd()(torch.ones(1), torch.ones(1))


def test_weights_of_init_need_no_build():
    class Ready(layers.Layer):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=(2,), initializer="ones", name="w")

        def call(self, x):
            return x * self.w

    assert Ready()(torch.ones(1, 2)).tolist() == [[1, 1]]


def test_layers_made_in_call_are_refused_or_kept():
    class Late(layers.Layer):
        def call(self, x):
            if not hasattr(self, "dense"):
                self.dense = layers.Dense(2)
            return self.dense(x)

    layer = Late()
    layer(torch.ones(1, 3))
    assert len(layer.weights) == 2


def test_error_in_build_leaves_the_layer_unbuilt():
    class Fails(layers.Layer):
        def build(self, input_shape):
            raise KeyError("no")

    layer = Fails()
    with pytest.raises(KeyError):
        layer.build((1,))
    assert not layer.built


# With which shapes


def test_shape_of_a_tensor_is_a_tuple():
    layer = Recorder()
    layer(np.ones((2, 3)))
    assert layer.given == [(2, 3)]
    assert type(layer.given[0]) is tuple


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda one, two: [one, two], [(2, 3), (2, 4)]),
        (lambda one, two: (one, two), ((2, 3), (2, 4))),
        (lambda one, two: {"a": one, "b": two}, {"a": (2, 3), "b": (2, 4)}),
        (lambda one, two: {"a": [one, two]}, {"a": [(2, 3), (2, 4)]}),
    ],
)
def test_shapes_of_structures(make, shape):
    layer = Recorder()
    layer(make(torch.ones(2, 3), torch.ones(2, 4)))
    assert layer.given == [shape]


def test_shapes_of_symbols_may_be_unknown():
    layer = Recorder()
    layer(Input((None, 3)))
    assert layer.given == [(None, None, 3)]


class Several(layers.Layer):
    def build(self, query_shape, value_shape, key_shape=None):
        self.given = (query_shape, value_shape, key_shape)

    def call(self, query, value, key=None):
        return query


@pytest.mark.parametrize(
    "call",
    [
        lambda layer, q, v: layer(q, v),
        lambda layer, q, v: layer(q, value=v),
        lambda layer, q, v: layer(query=q, value=v),
        lambda layer, q, v: layer.build((2, 3), (2, 4)),
        lambda layer, q, v: layer.build(query_shape=(2, 3), value_shape=(2, 4)),
    ],
)
def test_several_shapes_by_name(call):
    layer = Several()
    call(layer, torch.ones(2, 3), torch.ones(2, 4))
    assert layer.given == ((2, 3), (2, 4), None)


def test_optional_shapes_by_name():
    layer = Several()
    layer(torch.ones(2, 3), torch.ones(2, 4), key=torch.ones(2, 5))
    assert layer.given == ((2, 3), (2, 4), (2, 5))


def test_unknown_shape_names_equal_keras():
    class Wrong:
        def build(self, query_shape, other_shape):
            self.built = True

        def call(self, query, value):
            return query

    for package in (torchkeras, keras):
        members = {"build": Wrong.build, "call": Wrong.call}
        layer = type("Wrong", (package.layers.Layer,), members)()
        with pytest.raises((TypeError, ValueError), match="other_shape"):
            layer(np.ones((2, 3)), np.ones((2, 3)))


def test_build_without_shapes():
    class Shapeless(layers.Layer):
        def build(self, input_shape=None):
            self.w = self.add_weight(shape=(1,), initializer="ones")

        def call(self, x):
            return x * self.w

    layer = Shapeless()
    layer.build()
    assert layer.built
    assert Shapeless()(torch.ones(1)).item() == 1


# Inheritance


class Base(layers.Layer):
    def build(self, input_shape):
        self.first = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="first")

    def call(self, x):
        return x * self.first


class Derived(Base):
    def build(self, input_shape):
        super().build(input_shape)
        self.second = self.add_weight(shape=(1,), initializer="ones", name="second")

    def call(self, x):
        return super().call(x) + self.second


class Twice(Derived):
    def build(self, input_shape):
        self.zeroth = self.add_weight(shape=(1,), name="zeroth")
        super().build(input_shape)


def test_super_build_chains():
    layer = Twice()
    assert layer(torch.ones(1, 2)).tolist() == [[2, 2]]
    assert [v.path for v in layer.weights] == ["twice/zeroth", "twice/first", "twice/second"]
    assert layer.get_build_config() == {"input_shape": (1, 2)}


def test_derived_built_in_layers():
    class Gated(layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.gate = self.add_weight(shape=(self.units,), initializer="zeros", name="gate")

        def call(self, inputs):
            return super().call(inputs) * self.gate

    layer = Gated(2)
    assert layer(torch.ones(1, 3)).tolist() == [[0, 0]]
    assert [v.name for v in layer.weights] == ["kernel", "bias", "gate"]


def test_super_build_of_layer_itself():
    class Calls(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(1,), name="w")
            super().build(input_shape)

        def call(self, x):
            return x

    layer = Calls()
    layer.build((1, 2))
    assert layer.built


def test_paths_of_parts_built_in_init():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = layers.Dense(2, name="inner")
            self.inner.build((None, 3))

        def call(self, x):
            return self.inner(x)

    assert [v.path for v in Outer().weights] == ["inner/kernel", "inner/bias"]


# Build configs


def test_build_config_builds_alike():
    layer = layers.Dense(2)
    layer.build((None, 3))
    other = layers.Dense(2)
    other.build_from_config(layer.get_build_config())
    assert [v.shape for v in other.weights] == [v.shape for v in layer.weights]


def test_build_configs_of_several_shapes():
    layer = Several()
    layer.build((2, 3), (2, 4))
    config = layer.get_build_config()
    assert config == {"shapes_dict": {"query_shape": (2, 3), "value_shape": (2, 4)}}
    other = Several()
    other.build_from_config(json.loads(json.dumps(config)))
    assert other.given == ((2, 3), (2, 4), None)


def test_build_config_of_structures():
    layer = Recorder()
    layer.build([(None, 3), (None, 4)])
    other = Recorder()
    other.build_from_config({"input_shape": [[None, 3], [None, 4]]})
    assert other.given == [[(None, 3), (None, 4)]]


def test_unbuilt_layers_have_no_build_config():
    assert layers.Dense(1).get_build_config() is None


# Sizes that must be known


def test_unknown_size_is_named():
    with pytest.raises(
        ValueError, match=r"Layer 'd' needs to know the size of axis -1.*\(None, None"
    ):
        layers.Dense(2, name="d").build((None, None))


def test_unknown_weight_shape_is_named():
    class Unknown(layers.Layer):
        def build(self, input_shape):
            self.add_weight(shape=(input_shape[-1],), name="w")

    with pytest.raises(ValueError, match=r"`shape` of weight 'w' in layer 'unknown.*\(None,\)"):
        Unknown().build((None, None))


def test_stock_modules_draw_no_first_values_of_torch():
    state = torch.get_rng_state()
    layer = layers.Dense(2, kernel_initializer="zeros")
    layer.build((None, 3))
    assert type(layer.linear) is nn.Linear
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("old", [{"input_shape": (3,)}, {"input_dim": 3}, {"input_shape": [3]}])
def test_old_shape_arguments_warn_as_in_keras(old):
    for package in (torchkeras, keras):
        with pytest.warns(UserWarning, match="Do not pass an `input_shape`/`input_dim` argument"):
            layer = package.layers.Dense(2, **old)
        assert not layer.built


def test_unknown_arguments_are_named():
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments passed to Dense: {'unit"):
        layers.Dense(1, unit=3)


class ShapedOuter(layers.Layer):
    """A layer without `build`, whose output shape is written down."""

    def __init__(self, reads_values=False):
        super().__init__()
        self.inner = layers.Dense(2)
        self.reads_values = reads_values

    def call(self, inputs):
        return self.inner(inputs) * (inputs.max().item() if self.reads_values else 1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2)


def test_symbols_build_layers_inside_of_one_whose_output_shape_is_written_down():
    outer = ShapedOuter()
    symbols = torchkeras.Input((3,))
    model = torchkeras.Model(symbols, outer(symbols))
    assert outer.built
    assert model.count_params() == 8
    assert outer.get_build_config() == {"input_shape": (None, 3)}


def test_layers_inside_wait_for_values_if_the_call_needs_them():
    outer = ShapedOuter(reads_values=True)
    symbols = torchkeras.Input((3,))
    with pytest.warns(UserWarning, match=r"holds layers that are not built.*first call"):
        model = torchkeras.Model(symbols, outer(symbols))
    assert model(np.ones((1, 3))).shape == (1, 2)
    assert model.count_params() == 8


class ShapedReader(ShapedOuter):
    def __init__(self):
        super().__init__(reads_values=True)

    def build(self, input_shape):
        self.inner.build(input_shape)


@pytest.mark.parametrize("model", [torchkeras.Sequential, torchkeras.Model])
def test_models_of_layers_that_need_values_are_called_on_symbols(model):
    symbols = torchkeras.Input((3,))
    outputs = ShapedReader()(symbols)
    if model is torchkeras.Sequential:
        inner = model([torchkeras.Input((3,)), ShapedReader()])
    else:
        inner = model(symbols, outputs)
    outer = torchkeras.Model(symbols, inner(symbols))
    assert outer.output_shape == (None, 2)
    assert outer(np.ones((1, 3))).shape == (1, 2)


def test_a_layer_without_weights_is_built_by_symbols():
    rescaling = layers.Rescaling(2)
    rescaling(torchkeras.Input((3,)))
    assert rescaling.built


@not_on_the_oldest_torch
def test_built_layers_compile_before_their_first_call():
    torch._dynamo.reset()
    layer = layers.Dense(2)
    layer.build((None, 3))
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    x = torch.ones(4, 3)
    assert torch.equal(compiled(x), layer(x))
