"""What rows cannot say about the normalization layers without running averages."""

import copy

import pytest
import torch

import torchkeras
from torchkeras import layers


@pytest.mark.parametrize("axis", [1, [1, 3], [2, 1]])
def test_rms_over_any_axes(axis):
    x = torch.randn(2, 3, 4, 5)
    layer = layers.RMSNormalization(axis)
    y = layer(x)
    axes = layer.axis
    weight = layer.scale.value.reshape([x.shape[i] if i in axes else 1 for i in range(4)])
    mean = x.square().mean(axes, keepdim=True)
    torch.testing.assert_close(y, weight * x / torch.sqrt(mean + 1e-6))


def test_unit_norm_has_a_gradient_of_zero_at_zero():
    x = torch.zeros(1, 3, requires_grad=True)
    layers.UnitNormalization()(x).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_normalizations_compute_in_float32_under_a_mixed_policy():
    x = torch.full((1, 4), 300.0)
    for layer in (layers.RMSNormalization, lambda **k: layers.GroupNormalization(1, **k)):
        made = layer(dtype="mixed_float16")
        assert torch.isfinite(made(x)).all()
        assert made.weights[0].dtype == "float32"


def test_groups_equal_torch_on_channels_first():
    ours, theirs = layers.GroupNormalization(2, axis=1), torch.nn.GroupNorm(2, 4, eps=1e-3)
    x = torch.randn(2, 4, 3, 3)
    torch.testing.assert_close(ours(x), theirs(x))


def test_a_zero_kernel_stays_zero_under_spectral_norm():
    layer = layers.SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    layer(torch.ones(2, 4), training=True)
    assert layer.kernel.value.abs().sum() == 0
    assert torch.isfinite(layer.vector_u.value).all()


def test_gradients_pass_through_two_calls_of_a_spectral_norm():
    layer = layers.SpectralNormalization(layers.Dense(3))
    x = torch.randn(2, 4, requires_grad=True)
    (layer(x, training=True).sum() + layer(2 * x, training=True).sum()).backward()
    assert layer.layer.linear.weight.grad is not None
    assert x.grad is not None


def test_spectral_norm_of_an_embedding_gives_floats():
    layer = layers.SpectralNormalization(layers.Embedding(5, 3))
    assert layer(torch.tensor([[1, 2]]), training=True).dtype is torch.float32
    assert layer(torch.tensor([[1, 2]])).dtype is torch.float32


def test_spectral_norm_leaves_inference_and_symbols_alone():
    layer = layers.SpectralNormalization(layers.Dense(3))
    layer(torchkeras.Input((4,)), training=True)
    before = copy.deepcopy(layer.get_weights())
    layer(torch.ones(2, 4))
    assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))


def test_spectral_norm_writes_the_weights_of_a_mixed_policy():
    layer = layers.SpectralNormalization(layers.Dense(3, dtype="mixed_bfloat16"), 30)
    layer(torch.ones(2, 4), training=True)
    assert layer.kernel.dtype == "float32"
    norm = torch.linalg.matrix_norm(layer.kernel.value.detach().as_subclass(torch.Tensor), 2)
    torch.testing.assert_close(norm, torch.ones(()), atol=1e-3, rtol=0)
