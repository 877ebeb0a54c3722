"""Quantizers give Keras's numbers."""

import itertools

import keras
import numpy as np
import pytest
import torch

from torchkeras import Input, Quantizer, quantizers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras
MODULES = (quantizers, keras.quantizers)
X = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
LATER = {
    "AWQConfig", "Float8QuantizationConfig", "GPTQConfig", "Int4QuantizationConfig",
    "Int8QuantizationConfig", "QuantizationConfig", "abs_max_quantize_grouped_with_zero_point",
}  # fmt: skip


def equal(results, **tolerance):
    mine, oracle = ([np.asarray(x.detach()) for x in result] for result in results)
    for ours, theirs in zip(mine, oracle, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, **tolerance)


def test_every_public_name_is_there():
    names = {name for name in dir(keras.quantizers) if not name.startswith("_")}
    assert {name for name in names if not hasattr(quantizers, name)} == LATER
    assert Quantizer is quantizers.Quantizer


@pytest.mark.parametrize("axis", [-1, 0, (0, 2), [1]])
@pytest.mark.parametrize("to_numpy", [False, True])
@pytest.mark.parametrize("value_range", [(-127, 127), (-8, 7)])
def test_abs_max(axis, to_numpy, value_range):
    options = {"value_range": value_range, "to_numpy": to_numpy}
    equal([m.abs_max_quantize(torch.tensor(X), axis, **options) for m in MODULES], rtol=1e-6)
    made = [m.AbsMaxQuantizer(axis=axis, value_range=value_range) for m in MODULES]
    equal([quantizer(torch.tensor(X)) for quantizer in made], rtol=1e-6)
    assert made[0].get_config() == made[1].get_config()


def test_zeros_stay_and_symbols_are_taken():
    whole, scale = quantizers.abs_max_quantize(torch.zeros(2, 3), axis=-1)
    assert (whole == 0).all()
    assert scale.isfinite().all()
    whole, scale = quantizers.abs_max_quantize(Input((3,)), axis=-1)
    assert (whole.shape, whole.dtype, scale.shape) == ((None, 3), "int8", (None, 1))


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("shape", [(4, 3), (5, 3), (3, 4, 5), (7,)])
def test_int4(dtype, shape):
    low = -8 if dtype == "int8" else 0
    numbers = np.random.default_rng(1).integers(low, low + 16, shape).astype(dtype)
    for axis in range(-1, len(shape)):
        results = [m.pack_int4(torch.tensor(numbers), axis, dtype) for m in MODULES]
        assert results[0][1:] == results[1][1:]
        equal([result[:1] for result in results])
        packed, _, size = results[0]
        again = quantizers.unpack_int4(packed, size, axis, dtype)
        np.testing.assert_array_equal(again.numpy(), numbers)
        equal([[m.unpack_int4(packed, size, axis, dtype)] for m in MODULES])


@pytest.mark.parametrize("amax", [0.0, 3.0, np.inf, np.nan])
def test_float8_scale(amax):
    for margin in (0, 2):
        arguments = torch.tensor(amax), torch.tensor(0.5), 448.0, margin
        equal([[m.compute_float8_scale(*arguments)] for m in MODULES])


def test_float8_history():
    history = torch.tensor([1.0, 2.0, 3.0])
    equal([[m.compute_float8_amax_history(torch.tensor(X), history)] for m in MODULES])
    assert history.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_there_and_back(dtype):
    x = torch.tensor(X) * 300
    for scale in (1.0, 0.1):
        arguments = x, torch.tensor(scale), dtype, "float32"
        equal([[m.quantize_and_dequantize(*arguments)] for m in MODULES])


LIMITS = [(-1.0, 1.0), (0.0, 2.0), (-3.0, -1.0), (np.linspace(-2, -1, 4), np.linspace(1, 3, 4))]


@pytest.mark.parametrize("limits", LIMITS)
def test_fake(limits):
    for num_bits, narrow in itertools.product((8, 4, 2), (False, True)):
        results = []
        for module in MODULES:
            x = torch.tensor(X, requires_grad=True)
            low, high = (torch.tensor(v, dtype=torch.float32, requires_grad=True) for v in limits)
            axis = None if low.ndim == 0 else 2
            y = module.fake_quant_with_min_max_vars(x, low, high, num_bits, narrow, axis)
            (y * torch.arange(4.0)).sum().backward()
            results.append([y, x.grad, low.grad, high.grad])
        equal(results, rtol=1e-5, atol=1e-6)


def test_lookup():
    made = quantizers.AbsMaxQuantizer(axis=0)
    assert quantizers.deserialize(quantizers.serialize(made)).get_config() == made.get_config()
    again = quantizers.deserialize(keras.quantizers.serialize(keras.quantizers.AbsMaxQuantizer(0)))
    assert again.axis == (0,)
    assert isinstance(quantizers.get("AbsMaxQuantizer"), quantizers.AbsMaxQuantizer)
    assert quantizers.get("abs_max_quantizer", axis=1).axis == (1,)
    assert quantizers.get(None) is None
    assert quantizers.get(made) is made
    with pytest.raises(ValueError, match=r"Did you mean 'abs_max_quantizer'"):
        quantizers.get("abs_max_quantiser")


def test_errors():
    with pytest.raises(ValueError, match=r"`value_range` must lie within \[-128, 127\]"):
        quantizers.AbsMaxQuantizer(value_range=(-200, 200))
    with pytest.raises(TypeError, match="`arr` must have the dtype 'int8'"):
        quantizers.pack_int4(torch.zeros(2))
    with pytest.raises(TypeError, match="`packed` must hold bytes"):
        quantizers.unpack_int4(torch.zeros(2), 4)
    with pytest.raises(ValueError, match="`dtype` must be one of"):
        quantizers.pack_int4(torch.zeros(2, dtype=torch.int8), dtype="int4")
    with pytest.raises(ValueError, match="`quantized_dtype` must be one of"):
        quantizers.quantize_and_dequantize(torch.ones(2), 1.0, "float7", "float32")
    with pytest.raises(NotImplementedError, match="`Quantizer` must define `get_config`"):
        Quantizer().get_config()
