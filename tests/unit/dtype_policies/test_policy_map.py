"""A map finds one policy for each path, as Keras's does."""

import keras
import numpy as np
import pytest
import torch

from torchkeras import dtype_policies, layers
from torchkeras.dtype_policies import DTypePolicyMap

PATHS = "encoder encoder/dense encoder/deep/dense decoder decoder/dense other".split()


def made(library, default):
    policies = library.DTypePolicyMap(default)
    policies["encoder/dense"] = library.DTypePolicy("bfloat16")
    policies["encoder/deep/.*"] = "float16"
    policies["decoder"] = "int8_from_float32"
    return policies


@pytest.mark.parametrize("default", [None, "float64"])
def test_paths_find_the_policies_of_keras(default):
    ours, theirs = made(dtype_policies, default), made(keras.dtype_policies, default)
    assert [ours[path].name for path in PATHS] == [theirs[path].name for path in PATHS]
    assert list(ours) == list(theirs)
    assert len(ours) == 3
    for attribute in "name compute_dtype variable_dtype quantization_mode".split():
        assert getattr(ours, attribute) == getattr(theirs, attribute)


@pytest.mark.parametrize("default", [None, "float64"])
def test_config_equals_keras_and_comes_back(default):
    ours = dtype_policies.serialize(made(dtype_policies, default))
    assert ours == keras.dtype_policies.serialize(made(keras.dtype_policies, default))
    again = dtype_policies.get(ours)
    assert isinstance(again, DTypePolicyMap)
    expected = made(dtype_policies, default)
    if default is not None:
        assert again == expected
    assert dict(expected)["encoder/dense"].name == "bfloat16"  # writing a config changes nothing


def test_default_policy_may_be_an_object():
    ours = dtype_policies.serialize(DTypePolicyMap(dtype_policies.DTypePolicy("bfloat16")))
    theirs = keras.dtype_policies.DTypePolicyMap(keras.dtype_policies.DTypePolicy("bfloat16"))
    assert ours == keras.dtype_policies.serialize(theirs)
    assert dtype_policies.get(ours).default_policy.name == "bfloat16"


def test_keys_can_be_deleted_but_not_overwritten():
    policies = made(dtype_policies, "float32")
    with pytest.raises(ValueError, match="'decoder' already has the policy"):
        policies["decoder"] = "float16"
    del policies["decoder"]
    assert "decoder" not in policies
    policies["decoder"] = "float16"
    assert policies["decoder"].name == "float16"
    assert "('decoder', 'float16')" in repr(policies)


def test_path_that_matches_two_patterns_is_refused():
    policies = DTypePolicyMap("float32", {"a/.*": dtype_policies.get("float16")})
    policies[".*/b"] = "bfloat16"
    with pytest.raises(
        ValueError, match=r"'a/b' matches more than one key.*\['a/\.\*', '\.\*/b'\]"
    ):
        policies["a/b"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DTypePolicyMap(DTypePolicyMap()), ValueError, "must not be a `DTypePolicyMap`"),
        (lambda: DTypePolicyMap(None, [1]), TypeError, r"`policy_map` must be a dict.*\[1\].*list"),
        (lambda: DTypePolicyMap().__setitem__("a", 3), ValueError, "must be the name of a policy"),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


class Outer(layers.Layer):
    """A layer that hands its policy on."""

    def build(self, input_shape):
        self.inner = layers.Dense(2, dtype=self.dtype_policy, name="inner")
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)


def test_layers_follow_the_policy_of_their_path():
    policies = DTypePolicyMap("float32")
    policies["outer/inner"] = "mixed_bfloat16"
    layer = Outer(dtype=policies, name="outer")
    layer.build((None, 3))
    assert (layer.compute_dtype, layer.inner.compute_dtype) == ("float32", "bfloat16")
    assert (layer.inner.variable_dtype, layer.inner.kernel.dtype) == ("float32", "float32")
    assert layer(np.ones((1, 3), "float32")).dtype is torch.bfloat16


def test_setting_the_policy_of_a_built_layer_writes_into_its_map():
    policies = DTypePolicyMap("float32")
    layer = Outer(dtype=policies, name="outer")
    layer.build((None, 3))
    for policy in ("mixed_bfloat16", "float16"):
        layer.inner.dtype_policy = policy
        assert layer.inner.dtype_policy is policies
        assert policies["outer/inner"].name == policy
        assert layer.inner.compute_dtype == policy.removeprefix("mixed_")


def test_quantizing_writes_into_the_map():
    policies = DTypePolicyMap("float32")
    layer = Outer(dtype=policies, name="outer")
    layer.build((None, 3))
    layer.inner.quantize("int8")
    assert policies["outer/inner"].name == "int8_from_float32"
    assert layer.inner.quantization_mode == "int8"
    assert layer.quantization_mode is None


def test_the_text_of_a_map_is_that_of_keras():
    for library in (dtype_policies, keras.dtype_policies):
        policies = library.DTypePolicyMap()
        policies["encoder/dense"] = library.DTypePolicy("mixed_bfloat16")
        assert "mapping=[('encoder/dense', 'mixed_bfloat16')]" in repr(policies)
