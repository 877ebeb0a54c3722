"""Weights of a layer: making, freezing, getting and setting them."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from torchkeras import constraints, initializers, layers, regularizers


def both():
    return torchkeras.layers.Layer(name="l"), keras.layers.Layer(name="l")


# `add_weight`


@pytest.mark.parametrize("value", [3.0, None, "text"])
def test_an_attribute_may_have_the_name_of_a_weight(value):
    layer = layers.Layer()
    weight = layer.add_weight(shape=(2,), initializer="ones", name="scale")
    layer.scale = value
    assert layer.scale == value
    assert (weight.name, weight.numpy().tolist()) == ("scale", [1.0, 1.0])
    assert [v.name for v in layer.weights] == ["scale"]
    assert len(list(layer.parameters())) == 1


def test_a_layer_may_have_the_name_of_a_weight():
    layer = layers.Layer()
    layer.var = layer.add_weight(shape=(2,), initializer="ones", name="inner")
    layer.inner = layers.Dense(1)
    layer.inner.build((None, 3))
    assert [v.name for v in layer.weights] == ["inner", "kernel", "bias"]
    assert len(layer.state_dict()) == 3


def test_shape_initializer_and_dtype_by_position():
    for layer in both():
        weight = layer.add_weight((2,), "zeros", "float16", name="w")
        assert (tuple(weight.shape), weight.dtype) == ((2,), "float16")
        with pytest.raises(ValueError, match="`shape` was passed"):
            layer.add_weight((2,), shape=(2,))
        with pytest.raises(TypeError, match=r"positional|by position"):
            layer.add_weight((2,), "zeros", "float32", True)


@pytest.mark.parametrize("rest", [((2,),), ((2,), "ones")])
@pytest.mark.parametrize("by_name", [False, True])
def test_the_name_may_come_first_as_in_older_keras(rest, by_name):
    named = dict(zip(("shape", "initializer"), rest, strict=False))
    layer = layers.Layer()
    weight = layer.add_weight("w", **named) if by_name else layer.add_weight("w", *rest)
    assert (weight.name, tuple(weight.shape)) == ("w", (2,))
    with pytest.raises(ValueError, match="`name` was passed twice"):
        layer.add_weight("w", name="v", **named)


OWN_LAYERS = {
    "Dense": ((2,), (2, 3)),
    "Embedding": ((5, 2), (2, 3)),
    "Conv2D": ((2, 3), (2, 8, 8, 3)),
    "SeparableConv1D": ((2, 3), (2, 8, 3)),
    "BatchNormalization": ((), (2, 3)),
    "LayerNormalization": ((), (2, 3)),
    "EinsumDense": (("ab,bc->ac", 4), (2, 3)),
    "LSTMCell": ((2,), (2, 3)),
}


@pytest.mark.parametrize("when", ["init", "before", "after"])
@pytest.mark.parametrize("name", OWN_LAYERS)
def test_subclasses_of_layers_may_make_weights_of_their_own_at_any_time(name, when):
    arguments, shape = OWN_LAYERS[name]
    found = []
    for k in oracle.PACKAGES:

        class Own(getattr(k.layers, name)):
            def __init__(self, *args, k=k, **kwargs):
                k.utils.set_random_seed(0)
                super().__init__(*args, **kwargs)
                self.extra = self._extra() if when == "init" else None

            def _extra(self):
                return self.add_weight(shape=(2,), name="extra")

            def build(self, input_shape):
                if when == "before":
                    self.extra = self._extra()
                super().build(input_shape)
                if when == "after":
                    self.extra = self._extra()

        layer = Own(*arguments, name="own")
        layer.build(shape)
        found.append([(v.path, v.value.detach().numpy()) for v in layer.weights])
    ours, theirs = found
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    for (_, value), (_, twin) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(value, twin, atol=1e-6)


def test_a_built_layer_is_not_built_again_unless_it_keeps_its_weights():
    dense, table = layers.Dense(2), layers.Embedding(5, 2)
    for layer in (dense, table):
        layer.build((None, 3))
    weights = table.get_weights()
    table.build((None, 3))
    np.testing.assert_array_equal(table.get_weights()[0], weights[0])
    with pytest.raises(ValueError, match=r"'dense.*' is built already"):
        dense.build((None, 3))


def test_weights_may_be_made_by_the_first_call():
    class Late(layers.Layer):
        def build(self, input_shape):
            self.first = self.add_weight((1,), "ones")

        def call(self, x):
            if not hasattr(self, "second"):
                self.second = self.add_weight((1,), "ones")
            return x * self.first + self.second

    layer = Late()
    np.testing.assert_array_equal(layer(np.ones((1, 1), "float32")).detach(), [[2.0]])
    assert [w.shape for w in layer.trainable_weights] == [(1,), (1,)]


def test_weights_that_come_after_build_have_the_path_of_the_layer():
    class Outer(layers.Layer):
        def build(self, input_shape):
            self.inner = layers.Dense(2, name="inner")
            self.inner.build(input_shape)

    layer = Outer(name="outer")
    layer.build((None, 3))
    layer.inner.enable_lora(1)
    assert layer.inner.lora_kernel_a.path == "outer/inner/lora_kernel_a"
    assert layer.inner.add_weight(shape=(), name="late").path == "outer/inner/late"


def test_variables_may_come_before_super_init():
    class Early(layers.Layer):
        def __init__(self):
            self.w = torchkeras.Variable([1.0, 2.0])
            super().__init__()

    layer = Early()
    assert len(layer.weights) == len(list(layer.parameters())) == 1


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_trainable_is_true_or_false(value):
    for library in (torchkeras, keras):
        with pytest.raises(ValueError, match="`trainable`"):
            library.layers.Dense(1, trainable=value)


SPELLINGS = {
    "keywords": lambda layer: layer.add_weight(shape=(2, 3), initializer="zeros", name="w"),
    "by position": lambda layer: layer.add_weight((2, 3), "zeros", name="w"),
    "no shape": lambda layer: layer.add_weight(initializer="ones", name="w"),
    "empty shape": lambda layer: layer.add_weight(shape=(), initializer="ones", name="w"),
    "list shape": lambda layer: layer.add_weight(shape=[3], initializer="ones", name="w"),
    "untrained": lambda layer: layer.add_weight(shape=(1,), trainable=False, name="w"),
    "int dtype": lambda layer: layer.add_weight(
        shape=(1,), dtype="int32", trainable=False, initializer="zeros", name="w"
    ),
    "int dtype by default": lambda layer: layer.add_weight(
        shape=(2,), dtype="int32", trainable=False, name="w"
    ),
    "bool dtype": lambda layer: layer.add_weight(
        shape=(2,), dtype="bool", trainable=False, initializer="zeros", name="w"
    ),
    "half": lambda layer: layer.add_weight(shape=(2,), dtype="float16", name="w"),
    "no name": lambda layer: layer.add_weight(shape=(2,), initializer="ones"),
    "rules": lambda layer: layer.add_weight(
        shape=(2,), regularizer="l2", constraint="non_neg", name="w"
    ),
    "add_variable": lambda layer: layer.add_variable(
        shape=(2,), initializer="ones", dtype="float32", trainable=False, name="w"
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_equal_keras(spelling):
    torchkeras.utils.clear_session()
    keras.backend.clear_session()
    ours, theirs = (SPELLINGS[spelling](layer) for layer in both())
    for attribute in ("shape", "dtype", "name", "path", "trainable"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    assert type(ours.regularizer).__name__ == type(theirs.regularizer).__name__
    assert type(ours.constraint).__name__ == type(theirs.constraint).__name__


def test_number_as_shape():
    assert layers.Layer().add_weight(shape=3).shape == (3,)


@pytest.mark.parametrize(
    "initializer",
    [
        initializers.Ones(),
        "ones",
        {"class_name": "Ones", "config": {}},
        initializers.Ones,
        lambda shape, dtype: torch.ones(shape),
        lambda shape, dtype=None: np.ones(shape),
    ],
)
def test_initializers_in_every_form(initializer):
    assert layers.Layer().add_weight((2,), initializer).value.tolist() == [1, 1]


def test_rules_in_every_form():
    weight = layers.Layer().add_weight(
        (2,), regularizer=regularizers.L1(0.5), constraint=lambda w: w * 0
    )
    assert weight.regularizer.l1 == 0.5
    assert constraints.get("non_neg") is not None
    assert callable(weight.constraint)


def test_default_initializer_is_keras():
    torch.manual_seed(0)
    weight = layers.Layer().add_weight((200, 200))
    assert abs(weight.value).max() <= (6 / 400) ** 0.5
    assert weight.value.std() > 0.05


def test_weights_are_parameters_and_buffers():
    layer = layers.Layer()
    layer.w = layer.add_weight((1,), name="w")
    layer.s = layer.add_weight((1,), trainable=False, name="s")
    assert [name for name, _ in layer.named_parameters()] == ["w"]
    assert [name for name, _ in layer.named_buffers()] == ["s"]
    assert list(layer.state_dict()) == ["w", "s"]


def test_weights_without_attribute_are_kept():
    layer = layers.Layer()
    layer.add_weight((1,), name="w")
    assert len(layer.weights) == len(list(layer.parameters())) == 1


def test_names_that_torch_needs_are_free():
    layer = layers.Layer()
    for name in ("training", "weights", "a.b", "", "built", "name", "call"):
        layer.add_weight((1,), name=name or None)
    assert len(layer.weights) == len(layer.state_dict()) == 7
    assert layer.training is False
    values = {key: torch.zeros_like(value) for key, value in layer.state_dict().items()}
    layer.load_state_dict(values)
    assert all(weight.value.item() == 0 for weight in layer.weights)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"shape": (None,)}, ValueError, r"`shape` of weight None .* must be fully known"),
        ({"shape": (2,), "initializer": "one_"}, ValueError, "`initializer` must be one of"),
        ({"shape": (2,), "regularizer": "l3"}, ValueError, "`regularizer` must be one of"),
        ({"shape": (2,), "constraint": "pos"}, ValueError, "`constraint` must be one of"),
        ({"shape": (2,), "dtype": "flot"}, ValueError, "`dtype` must be one of"),
        ({"shape": "ab"}, ValueError, r"`shape`.*Received: shape='ab'"),
        ({"shape": (-1,)}, ValueError, r"`shape`.*Received: shape=\(-1,\)"),
        ({"shape": (1.5,)}, ValueError, r"`shape`.*Received: shape=\(1.5,\)"),
        ({"shape": (2,), "name": "a/b"}, ValueError, "`name` must be a string without '/'"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, text):
    with pytest.raises(error, match=text):
        layers.Layer().add_weight(**arguments)


def test_too_many_positions_are_refused():
    with pytest.raises(TypeError, match="`add_weight` takes `shape`, `initializer` and"):
        layers.Layer().add_weight((2,), "zeros", "float32", True)


# Getting and setting


@pytest.fixture
def dense():
    layer = layers.Dense(2, name="d")
    layer.build((None, 3))
    return layer


def test_get_weights_are_copies_in_keras_shapes(dense):
    weights = dense.get_weights()
    assert [(w.shape, w.dtype.name) for w in weights] == [((3, 2), "float32"), ((2,), "float32")]
    weights[0][:] = 7
    assert not (dense.kernel.numpy() == 7).any()


@pytest.mark.parametrize("convert", [list, lambda w: tuple(torch.tensor(x) for x in w)])
def test_set_weights_takes_what_get_weights_gives(dense, convert):
    new = [np.arange(6).reshape(3, 2), np.ones(2)]
    dense.set_weights(convert(new))
    for value, wanted in zip(dense.get_weights(), new, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_set_weights_keeps_the_parameters(dense):
    parameter = dense.linear.weight
    dense.set_weights([np.zeros((3, 2)), np.zeros(2)])
    assert dense.linear.weight is parameter
    assert parameter.requires_grad


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([np.ones((3, 2))], r"layer 'd' with a weight list of length 1.*expecting 2 weights"),
        ([], r"length 0"),
        ([np.ones((3, 2)), np.ones(3)], r"weight 'd/bias' of shape \(2,\).*\(3,\)"),
        ([np.ones((2, 3)), np.ones(2)], r"weight 'd/kernel' of shape \(3, 2\).*\(2, 3\)"),
        ([np.ones((3, 2)), 1.0], r"weight 'd/bias' of shape \(2,\)"),
    ],
)
def test_wrong_weights_are_named_and_change_nothing(dense, weights, text):
    before = dense.get_weights()
    with pytest.raises(ValueError, match=text):
        dense.set_weights(weights)
    for value, old in zip(dense.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_weights_that_are_no_numbers_change_nothing(dense):
    before = dense.get_weights()
    with pytest.raises((TypeError, ValueError)):
        dense.set_weights([np.ones((3, 2)), ["a", "b"]])
    np.testing.assert_array_equal(dense.get_weights()[0], before[0])


def test_own_variables_are_saved_by_number(dense):
    store = {}
    dense.save_own_variables(store)
    assert list(store) == ["0", "1"]
    other = layers.Dense(2)
    other.build((None, 3))
    other.load_own_variables(store)
    np.testing.assert_array_equal(other.kernel.numpy(), dense.kernel.numpy())


def test_loading_a_wrong_number_is_refused(dense):
    with pytest.raises(
        ValueError, match=r"Layer 'd' expected 2 variables, but received 1: \['0'\]"
    ):
        dense.load_own_variables({"0": np.ones((3, 2))})
    with pytest.raises(ValueError, match="not built yet"):
        layers.Dense(1).load_own_variables({"0": np.ones((3, 2))})


def test_counting(dense):
    assert dense.count_params() == 8
    with pytest.raises(ValueError, match=r"layer 'u' are not made yet.*`build\(input_shape\)`"):
        layers.Dense(2, name="u").count_params()


# Freezing


def frozen_states(package):
    outer = package.layers.Layer(name="outer")
    outer.one = package.layers.Dense(1, name="one")
    outer.norm = package.layers.BatchNormalization(name="norm")
    outer.one.build((None, 2))
    outer.norm.build((None, 2))
    outer.own = outer.add_weight(shape=(1,), name="own")
    outer.fixed = outer.add_weight(shape=(1,), trainable=False, name="fixed")
    yield outer
    outer.one.trainable = False
    yield outer
    outer.trainable = False
    yield outer
    outer.trainable = True
    yield outer
    outer.own.trainable = False
    yield outer
    outer.trainable = False
    yield outer
    outer.norm.trainable = True
    yield outer


def test_freezing_equals_keras():
    for ours, theirs in zip(frozen_states(torchkeras), frozen_states(keras), strict=True):
        for listed in ("trainable_weights", "non_trainable_weights", "trainable_variables"):
            found = [[v.path for v in getattr(layer, listed)] for layer in (ours, theirs)]
            assert found[0] == found[1]
        assert [ours.trainable, ours.one.trainable] == [theirs.trainable, theirs.one.trainable]


def test_requires_grad_follows(dense):
    dense.trainable = False
    assert not any(p.requires_grad for p in dense.parameters())
    assert dense.trainable_weights == []
    assert dense(torch.ones(1, 3)).requires_grad is False
    dense.trainable = True
    assert all(p.requires_grad for p in dense.parameters())


@pytest.mark.parametrize("when", ["init", "before build"])
def test_freezing_before_building(when):
    layer = layers.Dense(2, trainable=when != "init")
    layer.trainable = False
    layer.build((None, 3))
    assert not any(p.requires_grad for p in layer.parameters())
    assert len(layer.non_trainable_weights) == 2


def test_weights_made_in_a_frozen_layer_are_frozen():
    layer = layers.Layer(trainable=False)
    weight = layer.add_weight((1,))
    assert layer.trainable_weights == []
    assert not weight.value.requires_grad


def test_untrained_weights_stay_so():
    layer = layers.BatchNormalization()
    layer.build((None, 2))
    layer.trainable = False
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert not layer.moving_mean.value.requires_grad


def test_torch_sees_what_is_frozen():
    model = torchkeras.Sequential([layers.Dense(2), layers.Dense(1)])
    model(torch.ones(1, 3))
    model.layers[0].trainable = False
    model(torch.ones(1, 3)).sum().backward()
    assert [p.grad is None for p in model.parameters()] == [True, True, False, False]


def test_torch_params_name_the_parameters(dense):
    assert {key: tuple(p.shape) for key, p in dense.torch_params.items()} == {
        "d/kernel": (2, 3),
        "d/bias": (2,),
    }


class Tied(layers.Layer):
    """A layer that reads, masks and writes the kernel of another one, stored in torch's shape."""

    def __init__(self, other):
        super().__init__()
        self.other = other

    def call(self, inputs):
        self.other.kernel.assign(self.other.kernel * 0.5)
        return inputs + torchkeras.ops.sum(self.other.kernel)


@pytest.mark.parametrize("make", [lambda: layers.Dense(4), lambda: layers.Conv1D(4, 1)])
def test_kernels_are_read_and_written_by_calls_on_symbols(make):
    other = make()
    symbols = torchkeras.Input((5, 3))
    hidden = other(symbols)
    before = other.get_weights()[0]
    model = torchkeras.Model(symbols, Tied(other)(hidden))
    np.testing.assert_array_equal(other.get_weights()[0], before)
    model(np.ones((1, 5, 3)))
    np.testing.assert_allclose(other.get_weights()[0], before / 2)
