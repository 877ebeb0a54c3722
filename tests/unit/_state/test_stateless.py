"""Values may be swapped for a while; nothing is copied, and everything comes back."""

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras._state.stateless import swapped


@pytest.fixture
def dense():
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


def test_values_count_inside_the_scope_alone(dense):
    before = dense.get_weights()
    with swapped(dense.weights, [torch.ones(3, 2), np.ones(2)]):
        assert dense(torch.ones(1, 3)).tolist() == [[4, 4]]
        assert (dense.kernel.numpy() == 1).all()
    for value, old in zip(dense.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_values_come_back_after_an_error(dense):
    parameter = dense.linear.weight
    with pytest.raises(KeyError), swapped([dense.kernel], [torch.ones(3, 2)]):
        raise KeyError
    assert dense.linear.weight is parameter


def test_gradients_flow_into_the_given_values(dense):
    kernel = torch.ones(3, 2, requires_grad=True)
    with swapped([dense.kernel], [kernel]):
        dense(torch.ones(1, 3)).sum().backward()
    assert torch.equal(kernel.grad, torch.ones(3, 2))
    assert dense.linear.weight.grad is None


def test_functional_gradients(dense):
    def loss(kernel, bias):
        with swapped(dense.weights, [kernel, bias]):
            return dense(torch.ones(1, 3)).sum()

    values = [v.value.detach().clone() for v in dense.weights]
    kernel, bias = torch.func.grad(loss, argnums=(0, 1))(*values)
    assert torch.equal(kernel, torch.ones(3, 2))
    assert torch.equal(bias, torch.ones(2))


def test_gathered_and_packed_values():
    layer = layers.GRU(2)
    layer.build((None, 4, 3))
    values = [torch.randn(v.shape) for v in layer.weights]
    with swapped(layer.weights, values):
        for variable, value in zip(layer.weights, values, strict=True):
            assert torch.equal(variable.value, value)


def test_numbers_of_values_must_agree(dense):
    with pytest.raises(ValueError, match=r"longer|shorter"), swapped(dense.weights[1:], []):
        pass


# `stateless_call`


def test_stateless_call_leaves_the_layer_alone():
    layer = layers.BatchNormalization()
    layer.build((None, 2))
    layer.train()
    before = layer.get_weights()
    trained = [torch.full((2,), 2.0), torch.ones(2)]
    state = [torch.zeros(2), torch.ones(2)]
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    outputs, updated = layer.stateless_call(trained, state, x, training=True)
    assert outputs.shape == (2, 2)
    assert not torch.equal(updated[0], torch.zeros(2))
    assert state[0].tolist() == [0, 0]
    for value, old in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_stateless_call_equals_keras():
    import keras

    x = np.float32([[1.0, 2.0], [3.0, 6.0]])
    results = []
    for package in (torchkeras, keras):
        layer = package.layers.BatchNormalization()
        layer.build((None, 2))
        outputs, state = layer.stateless_call(
            [np.float32([2, 3]), np.float32([1, 0])],
            [np.float32([0.5, 0]), np.float32([1, 2])],
            torch.tensor(x),
            training=True,
        )
        results.append([outputs.detach().numpy(), *[np.asarray(s.detach()) for s in state]])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_stateless_call_returns_losses():
    layer = layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l2")
    layer.build((None, 2))
    values = [torch.ones(2, 1), torch.zeros(1)]
    outputs, state, losses = layer.stateless_call(values, [], torch.ones(2, 2), return_losses=True)
    assert (outputs.tolist(), state) == ([[2], [2]], [])
    assert sorted(float(loss) for loss in losses) == pytest.approx([0.02, 0.04])


def test_stateless_call_of_functions_of_torch(dense):
    def loss(trained):
        outputs, _ = dense.stateless_call(trained, [], torch.ones(1, 3))
        return outputs.sum()

    grads = torch.func.grad(loss)([v.value.detach() for v in dense.trainable_variables])
    assert torch.equal(grads[0], torch.ones(3, 2))


def test_stateless_call_needs_a_built_layer():
    with pytest.raises(ValueError, match=r"`stateless_call`, layer 'd' must be built.*build\("):
        layers.Dense(2, name="d").stateless_call([], [], torch.ones(1, 3))


@pytest.mark.parametrize("trained", [[], [np.ones((3, 2))], [np.ones((3, 2))] * 3])
def test_stateless_call_names_wrong_numbers_of_values(dense, trained):
    with pytest.raises(ValueError, match=rf"`trainable_variables`.*2.*Received: {len(trained)}"):
        dense.stateless_call(trained, [], torch.ones(1, 3))
    with pytest.raises(ValueError, match=r"`non_trainable_variables`.*0.*Received: 1"):
        dense.stateless_call([np.ones((3, 2)), np.ones(2)], [1.0], torch.ones(1, 3))
