"""Shapes and dtypes of symbols are those of the tensors that come later, and Keras's."""

import contextlib

import keras
import pytest

import torchkeras
from tests import oracle
from torchkeras import tree


def symbols(row, package, unknown=None):
    """Return a row's arguments as symbols; axis number `unknown` has no size."""

    def make(array):
        shape = tuple(array.shape)
        if unknown is not None and len(shape) > unknown:
            shape = (*shape[:unknown], None, *shape[unknown + 1 :])
        dtype = keras.backend.standardize_dtype(array.dtype)
        return package.KerasTensor(shape, dtype=dtype)

    args, kwargs = oracle.arguments(row)
    return oracle.map_arrays(make, args), oracle.map_arrays(make, kwargs)


def called(row, package, unknown=None):
    """Call a row's layer on symbols, and return the shapes and dtypes that come out."""
    return called_and_built(row, package, unknown)[0]


def called_and_built(row, package, unknown=None):
    """Call a row's layer on symbols; say also for what it was built at birth, and is now."""
    layer = oracle.make(row, package)
    args, kwargs = symbols(row, package, unknown)
    at_birth = layer.built, layer.get_build_config()
    outputs = specs(layer(*args, **kwargs))
    return outputs, at_birth, (layer.built, layer.get_build_config())


def specs(outputs):
    dtype = keras.backend.standardize_dtype
    return tree.map_structure(lambda x: (tuple(x.shape), dtype(x.dtype)), outputs)


def highest_rank(row):
    return max(array.ndim for array in oracle.arrays(oracle.arguments(row)))


def test_equals_eager(row):
    layer = oracle.make(row, torchkeras)
    args, kwargs = oracle.tensors(row, torchkeras)
    assert called(row, torchkeras) == specs(layer(*args, **kwargs))


def test_equals_keras(row):
    assert called_and_built(row, torchkeras) == called_and_built(row, keras)


def test_unknown_batch_equals_keras(row):
    assert called(row, torchkeras, 0) == called(row, keras, 0)


def test_unknown_sizes_equal_keras(row):
    """Wherever Keras can do without a size, so can we."""
    wanted = {}
    for axis in range(1, highest_rank(row)):
        with contextlib.suppress(Exception):
            wanted[axis] = called(row, keras, axis)
    found = {axis: called(row, torchkeras, axis) for axis in wanted}
    assert found == wanted


def test_output_shape_equals_keras(row):
    args, kwargs = oracle.arguments(row)
    if len(args) > 1 or oracle.arrays(kwargs):
        pytest.skip("takes several shapes by name")
    shapes = oracle.map_arrays(lambda array: (None, *array.shape[1:]), args)
    ours, theirs = (
        oracle.make(row, package).compute_output_shape(*shapes) for package in oracle.PACKAGES
    )
    assert as_tuples(ours) == as_tuples(theirs)


def as_tuples(shape):
    """Return a structure of shapes in which lists are tuples."""
    return tuple(as_tuples(item) for item in shape) if isinstance(shape, list | tuple) else shape
