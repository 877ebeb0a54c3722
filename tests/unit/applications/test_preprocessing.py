"""`preprocess_input`: Keras's numbers, for arrays in place, tensors and symbols."""

from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests.oracle import numpy
from torchkeras import applications
from torchkeras.applications import imagenet_utils

MODES = ("caffe", "tf", "torch")
SHAPES = {"channels_last": [(2, 4, 5, 3), (4, 5, 3)], "channels_first": [(2, 3, 4, 5), (3, 4, 5)]}
CASES = [(mode, form, shape) for mode in MODES for form in SHAPES for shape in SHAPES[form]]
MODULES = [m for m in dir(keras.applications) if m == m.lower() and not m.startswith("_")]


def theirs(x: Any, data_format: str | None, mode: str) -> Any:
    return keras.applications.imagenet_utils.preprocess_input(x, data_format, mode)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize(("mode", "form", "shape"), CASES)
def test_arrays(
    mode: str, form: str, shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    x = rng.integers(0, 256, shape).astype(dtype)
    ours, oracle = x.copy(), x.copy()
    mine = imagenet_utils.preprocess_input(ours, form, mode)
    expected = theirs(oracle, form, mode)
    assert mine.dtype == expected.dtype
    np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(ours, oracle)  # what was written over
    assert np.shares_memory(mine, ours) == np.shares_memory(expected, oracle)


@pytest.mark.parametrize(("mode", "form", "shape"), CASES)
def test_tensors_are_left_alone(
    mode: str, form: str, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    x = rng.integers(0, 256, shape).astype(np.uint8)
    expected = theirs(x.astype(np.float32), form, mode)
    for tensor in (torch.tensor(x), torch.tensor(x).float()):
        before = tensor.clone()
        mine = imagenet_utils.preprocess_input(tensor, form, mode)
        assert mine.dtype == torch.float32
        np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-5)
        assert torch.equal(tensor, before)


@pytest.mark.parametrize("mode", MODES)
def test_symbols(mode: str, rng: np.random.Generator) -> None:
    image = torchkeras.Input((4, 5, 3))
    model = torchkeras.Model(image, imagenet_utils.preprocess_input(image, mode=mode))
    x = rng.uniform(0, 255, (2, 4, 5, 3)).astype(np.float32)
    expected = theirs(x.copy(), None, mode)
    np.testing.assert_allclose(numpy(model(x)), expected, rtol=1e-6, atol=1e-5)
    again = torchkeras.Model.from_config(model.get_config())
    np.testing.assert_allclose(numpy(again(x)), expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_keras_mode(name: str, rng: np.random.Generator) -> None:
    x = rng.uniform(0, 255, (1, 2, 2, 3))
    expected = getattr(keras.applications, name).preprocess_input(x.copy())
    mine = getattr(applications, name).preprocess_input(x.copy())
    np.testing.assert_array_equal(mine, expected)


def test_wrong_arguments_are_named() -> None:
    x = np.zeros((1, 2, 2, 3))
    with pytest.raises(ValueError, match="`mode` must be one of 'caffe', 'tf', 'torch'"):
        imagenet_utils.preprocess_input(x, mode="caffee")
    with pytest.raises(ValueError, match="`data_format` must be one of"):
        applications.vgg16.preprocess_input(x, "NHWC")
