"""Weights have Keras's names, paths, shapes and order, and travel both ways."""

import numpy as np
import pytest

import torchkeras
from tests import oracle


def described(layer):
    return [(v.name, v.path, tuple(v.shape), v.dtype, v.trainable) for v in layer.weights]


@pytest.fixture
def pair(row):
    return [oracle.kept(row, package) for package in oracle.PACKAGES]


def test_names_shapes_and_dtypes_equal_keras(pair):
    ours, theirs = pair
    assert described(ours) == described(theirs)


@pytest.mark.parametrize("which", ["trainable_weights", "non_trainable_weights", "variables"])
def test_lists_equal_keras(pair, which):
    ours, theirs = ([v.path for v in getattr(layer, which)] for layer in pair)
    assert ours == theirs


def test_symbolic_build_gives_the_same_names(row):
    from .test_symbolic import symbols

    layers = []
    for package in oracle.PACKAGES:
        layers.append(oracle.make(row, package))
        args, kwargs = symbols(row, package, 0)
        layers[-1](*args, **kwargs)
    assert described(layers[0]) == described(layers[1])


def test_travel_both_ways(row):
    ours, theirs = (oracle.built(row, package) for package in oracle.PACKAGES)
    values = oracle.random_weights(theirs, row.rng())
    ours.set_weights(values)
    theirs.set_weights(ours.get_weights())
    for before, after in zip(values, oracle.weights_of(theirs), strict=True):
        np.testing.assert_array_equal(before, after)


def test_wrong_shape_is_refused_and_changes_nothing(row):
    if not oracle.kept(row, torchkeras).weights:
        pytest.skip("has no weights")
    layer = oracle.built(row, torchkeras)
    before = layer.get_weights()
    with pytest.raises(ValueError, match="shape"):
        layer.set_weights([*(np.zeros_like(value) for value in before[:-1]), np.zeros((7, 7, 7))])
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_count_equals_keras(pair):
    ours, theirs = pair
    assert ours.count_params() == theirs.count_params()
