"""Arrays in configs: numbers alone, of no more bytes than the config has of them."""

import json

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras.saving import deserialize_keras_object, serialize_keras_object


def array(value, dtype, kind="__numpy__"):
    return {"class_name": kind, "config": {"value": value, "dtype": dtype}}


DTYPES = [
    "U500000000", "S500000000", "V500000000", "<U9999999", "str16", "(9999,9999)f4",
    "f4,(9999,99)f4", [["a", "(9999,9999)f4"]], {"names": ["a"], "formats": ["O"]},
    "datetime64[s]", "M8", None, 3, True,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", ["__numpy__", "__tensor__"])
def test_no_dtype_makes_more_of_it(dtype, kind):
    with pytest.raises(ValueError, match=r"config of an array has dtype=.*must be one of.*float32"):
        deserialize_keras_object(array([1], dtype, kind))


@pytest.mark.parametrize("name", ["load", "hub", "ops", "Tensor", "os", "__class__"])
def test_the_dtype_of_a_tensor_is_no_attribute(name):
    with pytest.raises(ValueError, match="config of an array"):
        deserialize_keras_object(array([1.0], name, "__tensor__"))


@pytest.mark.parametrize("value", [["a"], [[1], [2, 3]], {"a": 1}, "1" * 5000, None])
@pytest.mark.parametrize("kind", ["__numpy__", "__tensor__"])
def test_values_that_are_none(value, kind):
    layer = {"class_name": "Rescaling", "config": {"scale": array(value, "int32", kind)}}
    text = json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})
    with pytest.raises((ValueError, TypeError), match="json_string"):
        torchkeras.models.model_from_json(text)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "complex64"])
def test_good_ones_are_read(dtype):
    values = np.array([[1, 0], [1, 1]], dtype)
    read = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(values.real))))
    np.testing.assert_array_equal(read, values.real, strict=True)
    tensor = torch.from_numpy(values.real.copy())
    read = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(tensor))))
    assert torch.equal(read, tensor)
    assert read.dtype == tensor.dtype


def test_bytes_that_are_no_text_cannot_be_written():
    """YAML may bring them into a config."""
    with pytest.raises(ValueError, match=r"b'\\x9e' into a config: it is no UTF-8"):
        torchkeras.saving.serialize_keras_object({"name": b"\x9e"})
