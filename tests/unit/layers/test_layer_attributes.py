"""What is not there says why."""

import pytest
import torch

import torchkeras
from torchkeras import layers


@pytest.mark.parametrize("what", ["input", "output"])
def test_layers_that_met_no_symbols(what):
    layer = layers.Dense(2, name="d")
    layer(torch.ones(1, 3))
    with pytest.raises(AttributeError, match=f"'d' has never been called on symbols.* {what}"):
        getattr(layer, what)
    assert not hasattr(layer, what)


@pytest.mark.parametrize("what", ["input", "output", "inputs", "outputs"])
def test_models_without_a_shape(what):
    model = torchkeras.Sequential([layers.Dense(2)], name="m")
    with pytest.raises(AttributeError, match="Sequential model 'm' has no defined"):
        getattr(model, what)


def test_weights_before_build():
    with pytest.raises(AttributeError, match=r"no attribute 'kernel'\. The layer is not built yet"):
        _ = layers.Dense(2).kernel


def test_unknown_names():
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(AttributeError, match=r"'Dense' object has no attribute 'kernal'$"):
        _ = layer.kernal
    with pytest.raises(AttributeError, match=r"'Dense' object has no attribute 'kernal'$"):
        del layer.kernal


def test_errors_inside_properties_are_told():
    class Custom(layers.Layer):
        @property
        def size(self):
            return self.missing.shape

    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        _ = Custom().size
