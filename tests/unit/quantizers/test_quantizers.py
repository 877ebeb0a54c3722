"""Quantizers give Keras's numbers."""

import itertools

import keras
import numpy as np
import pytest
import torch

from torchkeras import Input, Quantizer, quantizers, saving

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras
MODULES = (quantizers, keras.quantizers)
X = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")


def equal(results, **tolerance):
    mine, oracle = ([np.asarray(x.detach()) for x in result] for result in results)
    for ours, theirs in zip(mine, oracle, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, **tolerance)


def test_every_public_name_is_there():
    names = {name for name in dir(keras.quantizers) if not name.startswith("_")}
    assert {name for name in names if not hasattr(quantizers, name)} == set()
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


@pytest.mark.parametrize("to_numpy", [False, True])
@pytest.mark.parametrize("block_size", [1, 3, 4, 5, 8, 100])
@pytest.mark.parametrize("value_range", [(-8, 7), (-128, 127), (-7, 7)])
def test_grouped(to_numpy, block_size, value_range):
    x = torch.tensor(np.random.default_rng(2).normal(size=(8, 5)).astype("float32") + 0.5)
    x[:, 0] = 0.0
    options = {"value_range": value_range, "to_numpy": to_numpy}
    name = "abs_max_quantize_grouped_with_zero_point"
    equal([getattr(m, name)(x, block_size, **options) for m in MODULES], rtol=1e-6)


CONFIGS = {
    "int8": ("Int8QuantizationConfig", {}),
    "int8-inputs_stay": ("Int8QuantizationConfig", {"activation_quantizer": None}),
    "int4": ("Int4QuantizationConfig", {}),
    "int4-whole": ("Int4QuantizationConfig", {"block_size": None}),
    "float8": ("Float8QuantizationConfig", {}),
    "gptq": ("GPTQConfig", {"dataset": ["a"], "tokenizer": str.split, "symmetric": True}),
    "awq": ("AWQConfig", {"dataset": ["a"], "tokenizer": str.split, "group_size": -1}),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_configs(case):
    name, arguments = CONFIGS[case]
    ours, theirs = (getattr(m, name)(**arguments) for m in MODULES)
    assert ours.mode == theirs.mode == case.split("-")[0]
    assert ours.get_config() == theirs.get_config()
    again = saving.deserialize_keras_object(saving.serialize_keras_object(ours))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    theirs_again = saving.deserialize_keras_object(keras.saving.serialize_keras_object(theirs))
    assert theirs_again.get_config() == ours.get_config()
    if case in ("gptq", "awq"):
        assert ours.dtype_policy_string() == theirs.dtype_policy_string()


def test_configs_name_quantizers_or_leave_the_default():
    named = quantizers.AbsMaxQuantizer(axis=0)
    config = quantizers.Int8QuantizationConfig(named, None)
    choose = quantizers.QuantizationConfig
    assert choose.weight_quantizer_or_default(config, "default") is named
    assert choose.activation_quantizer_or_default(config, "default") is None
    assert choose.weight_quantizer_or_default(None, "default") == "default"
    assert choose.activation_quantizer_or_default(None, "default") == "default"


NO_DATA = {"dataset": None, "tokenizer": None}
WRONG_CONFIGS = [
    ("Int4QuantizationConfig", {"block_size": 0}, "`block_size` must be None, -1"),
    (
        "Int4QuantizationConfig",
        {"activation_quantizer": quantizers.AbsMaxQuantizer()},
        "do not support custom quantizers",
    ),
    (
        "Int4QuantizationConfig",
        {"weight_quantizer": quantizers.AbsMaxQuantizer(), "block_size": None},
        r"value_range=\(-8, 7\)",
    ),
    (
        "Int8QuantizationConfig",
        {"weight_quantizer": quantizers.AbsMaxQuantizer(output_dtype="int16")},
        "output_dtype='int8'",
    ),
    ("GPTQConfig", {**NO_DATA, "weight_bits": 5}, "`weight_bits` must be one of 2, 3, 4, 8"),
    ("GPTQConfig", {**NO_DATA, "num_samples": 0}, "`num_samples` must be a positive integer"),
    ("GPTQConfig", {**NO_DATA, "hessian_damping": 2}, "must be between 0 and 1"),
    ("AWQConfig", {**NO_DATA, "group_size": 0}, "Invalid group_size"),
    ("AWQConfig", {**NO_DATA, "weight_bits": 8}, "`weight_bits` must be one of 4"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG_CONFIGS)
def test_configs_refuse(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(quantizers, name)(**arguments)
    with pytest.raises(ValueError, match=r"."):
        getattr(keras.quantizers, name)(**arguments)


def test_base_config_has_no_mode():
    with pytest.raises(NotImplementedError, match="Use one of its subclasses"):
        _ = quantizers.QuantizationConfig().mode
