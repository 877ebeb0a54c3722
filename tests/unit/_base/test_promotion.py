"""Keras's table of result dtypes, every pair of it."""

import itertools

import keras
import pytest

import torchkeras
from torchkeras._base.promotion import result_type

DTYPES = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128"
).split()


@pytest.fixture(params=["float32", "float16"])
def floatx(request):
    for module in (keras, torchkeras):
        module.config.set_floatx(request.param)
    yield
    for module in (keras, torchkeras):
        module.config.set_floatx("float32")


def test_every_pair_gives_the_dtype_of_keras(floatx):
    kinds = [*DTYPES, int, float, bool, complex, None]
    for given in [(), *itertools.product(kinds), *itertools.product(kinds, kinds)]:
        assert result_type(*given) == keras.backend.result_type(*given), given


def test_three_dtypes_meet_in_one():
    assert result_type("int8", "uint8", float) == "float32"
    assert result_type("float16", "bfloat16", "int32") == "float32"


def test_float8_is_never_converted_implicitly():
    with pytest.raises(ValueError, match="float8_e4m3fn is never converted implicitly"):
        result_type("float8_e4m3fn", "float32")
