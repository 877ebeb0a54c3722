"""The names of `keras.backend`."""

import inspect
import itertools

import keras
import pytest

import torchkeras
from torchkeras import backend
from torchkeras._base.naming import reset_names

DTYPES = (
    "bool uint8 uint16 uint32 int8 int16 int32 int64 bfloat16 float16 float32 float64 complex64"
).split()


def test_every_name_of_keras_is_there():
    public = {name for name in dir(keras.backend) if not name.startswith("_")}
    assert public - set(dir(backend)) == set()


@pytest.mark.parametrize("name", ["get_uid", "is_float_dtype", "is_int_dtype", "result_type"])
def test_signatures_equal_keras(name):
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(backend, name), getattr(keras.backend, name))
    )
    assert ours == theirs


@pytest.mark.parametrize("dtype", [*DTYPES, "float8_e4m3fn", int, "int", str, float, None])
def test_kinds_of_dtypes_equal_keras(dtype):
    assert backend.is_float_dtype(dtype) == keras.backend.is_float_dtype(dtype)
    assert backend.is_int_dtype(dtype) == keras.backend.is_int_dtype(dtype)
    assert backend.standardize_dtype(dtype) == keras.backend.standardize_dtype(dtype)


def test_promotion_equals_keras():
    for pair in itertools.combinations_with_replacement([*DTYPES, int, float], 2):
        assert backend.result_type(*pair) == keras.backend.result_type(*pair), pair


def test_names_are_counted_together():
    reset_names()
    assert [backend.get_uid("dense"), backend.get_uid("dense")] == [1, 2]
    assert torchkeras.layers.Dense(1).name == "dense_2"
    assert backend.get_uid("dense") == 4
