"""Batch normalization: Keras's statistics on torch's kernel."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers


def test_statistics_follow_keras_over_many_steps():
    ours, theirs = (
        layers.BatchNormalization(momentum=0.9),
        keras.layers.BatchNormalization(momentum=0.9),
    )
    rng = np.random.default_rng(0)
    for _ in range(100):
        x = torch.tensor(rng.normal(3, 2, (4, 3)), dtype=torch.float32)
        ours(x, training=True)
        theirs(x, training=True)
    for mine, expected in zip(ours.weights, theirs.weights, strict=True):
        torch.testing.assert_close(mine.value.data, expected.value.data)


def test_two_calls_before_one_backward_pass():
    layer = layers.BatchNormalization()
    x = torch.randn(4, 3, requires_grad=True)
    (layer(x, training=True) + layer(x * 2, training=True)).sum().backward()
    assert x.grad is not None


def test_one_entry_gives_beta_and_no_nan():
    layer = layers.BatchNormalization(beta_initializer="ones")
    assert layer(torch.ones(1, 3), training=True).tolist() == [[1.0, 1.0, 1.0]]
    assert all(np.isfinite(value).all() for value in layer.get_weights())


def test_empty_batch_leaves_the_statistics_alone():
    layer = layers.BatchNormalization()
    assert layer(torch.ones(0, 3), training=True).shape == (0, 3)
    assert all(np.isfinite(value).all() for value in layer.get_weights())


def test_frozen_layer_infers_in_training():
    layer = layers.BatchNormalization()
    x = torch.randn(4, 3)
    before = layer(x)
    layer.trainable = False
    torch.testing.assert_close(layer(x, training=True), before)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]


def test_statistics_are_the_stock_modules_buffers():
    layer = layers.BatchNormalization()
    layer.build((None, 8, 8, 3))
    assert type(layer.norm) is torch.nn.BatchNorm2d
    names = ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"]
    assert list(layer.state_dict()) == names
    assert [name for name, _ in layer.named_parameters()] == names[:2]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_weights_stay_float32_under_mixed_policies(policy):
    layer = layers.BatchNormalization(dtype=policy)
    y = layer(torch.full((4, 3), 100.0), training=True)
    assert str(y.dtype).removeprefix("torch.") == layer.compute_dtype
    assert {v.dtype for v in layer.weights} == {"float32"}
    assert layer.moving_mean.numpy().tolist() == pytest.approx([1.0] * 3)


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5, 6, 3)])
def test_inputs_that_lie_otherwise(shape):
    x = torch.randn(shape)
    apart = x.transpose(0, 1).contiguous().transpose(0, 1)
    first, second = layers.BatchNormalization(), layers.BatchNormalization()
    torch.testing.assert_close(first(x, training=True), second(apart, training=True))


def test_training_step_compiles_whole():
    layer = layers.BatchNormalization()
    x = torch.randn(8, 3)
    layer(x)
    layer.train()
    torch.compile(layer, fullgraph=True, backend="eager")(x)
    assert (layer.moving_mean.numpy() != 0).all()


def test_stateless_call_returns_the_new_statistics():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    trained = [v.value for v in layer.trainable_variables]
    fixed = [v.value for v in layer.non_trainable_variables]
    x = torch.ones(4, 3, device=fixed[0].device)
    _, updated = layer.stateless_call(trained, fixed, x, training=True)
    assert updated[0].tolist() == pytest.approx([0.01] * 3)
    assert layer.moving_mean.numpy().tolist() == [0.0] * 3


def test_functional_model_updates_statistics_in_training_alone():
    x = torchkeras.Input((3,))
    model = torchkeras.Model(x, layers.BatchNormalization()(x))
    model(torch.ones(4, 3))
    assert model.layers[1].moving_mean.numpy().tolist() == [0.0] * 3
    model(torch.ones(4, 3), training=True)
    assert model.layers[1].moving_mean.numpy().tolist() == pytest.approx([0.01] * 3)
