"""Shapes of layers on inputs whose sizes are not known, where windows move far."""

import numpy as np
import pytest

import torchkeras
from torchkeras import layers, ops


@pytest.mark.parametrize("stride", [2, 4, 5, 8, 12, 16, 32])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_long_strides_leave_sizes_unknown(stride, padding):
    images = layers.Input((None, None, 3))
    pooled = layers.MaxPooling2D(stride, padding=padding)(images)
    convolved = layers.Conv2D(4, stride, stride, padding)(images)
    assert pooled.shape == (None, None, None, 3)
    assert convolved.shape == (None, None, None, 4)


class Projecting(layers.Layer):
    """A layer that holds a `Sequential`, as transformers of tutorials do."""

    def __init__(self, units):
        super().__init__()
        self.projection = torchkeras.Sequential([layers.Dense(4), layers.Dense(units)])

    def call(self, inputs):
        return self.projection(inputs)


@pytest.mark.parametrize("units", [8, 11, 67])
def test_a_sequential_inside_of_a_layer_leaves_lengths_open(units):
    symbols = layers.Input((None, units))
    layer = Projecting(units)
    model = torchkeras.Model(symbols, layer(symbols))
    assert model.output_shape == (None, None, units)
    assert layer.projection.input_shape == (None, None, units)
    for length in (5, 7):
        assert model(np.ones((2, length, units))).shape == (2, length, units)


class TiledMask(layers.Layer):
    """A causal mask for each sample, tiled as often as a tensor made of sizes says."""

    def call(self, inputs):
        batch, length = ops.shape(inputs)[:2]
        places = ops.arange(length)
        mask = ops.reshape(places[:, None] >= places, (1, length, length))
        counts = ops.concatenate([ops.expand_dims(batch, -1), ops.convert_to_tensor([1, 1])], 0)
        return ops.tile(mask, counts)


def test_tensors_made_of_sizes_have_values():
    symbols = layers.Input((None, 4))
    model = torchkeras.Model(symbols, TiledMask()(symbols))
    assert model.output_shape == (None, None, None)
    assert model(np.ones((2, 3, 4))).shape == (2, 3, 3)
