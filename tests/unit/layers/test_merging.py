"""Merging layers, and the functions that stand for them."""

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

FUNCTIONS = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "average": "Average",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "concatenate": "Concatenate",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_equal_layers(name):
    inputs = [torch.randn(2, 3), torch.randn(2, 3)]
    expected = getattr(layers, FUNCTIONS[name])()(inputs)
    torch.testing.assert_close(getattr(layers, name)(inputs), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_make_layers_of_symbols(name):
    first, second = torchkeras.Input((3,)), torchkeras.Input((3,))
    model = torchkeras.Model([first, second], getattr(layers, name)([first, second], name="merged"))
    assert type(model.get_layer("merged")).__name__ == FUNCTIONS[name]


def test_dot_takes_axes_and_normalize():
    x = torch.randn(2, 3)
    cosine = layers.dot([x, x], axes=1, normalize=True)
    torch.testing.assert_close(cosine, torch.ones(2, 1))


def test_arrays_are_merged_too():
    merged = layers.Add()([np.ones((2, 3)), np.ones((2, 3))])
    assert merged.tolist() == [[2.0] * 3] * 2


def test_unknown_sizes_merge_with_known_ones():
    first, second = torchkeras.Input((None, 3)), torchkeras.Input((5, 3))
    assert layers.add([first, second]).shape == (None, None, 3)
    assert layers.concatenate([first, second], axis=-1).shape == (None, None, 6)


def test_other_shapes_are_refused_after_the_first_call():
    layer = layers.Add()
    layer([torch.ones(2, 3), torch.ones(2, 3)])
    with pytest.raises(RuntimeError) as caught:
        layer([torch.ones(2, 3), torch.ones(2, 4)])
    assert "While calling layer 'add" in "".join(caught.value.__notes__)


def test_masks_and_no_masks_in_turn():
    masked = layers.Masking()(torch.tensor([[[1.0], [0.0]]]))
    plain = torch.ones(1, 2, 1)
    layer = layers.Add()
    layer([plain, plain])
    assert layer([masked, masked])._keras_mask.tolist() == [[True, False]]
    assert type(layer([plain, plain])) is torch.Tensor


@pytest.mark.parametrize("name", ["Add", "Concatenate"])
def test_masks_may_be_arrays_and_must_be_a_list(name):
    layer = getattr(layers, name)()
    x = np.ones((2, 4, 5), "float32")
    mask = np.zeros((2, 4), bool)
    assert not layer.compute_mask([x, x], [mask, mask]).any()
    assert layer.compute_mask([x, x], [mask, ~mask]).all()
    for inputs, masks in (([x, x], mask), (x, [None, None]), ([x, x], [None])):
        with pytest.raises(ValueError, match=r"must be a list|must have a mask"):
            layer.compute_mask(inputs, masks)
