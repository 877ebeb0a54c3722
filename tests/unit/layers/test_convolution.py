"""Convolutions and poolings: Keras's padding on any size, and no copies for layout."""

import keras
import pytest
import torch

from torchkeras import layers


@pytest.mark.parametrize("built_on", [4, 5, 6, 7, None])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 3), (5, 2), (2, 2), (1, 3), (3, 4)])
def test_same_padding_on_other_sizes_than_built_on(built_on, kernel, stride):
    ours = layers.Conv2D(2, kernel, stride, "same")
    theirs = keras.layers.Conv2D(2, kernel, stride, "same")
    ours.build((None, built_on, built_on, 3))
    theirs.build((None, 4, 4, 3))
    theirs.set_weights(ours.get_weights())
    for height in (4, 5, 6, 7, 9):
        x = torch.randn(2, height, 13 - height, 3)
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_even_padding_is_left_to_torch():
    layer = layers.Conv2D(2, 3, padding="same")
    layer.build((None, 8, 8, 3))
    assert layer.conv.padding == (1, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Conv2D(4, 3),
        lambda: layers.Conv2D(4, 3, padding="same"),
        lambda: layers.Conv2D(4, 3, 2, "same"),
        lambda: layers.DepthwiseConv2D(3),
        lambda: layers.SeparableConv2D(4, 3),
        lambda: layers.Conv2DTranspose(4, 2, 2),
        lambda: layers.BatchNormalization(),
        lambda: layers.MaxPooling2D(),
        lambda: layers.MaxPooling2D(3, 2, "same"),
        lambda: layers.AveragePooling2D(2),
        lambda: layers.UpSampling2D(),
        lambda: layers.UpSampling2D(interpolation="bilinear"),
    ],
)
def test_images_stay_as_they_lie(make):
    layer = make()
    assert layer(torch.ones(2, 9, 9, 3)).is_contiguous()


@pytest.mark.parametrize(
    ("rank", "format"), [(2, torch.channels_last), (3, torch.channels_last_3d)]
)
def test_kernels_lie_as_the_images(rank, format):
    layer = getattr(layers, f"Conv{rank}D")(4, 3)
    layer.build((None, *(8,) * rank, 3))
    assert layer.conv.weight.is_contiguous(memory_format=format)
    layer.set_weights(layer.get_weights())
    layer.load_state_dict(layer.state_dict())
    assert layer.conv.weight.is_contiguous(memory_format=format)


def test_kernels_for_channels_first_lie_as_torch_has_them():
    layer = layers.Conv2D(4, 3, data_format="channels_first")
    layer.build((None, 3, 8, 8))
    assert layer.conv.weight.is_contiguous()


def test_torch_may_wrap_the_inner_module():
    layer = layers.Conv2D(4, 3, 2, "same")
    x = torch.ones(1, 6, 6, 3)
    before = layer(x)
    layer.conv = torch.nn.Sequential(layer.conv, torch.nn.Identity())
    torch.testing.assert_close(layer(x), before)


def test_maximum_of_an_empty_window_is_refused_when_called():
    layer = layers.MaxPooling2D(2)
    layer(torch.ones(1, 4, 4, 1))
    with pytest.raises(ValueError, match="does not fit into its input"):
        layer(torch.ones(1, 1, 4, 1))


def test_activation_may_be_exchanged():
    layer = layers.Conv1D(1, 1, activation="relu", kernel_initializer="ones")
    x = -torch.ones(1, 2, 1)
    assert layer(x).abs().max() == 0
    layer.activation = "linear"
    assert layer(x).max() == -1
