"""Layers with float kernels take whole numbers, as unscaled images are."""

import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from torchkeras import Input, layers

IMAGES = np.arange(2 * 6 * 6 * 3, dtype="uint8").reshape(2, 6, 6, 3) % 7
LAYERS = {
    "Dense": lambda: layers.Dense(2),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dense(2)),
    "Conv2D": lambda: layers.Conv2D(2, 3),
    "Conv2DTranspose": lambda: layers.Conv2DTranspose(2, 3),
    "DepthwiseConv2D": lambda: layers.DepthwiseConv2D(3),
    "SeparableConv2D": lambda: layers.SeparableConv2D(2, 3),
    "BatchNormalization": lambda: layers.BatchNormalization(),
    "LayerNormalization": lambda: layers.LayerNormalization(),
    "GroupNormalization": lambda: layers.GroupNormalization(3),
    "RMSNormalization": lambda: layers.RMSNormalization(),
    "UnitNormalization": lambda: layers.UnitNormalization(),
    "AdaptiveAveragePooling2D": lambda: layers.AdaptiveAveragePooling2D(2),
}


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool"])
@pytest.mark.parametrize("name", LAYERS)
def test_they_count_as_floats(name, dtype):
    layer, images = LAYERS[name](), IMAGES.astype(dtype)
    found = layer(images)
    assert found.dtype is torch.float32
    assert torch.equal(found, layer(images.astype("float32")))


@pytest.mark.parametrize("name", LAYERS)
def test_symbols_of_whole_numbers(name):
    x = Input((6, 6, 3), dtype="int32")
    assert LAYERS[name]()(x).dtype == "float32"


def test_mixed_precision_casts_to_the_compute_dtype():
    assert layers.Dense(2, dtype="mixed_bfloat16")(IMAGES).dtype is torch.bfloat16


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_training_on_whole_numbers(dtype):
    losses = []
    for x in (IMAGES.astype(dtype), IMAGES.astype("float32")):
        model = torchkeras.Sequential([layers.Flatten(), layers.Dense(1, "relu"), layers.Dense(1)])
        model.build((None, 6, 6, 3))
        model.set_weights([np.full(v.shape, 0.01, "float32") for v in model.weights])
        model.compile("sgd", "mse")
        losses.append(model.fit(x, np.ones((2, 1)), epochs=2, verbose=0).history["loss"])
    oracle.assert_close(losses[0], losses[1], 1e-6)
