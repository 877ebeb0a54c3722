"""Masks pass through custom layers and subclassed models as they do in Keras."""

import warnings

import keras
import numpy as np
import pytest
import torch
from keras.src.backend import get_keras_mask, set_keras_mask

import torchkeras
from tests import oracle
from torchkeras import layers
from torchkeras._state.masked import mask_of, with_mask

X = torch.arange(12.0).reshape(2, 3, 2)
MASK = torch.tensor([[True, True, False], [True, False, False]])


def masked(package):
    x = X.clone()
    if package is torchkeras:
        return with_mask(x, MASK)
    set_keras_mask(x, MASK)
    return x


def mask(package, y):
    return mask_of(y) if package is torchkeras else get_keras_mask(y)


def make(package, name="Custom", **members):
    return type(name, (package.layers.Layer,), members)()


def same_masks(build):
    """Check that a layer made for both packages gives outputs of the same mask."""
    found = []
    for package in (torchkeras, keras):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = build(package)(masked(package))
        leaves = torchkeras.tree.flatten(out)
        found.append([mask(package, leaf) for leaf in leaves])
    for ours, theirs in zip(*found, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or torch.equal(ours, theirs)
    return found[0]


def identity(self, x):
    return x * 1


def supporting(self):
    super(type(self), self).__init__()
    self.supports_masking = True


# Passing on


def test_masks_end_at_layers_that_do_not_support_them():
    assert same_masks(lambda k: make(k, call=identity)) == [None]


def test_supporting_layers_pass_masks_on():
    (found,) = same_masks(lambda k: make(k, call=identity, __init__=supporting))
    assert torch.equal(found, MASK)


def test_class_attribute_is_enough():
    layer = make(torchkeras, call=identity, supports_masking=True)
    assert torch.equal(mask_of(layer(masked(torchkeras))), MASK)


def test_several_outputs_get_the_mask():
    same_masks(lambda k: make(k, call=lambda self, x: x * 1, __init__=supporting))
    layer = make(
        torchkeras,
        call=lambda self, x: (x * 1, x * 2),
        __init__=supporting,
        compute_mask=lambda self, x, mask: [mask, None],
    )
    first, second = layer(masked(torchkeras))
    assert torch.equal(mask_of(first), MASK)
    assert mask_of(second) is None


def test_warning_for_lost_masks():
    for package in (torchkeras, keras):
        layer = make(package, call=identity)
        with pytest.warns(UserWarning, match=r"was passed an input with a mask|does not support"):
            layer(masked(package))


def test_warning_comes_without_mask_argument_alone():
    layer = make(torchkeras, call=lambda self, x, mask=None: x * 1)
    layer(masked(torchkeras))


def test_no_warning_without_mask(recwarn):
    make(torchkeras, call=identity)(X)
    assert not recwarn


# The `mask` argument


def test_mask_argument_is_filled_in():
    for package in (torchkeras, keras):
        seen = []
        layer = make(
            package,
            call=lambda self, x, mask=None, seen=seen: seen.append(mask) or x * 1,
            __init__=supporting,
        )
        layer(masked(package))
        assert torch.equal(seen[0], MASK)
        layer(X.clone())
        assert seen[1] is None


def test_given_mask_wins():
    seen, other = [], ~MASK
    layer = make(torchkeras, call=lambda self, x, mask=None: seen.append(mask) or x * 1)
    layer(masked(torchkeras), mask=other)
    assert seen[0] is other


def test_given_mask_is_passed_on():
    class Passes(layers.Layer):
        supports_masking = True

        def call(self, x, mask=None):
            return x * 1

    assert torch.equal(mask_of(Passes()(X, mask=MASK)), MASK)


def test_arrays_as_masks():
    seen = []
    layer = make(torchkeras, call=lambda self, x, mask=None: seen.append(mask) or x * 1)
    layer(X.numpy(), mask=MASK.numpy())
    assert torch.equal(seen[0], MASK)


def test_masks_of_several_arguments():
    def call(self, query, value, query_mask=None, value_mask=None):
        self.seen = (query_mask, value_mask)
        return query * 1

    for package in (torchkeras, keras):
        layer = make(package, call=call)
        layer(X.clone(), masked(package))
        assert layer.seen[0] is None
        assert torch.equal(layer.seen[1], MASK)


def test_masks_of_lists():
    def call(self, inputs, mask=None):
        self.seen = mask
        return inputs[0] * 1

    layer = make(torchkeras, call=call)
    layer([masked(torchkeras), X])
    assert torch.equal(layer.seen[0], MASK)
    assert layer.seen[1] is None
    layer([X, X])
    assert layer.seen is None


# `compute_mask`


def test_compute_mask_makes_masks():
    def build(package):
        return make(
            package, call=identity, compute_mask=lambda self, x, mask=None: (x != 0).any(-1)
        )

    (found,) = same_masks(build)
    assert found.shape == (2, 3)


def test_compute_mask_gets_inputs_and_mask():
    def build(package):
        return make(package, call=identity, compute_mask=lambda self, inputs, mask: ~mask)

    (found,) = same_masks(build)
    assert torch.equal(found, ~MASK)


def test_compute_mask_may_end_masks():
    assert same_masks(
        lambda k: make(k, call=identity, compute_mask=lambda self, x, mask=None: None)
    ) == [None]


def test_masks_set_in_call_stay():
    class Sets(layers.Layer):
        supports_masking = True

        def call(self, x):
            return with_mask(x * 1, ~MASK)

    assert torch.equal(mask_of(Sets()(masked(torchkeras))), ~MASK)


def test_default_compute_mask_is_the_previous_one():
    layer = layers.Layer()
    assert layer.compute_mask(X, MASK) is MASK
    assert layer.compute_mask(X, None) is None


# Through whole models

TOKENS = np.array([[1, 2, 0], [3, 0, 0]])


def chain(package):
    class Chain(package.Model):
        def __init__(self):
            super().__init__()
            self.embedding = package.layers.Embedding(5, 4, mask_zero=True)
            self.dropout = package.layers.Dropout(0.5)
            self.dense = package.layers.Dense(4, activation="tanh")
            self.rnn = package.layers.SimpleRNN(3)

        def call(self, tokens):
            return self.rnn(self.dense(self.dropout(self.embedding(tokens))))

    return Chain()


def with_custom(package):
    class Doubles(package.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x):
            return x * 2

    class Averages(package.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def compute_mask(self, x, previous_mask):
            return None

        def call(self, x, mask=None):
            weights = package.ops.cast(mask, "float32")[..., None]
            return package.ops.sum(x * weights, axis=1) / package.ops.sum(weights, axis=1)

    class WithCustom(package.Model):
        def __init__(self):
            super().__init__()
            self.embedding = package.layers.Embedding(5, 4, mask_zero=True)
            self.parts = [Doubles(), Averages()]

        def call(self, tokens):
            x = self.embedding(tokens)
            for part in self.parts:
                x = part(x)
            return x

    return WithCustom()


def sequential(package):
    return package.Sequential(
        [
            package.layers.Embedding(5, 4, mask_zero=True),
            package.layers.Dense(4),
            package.layers.LSTM(3),
        ]
    )


@pytest.mark.parametrize("build", [chain, with_custom, sequential])
def test_masks_in_models_equal_keras(build):
    ours, theirs = build(torchkeras), build(keras)
    ours(TOKENS), theirs(TOKENS)
    ours.set_weights(oracle.weights_of(theirs))
    np.testing.assert_allclose(
        ours(TOKENS).detach().numpy(), theirs(TOKENS).detach().numpy(), atol=1e-6
    )


@pytest.mark.parametrize("build", [chain, with_custom, sequential])
def test_masks_in_compiled_models(build):
    model = build(torchkeras)
    expected = model(TOKENS)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.allclose(compiled(torch.tensor(TOKENS)), expected, atol=1e-6)


def test_symbols_find_no_fault_with_masks():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = torchkeras.Input((3,), dtype="int32")
        y = layers.Embedding(5, 4, mask_zero=True)(x)
        assert make(torchkeras, call=identity)(y).shape == (None, 3, 4)


def added(package):
    class Added(package.layers.Layer):
        def call(self, inputs, mask=None):
            return inputs[0] + inputs[1]

    layer = Added()
    layer.supports_masking = True
    return layer


@pytest.mark.parametrize("package", [torchkeras, keras])
def test_of_the_masks_of_several_inputs_one_output_has_the_first(package):
    y = added(package)([masked(package), X.clone()])
    assert torch.equal(mask(package, y), MASK)
