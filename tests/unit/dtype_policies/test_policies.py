"""Dtype policies have Keras's names, dtypes, equality and configs."""

import copy
import inspect
import pickle

import keras
import ml_dtypes
import numpy as np
import pytest
import torch

from torchkeras import dtype_policies, initializers, mixed_precision
from torchkeras._base import settings
from torchkeras._state.variable import Variable
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.dtype_policies.policy import keep_global

NAMES = """
    float32 float16 bfloat16 float64 mixed_float16 mixed_bfloat16 int8_from_float32
    int8_from_mixed_bfloat16 float8_from_mixed_float16 int4_from_float32 int4/-1_from_float32
    int4/128_from_mixed_bfloat16 gptq/4/128_from_float32 gptq/8/-1_from_float16
    awq/4/64_from_float32
""".split()
PROPERTIES = "name compute_dtype variable_dtype quantization_mode".split()


@pytest.fixture(autouse=True)
def untouched_global_policy():
    yield
    keep_global(None)
    settings.set_floatx("float32")


@pytest.mark.parametrize("name", NAMES)
def test_policy_has_keras_properties_and_config(name):
    ours, theirs = dtype_policies.get(name), keras.dtype_policies.get(name)
    assert [getattr(ours, p) for p in PROPERTIES] == [getattr(theirs, p) for p in PROPERTIES]
    assert repr(ours) == repr(theirs)
    assert dtype_policies.serialize(ours) == keras.dtype_policies.serialize(theirs)


@pytest.mark.parametrize("name", NAMES)
def test_policy_comes_back_from_its_config_and_copies(name):
    policy = dtype_policies.get(name)
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy
    assert dtype_policies.get(dtype_policies.serialize(policy)) == policy
    for made in (copy.deepcopy(policy), pickle.loads(pickle.dumps(policy))):
        assert made == policy
        assert hash(made) == hash(policy)


def test_equality_is_keras():
    def relations(library):
        policies = [library.get(name) for name in NAMES]
        policies += [library.FloatDTypePolicy("float32")]
        policies += [library.QuantizedFloat8DTypePolicy("float8", "mixed_float16", 3)]
        return [[one == other for other in policies] for one in policies]

    assert relations(dtype_policies) == relations(keras.dtype_policies)
    assert dtype_policies.DTypePolicy("float32") != "float32"


@pytest.mark.parametrize("dtype", [torch.float16, np.float16, np.dtype("float16"), "float16"])
def test_dtypes_of_libraries_are_taken(dtype):
    assert dtype_policies.get(dtype) == dtype_policies.DTypePolicy("float16")
    assert dtype_policies.get(ml_dtypes.bfloat16).name == "bfloat16"


def test_global_policy_is_that_of_whoever_is_given_none():
    assert mixed_precision.dtype_policy().name == "float32"
    mixed_precision.set_dtype_policy("mixed_bfloat16")
    assert dtype_policies.get(None).name == "mixed_bfloat16"
    assert dtype_policies.DTypePolicy().compute_dtype == "bfloat16"
    assert dtype_policies.QuantizedDTypePolicy("int8").name == "int8_from_mixed_bfloat16"
    assert dtype_policies.Int4DTypePolicy("int4/8").name == "int4/8_from_mixed_bfloat16"


def test_global_policy_may_be_an_object_or_quantized():
    policy = dtype_policies.DTypePolicy("float16")
    mixed_precision.set_global_policy(policy)
    assert mixed_precision.global_policy() is policy
    mixed_precision.set_global_policy("int8_from_float32")
    assert mixed_precision.global_policy().quantization_mode == "int8"


def test_floatx_settles_the_global_policy_at_first_use_as_in_keras():
    settings.set_floatx("float64")
    assert dtype_policies.get(None).name == "float64"
    settings.set_floatx("float16")
    assert dtype_policies.get(None).name == "float64"


def test_mixed_precision_has_the_names_of_keras():
    wanted = [name for name in dir(keras.mixed_precision) if not name.startswith("_")]
    assert {*wanted} - {"LossScaleOptimizer"} <= {*dir(mixed_precision)}
    assert mixed_precision.Policy is dtype_policies.DTypePolicy


@pytest.mark.parametrize("autocast", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2),
        torch.ones(2, dtype=torch.int32),
        torch.ones(2, dtype=torch.float16),
        np.ones(2),
        "text",
        None,
    ],
    ids=str,
)
def test_inputs_are_cast_as_in_keras(value, autocast):
    ours, theirs = (
        library.DTypePolicy("float16").convert_input(value, autocast, "float16")
        for library in (dtype_policies, keras.dtype_policies)
    )
    assert type(ours) is type(theirs)
    assert getattr(ours, "dtype", None) == getattr(theirs, "dtype", None)


def test_symbols_and_variables_are_cast():
    policy = dtype_policies.DTypePolicy("bfloat16")
    assert policy.convert_input(KerasTensor((None, 2)), True, "bfloat16").dtype == "bfloat16"
    assert policy.convert_input(KerasTensor((2,), "int32"), True, "bfloat16").dtype == "int32"
    assert policy.convert_input(Variable([1.0]), True, "bfloat16").dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: dtype_policies.DTypePolicy(3), TypeError, r"`name` must be a string.*3.*int"),
        (
            lambda: dtype_policies.get("mixed_float15"),
            ValueError,
            r"`name` must be 'mixed_float16'.*'mixed_float15'.*mean 'mixed_float16'\?",
        ),
        (lambda: dtype_policies.get(3), ValueError, r"`dtype` must be the name.*3 \(of type int\)"),
        (lambda: dtype_policies.get("int8"), ValueError, r"written '<mode>_from_<policy>'.*'int8'"),
        (lambda: dtype_policies.get("int8_from_float31"), ValueError, "'float31'.*mean 'float32'"),
        (lambda: dtype_policies.get("int8_from_float16"), ValueError, "loses too much.*'float16'"),
        (lambda: dtype_policies.get("int4/0_from_float32"), ValueError, "must be -1.*0 in mode"),
        (
            lambda: dtype_policies.get("int4/x_from_float32"),
            ValueError,
            "written 'int4/<block_size>",
        ),
        (lambda: dtype_policies.get("gptq/5/8_from_float32"), ValueError, "`weight_bits` must be"),
        (lambda: dtype_policies.get("gptq/4_from_float32"), ValueError, "written 'gptq/<weight_b"),
        (lambda: dtype_policies.get("awq/8/8_from_float32"), ValueError, "`weight_bits` must be"),
        (
            lambda: dtype_policies.QuantizedDTypePolicy("int7", "float32"),
            ValueError,
            "`mode` must be one of 'int8'.*'int7'",
        ),
        (
            lambda: dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", 1.5),
            TypeError,
            r"`amax_history_length` must be an integer.*1\.5",
        ),
        (lambda: mixed_precision.set_dtype_policy(None), ValueError, "`policy` must be the name"),
        (
            lambda: dtype_policies.get(initializers.serialize(initializers.Zeros())),
            ValueError,
            "`dtype` must be the config of a `DTypePolicy`.*Zeros",
        ),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "name", [name for name in dir(keras.dtype_policies) if not name.startswith("_")]
)
def test_signature_equals_keras(name):
    ours, theirs = getattr(dtype_policies, name), getattr(keras.dtype_policies, name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
