"""Layouts turn torch's tensors into Keras's and back, differentiably."""

import pytest
import torch

from torchkeras._state.layout import (
    SAME,
    TRANSPOSED,
    BlockOrder,
    Depthwise,
    Permuted,
    Reshaped,
    Stacked,
    conv_kernel,
)

# Layout, the shapes of torch's tensors, the shape in Keras.
LAYOUTS = {
    "same": (SAME, [(2, 3)], (2, 3)),
    "transposed": (TRANSPOSED, [(3, 2)], (2, 3)),
    "permuted": (Permuted((2, 0, 1)), [(3, 4, 2)], (2, 3, 4)),
    "conv1d": (conv_kernel(1), [(5, 4, 3)], (3, 4, 5)),
    "conv2d": (conv_kernel(2), [(5, 4, 3, 2)], (3, 2, 4, 5)),
    "conv3d": (conv_kernel(3), [(5, 4, 1, 2, 3)], (1, 2, 3, 4, 5)),
    "split": (Reshaped(TRANSPOSED, (4, 6), (4, 2, 3)), [(6, 4)], (4, 2, 3)),
    "merged": (Reshaped(SAME, (2, 3, 4), (6, 4)), [(2, 3, 4)], (6, 4)),
    "depthwise1d": (Depthwise(4), [(8, 1, 3)], (3, 4, 2)),
    "depthwise2d": (Depthwise(4), [(8, 1, 3, 5)], (3, 5, 4, 2)),
    "blocks": (BlockOrder(TRANSPOSED, (1, 0, 2)), [(6, 4)], (4, 6)),
    "stacked": (Stacked(), [(3,), (3,)], (2, 3)),
    "stacked blocks": (BlockOrder(Stacked(), (2, 0, 1)), [(6,), (6,)], (2, 6)),
}
VIEWS = [name for name, (layout, *_) in LAYOUTS.items() if layout.is_view]


def parts_of(name):
    torch.manual_seed(0)
    return [torch.randn(shape, requires_grad=True) for shape in LAYOUTS[name][1]]


@pytest.mark.parametrize("name", LAYOUTS)
def test_shape_in_keras(name):
    layout, _, shape = LAYOUTS[name]
    assert tuple(layout.to_keras(*parts_of(name)).shape) == shape


@pytest.mark.parametrize("name", LAYOUTS)
def test_there_and_back(name):
    layout, parts = LAYOUTS[name][0], parts_of(name)
    back = layout.to_torch(layout.to_keras(*parts))
    assert len(back) == len(parts)
    assert all(torch.equal(a, b) for a, b in zip(back, parts, strict=True))


@pytest.mark.parametrize("name", LAYOUTS)
def test_back_and_there(name):
    layout, _, shape = LAYOUTS[name]
    value = torch.randn(shape)
    assert torch.equal(layout.to_keras(*layout.to_torch(value)), value)


@pytest.mark.parametrize("name", LAYOUTS)
def test_gradient_lies_as_the_value(name):
    layout, parts = LAYOUTS[name][0], parts_of(name)
    shown = layout.to_keras(*parts)
    weight = torch.randn(shown.shape)
    (shown * weight).sum().backward()
    assert torch.equal(layout.to_keras(*[part.grad for part in parts]), weight)


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory(name):
    layout, parts = LAYOUTS[name][0], parts_of(name)
    with torch.no_grad():
        layout.to_keras(*parts).fill_(7)
    assert all((part == 7).all() for part in parts)


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - set(VIEWS)))
def test_gathered_layouts_say_that_they_are_no_views(name):
    layout, parts = LAYOUTS[name][0], parts_of(name)
    with torch.no_grad():
        layout.to_keras(*parts).fill_(7)
    assert not any((part == 7).any() for part in parts)


def test_depthwise_channels_are_major():
    layout = Depthwise(2)
    kernel = torch.arange(6.0).reshape(6, 1, 1)  # in * multiplier
    assert layout.to_keras(kernel).tolist() == [[[0, 1, 2], [3, 4, 5]]]


def test_blocks_are_reordered():
    layout = BlockOrder(SAME, (1, 0, 2))
    assert layout.to_keras(torch.arange(6)).tolist() == [2, 3, 0, 1, 4, 5]
    (back,) = layout.to_torch(torch.tensor([2, 3, 0, 1, 4, 5]))
    assert back.tolist() == [0, 1, 2, 3, 4, 5]
