"""A map finds one policy for each path, as Keras's does."""

import keras
import pytest

from torchkeras import dtype_policies
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
    assert "decoder': 'float16'" in repr(policies)


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
