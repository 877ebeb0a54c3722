"""A rectifier overwrites what a stock module has returned, and nothing that somebody else holds."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from torchkeras import layers

X = torch.randn(300, 100)
ROWS = torch.randn(2, 50, 8)


def dense():
    layer = layers.Dense(64, activation="relu")
    layer(X)
    return layer


def test_outputs_of_a_stock_module_are_overwritten():
    x = X.clone().requires_grad_()
    assert type(dense()(x).grad_fn.next_functions[0][0]).__name__ == "AddmmBackward0"


@pytest.mark.parametrize("make", [dense, lambda: layers.Conv2D(8, 3, activation="relu")])
def test_hooks_on_the_stock_module_keep_what_they_saw(make):
    layer = make()
    x = X if isinstance(layer, layers.Dense) else torch.randn(2, 9, 9, 2)
    layer(x)
    seen = []
    module = next(layer.children())
    handle = module.register_forward_hook(lambda module, args, y: seen.append(y))
    rectified = layer(x)
    assert seen[0].min() < 0 <= rectified.min()
    handle.remove()
    assert torch.equal(layer(x), rectified)


def test_hooks_on_all_modules_keep_what_they_saw():
    layer, seen = dense(), []
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, args, y: seen.append(y) if isinstance(module, nn.Linear) else None
    )
    layer(X)
    handle.remove()
    assert seen[0].min() < 0


def test_a_module_in_its_place_keeps_its_outputs():
    class Exponential(nn.Linear):
        def forward(self, x):
            return super().forward(x).exp() - 1  # its gradient needs its output

    layer = dense()
    layer.linear = Exponential(100, 64)
    layer(X).sum().backward()
    assert layer.linear.weight.grad is not None


def test_a_replaced_forward_is_called():
    layer = dense()
    layer.linear.forward = lambda x: x[:, :64]
    assert torch.equal(layer(X), X[:, :64].relu())


def test_parametrized_weights():
    layer = dense()
    parametrizations.weight_norm(layer.linear)
    assert torch.equal(layer(X), layer.linear(X).relu())


CONVOLUTIONS = {
    "Conv1D": layers.Conv1D,
    "DepthwiseConv1D": lambda filters, *args, **kwargs: layers.DepthwiseConv1D(*args, **kwargs),
    "SeparableConv1D": layers.SeparableConv1D,
}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("settings", [{}, {"strides": 2}, {"dilation_rate": 2}], ids=str)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_sequences_convolved_as_images_have_the_module_s_numbers(
    name, settings, padding, data_format
):
    if padding == "causal" and name != "Conv1D":
        pytest.skip("only Conv1D is causal")
    layer = CONVOLUTIONS[name](
        6, 3, padding=padding, activation="relu", data_format=data_format, **settings
    )
    x = ROWS if data_format == "channels_last" else ROWS.transpose(1, 2)
    outputs = layer(x)
    called = []
    for module in layer.children():
        module.register_forward_hook(lambda *_: called.append(1))
    torch.testing.assert_close(layer(x), outputs)
    assert called


def test_other_paddings_of_the_stock_convolution_are_kept():
    layer = layers.Conv1D(4, 3, padding="same")
    layer(ROWS)
    layer.conv.padding_mode = "circular"
    expected = layer.conv(ROWS.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(layer(ROWS), expected)
