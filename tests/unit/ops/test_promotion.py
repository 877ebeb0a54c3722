"""The dtype of a result, for every pair of dtypes that go in."""

import warnings

import keras
import numpy as np
import pytest
import torch

from torchkeras import ops
from torchkeras._base.dtypes import NAMES, to_torch

DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()
BINARY = (
    "add subtract multiply divide maximum minimum fmax fmin mod fmod floor_divide power arctan2 "
    "hypot logaddexp logaddexp2 divide_no_nan equal less logical_and isclose matmul dot inner "
    "tensordot outer kron append where heaviside isin correlate"
).split()
UNARY = (
    "abs fabs sign square sqrt cbrt exp exp2 log log1p sin arctan sinc floor ceil trunc round "
    "isnan sum mean var std prod max min any all argmax argmin median ptp cumsum cumprod sort "
    "argsort nansum nanmean nanvar nanprod nanmax nanmedian count_nonzero average diff vander i0 "
    "deg2rad reciprocal negative logical_not signbit tanh trapezoid corrcoef quantile"
).split()
# In 64 bits goes in, 64 bits come out; where floats are needed, whole numbers are `floatx()`.
WIDE = {"int64", "float64"}


def called(package, name, *tensors):
    """The function's result, or None if it refuses the dtypes."""
    function = getattr(package.ops if package is keras else package, name)
    extra = {"where": (torch.tensor([True]),), "quantile": ()}.get(name, ())
    after = (0.5,) if name == "quantile" else (1,) if name == "tensordot" else ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*extra, *tensors, *after)
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return None


def result_dtype(package, name, *tensors):
    result = called(package, name, *tensors)
    return None if result is None else NAMES[result.dtype]


def vector(dtype):
    return torch.tensor([1, 2], dtype=to_torch(dtype))


@pytest.mark.parametrize("name", BINARY)
def test_pairs_give_the_dtype_of_keras(name):
    wrong = []
    for first in DTYPES:
        for second in DTYPES:
            expected = result_dtype(keras, name, vector(first), vector(second))
            found = result_dtype(ops, name, vector(first), vector(second))
            if expected not in (None, found) and not WIDE & {first, second}:
                wrong.append((first, second, found, expected))
    assert wrong == []


@pytest.mark.parametrize("name", UNARY)
def test_one_tensor_gives_the_dtype_of_keras(name):
    shape = (2, 2) if name == "corrcoef" else (4,)
    wrong = []
    for dtype in set(DTYPES) - WIDE:
        x = torch.ones(shape, dtype=to_torch(dtype))
        expected, found = result_dtype(keras, name, x), result_dtype(ops, name, x)
        if expected not in (None, found):
            wrong.append((dtype, found, expected))
    assert wrong == []


@pytest.mark.parametrize("name", "add multiply divide maximum floor_divide less mod power".split())
@pytest.mark.parametrize("number", [True, 2, 2.5])
@pytest.mark.parametrize("dtype", sorted(set(DTYPES) - WIDE))
def test_a_number_gives_way_as_in_keras(name, number, dtype):
    for shape in ((2,), ()):
        x = torch.ones(shape, dtype=to_torch(dtype))
        for given in ((x, number), (number, x)):
            expected = result_dtype(keras, name, *given)
            assert expected is None or result_dtype(ops, name, *given) == expected, given


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_64_bits_stay(dtype):
    x = vector(dtype)
    for name in "add maximum matmul cumsum floor_divide sort take".split():
        arguments = (x, torch.tensor([0, 1])) if name == "take" else (x, x)
        arguments = (x,) if name in ("cumsum", "sort") else arguments
        assert NAMES[getattr(ops, name)(*arguments).dtype] == dtype
    assert keras.ops.maximum(x, x).dtype != x.dtype


@pytest.mark.parametrize("name", "sqrt cbrt mean hypot i0 deg2rad corrcoef correlate".split())
def test_whole_numbers_of_64_bits_become_floatx(name):
    x = torch.ones(2, 2, dtype=torch.int64) if name == "corrcoef" else vector("int64")
    arguments = (x, x) if name in ("hypot", "correlate") else (x,)
    assert getattr(ops, name)(*arguments).dtype == torch.float32


def test_float64_statistics_are_computed_in_float64():
    x = torch.tensor([1e8, 1e8 + 1, 1e8 + 2], dtype=torch.float64)
    assert ops.var(x).dtype == torch.float64
    np.testing.assert_allclose(ops.var(x).item(), 2 / 3)


def test_einsum_widens_bytes_only_among_themselves():
    small, flag = torch.ones(2, dtype=torch.int8), torch.ones(2, dtype=torch.bool)
    assert ops.einsum("i,i->", small, small).dtype == torch.int32
    assert ops.einsum("i,i->", small, flag).dtype == torch.int8
