"""A variable whose parameter lies in another layout still behaves as one tensor."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import layers
from torchkeras._state.layout import TRANSPOSED, BlockOrder, Stacked
from torchkeras._state.variable import Variable


@pytest.fixture
def dense():
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


def gathered(**kwargs):
    """Return a variable whose value is a copy of its parameter, in another order."""
    module = nn.Module()
    module.weight = nn.Parameter(torch.arange(6.0).reshape(3, 2))
    return Variable.over(((module, "weight"),), BlockOrder(TRANSPOSED, (2, 0, 1)), "w", **kwargs)


def stacked():
    module = nn.Module()
    module.a, module.b = nn.Parameter(torch.ones(2)), nn.Parameter(torch.zeros(2))
    return Variable.over(((module, "a"), (module, "b")), Stacked(), "w")


def test_shape_and_value_are_keras(dense):
    assert dense.kernel.shape == (3, 2)
    assert tuple(dense.linear.weight.shape) == (2, 3)
    assert torch.equal(dense.kernel.value, dense.linear.weight.T)


def test_parameters_are_torchs(dense):
    assert dense.kernel.parameters == (dense.linear.weight,)
    assert dense.kernel.parts == ((dense.linear, "weight"),)
    assert stacked().shape == (2, 2)


def test_value_is_a_tensor_in_every_function(dense):
    value = dense.kernel.value
    for result in (value + 1, value @ torch.ones(2, 2), torch.sum(value), value[0], value.T):
        assert type(result) is torch.Tensor
        assert result.requires_grad
    assert isinstance(value, torch.Tensor)
    assert value.detach().numpy().shape == (3, 2)


def test_gradient_is_shown_in_keras_shape(dense):
    dense(torch.ones(1, 3)).sum().backward()
    assert torch.equal(dense.kernel.value.grad, torch.ones(3, 2))
    assert torch.equal(dense.linear.weight.grad, torch.ones(2, 3))
    assert dense.bias.value.grad.tolist() == [1, 1]


def test_gradient_is_none_before_a_backward_pass(dense):
    assert dense.kernel.value.grad is None
    assert stacked().value.grad is None


def test_gradient_can_be_set_and_cleared(dense):
    dense.kernel.value.grad = torch.arange(6.0).reshape(3, 2)
    assert torch.equal(dense.linear.weight.grad, torch.arange(6.0).reshape(3, 2).T)
    dense.kernel.value.grad = None
    assert dense.linear.weight.grad is None


def test_gradient_can_be_changed_in_place_through_a_view(dense):
    dense(torch.ones(1, 3)).sum().backward()
    dense.kernel.value.grad.zero_()
    assert not dense.linear.weight.grad.any()


def test_gradient_of_gathered_values():
    v, weight = gathered(), torch.arange(6.0).reshape(2, 3)
    (v * weight).sum().backward()
    assert torch.equal(v.value.grad, weight)
    assert torch.equal(v.parameters[0].grad, v.to_torch(weight)[0])


def test_gradient_of_stacked_values():
    v, weight = stacked(), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    (v * weight).sum().backward()
    assert torch.equal(v.value.grad, weight)
    assert [part.grad.tolist() for part in v.parameters] == [[1, 2], [3, 4]]


def test_autograd_grad_takes_values(dense):
    values = [v.value for v in dense.trainable_weights]
    loss = dense(torch.tensor([[1.0, 2.0, 3.0]])).sum()
    kernel, bias = torch.autograd.grad(loss, values)
    assert kernel.tolist() == [[1, 1], [2, 2], [3, 3]]
    assert bias.tolist() == [1, 1]


def test_autograd_grad_takes_one_value_and_keywords(dense):
    (grad,) = torch.autograd.grad(outputs=dense(torch.ones(1, 3)).sum(), inputs=dense.kernel.value)
    assert torch.equal(grad, torch.ones(3, 2))


def test_autograd_grad_of_values_that_were_used_directly(dense):
    kernel = dense.kernel.value
    (grad,) = torch.autograd.grad((torch.ones(1, 3) @ kernel).sum(), [kernel])
    assert torch.equal(grad, torch.ones(3, 2))


def test_autograd_grad_of_unused_values(dense):
    loss = dense.bias.value.sum()
    kernel, bias = torch.autograd.grad(
        loss, [dense.kernel.value, dense.bias.value], allow_unused=True
    )
    assert kernel is None
    assert bias.tolist() == [1, 1]


def test_autograd_grad_of_gathered_and_stacked_values():
    for v in (gathered(), stacked()):
        (grad,) = torch.autograd.grad((v * v).sum(), [v.value])
        assert torch.equal(grad, 2 * v.value)


def test_second_derivatives(dense):
    loss = (dense(torch.ones(1, 3)) ** 3).sum()
    (first,) = torch.autograd.grad(loss, [dense.kernel.value], create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), [dense.kernel.value])
    expected = 6 * dense(torch.ones(1, 3)) * 3
    assert torch.allclose(second, expected.expand(3, 2))


# Writing


def test_assign_writes_into_the_parameter(dense):
    dense.kernel.assign(np.arange(6).reshape(3, 2))
    assert dense.linear.weight.tolist() == [[0, 2, 4], [1, 3, 5]]
    dense.kernel.assign_add([[1.0, 0.0]] * 3)
    assert dense.linear.weight.tolist() == [[1, 3, 5], [1, 3, 5]]
    dense.kernel.assign_sub(1.0)
    assert dense.linear.weight.tolist() == [[0, 2, 4], [0, 2, 4]]


def test_assign_reaches_all_pieces():
    v = stacked()
    v.assign([[1, 2], [3, 4]])
    assert [part.tolist() for part in v.parameters] == [[1, 2], [3, 4]]
    v = gathered()
    v.assign(np.arange(6).reshape(2, 3))
    assert v.value.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_accumulating_refuses_what_does_not_broadcast(dense):
    with pytest.raises(ValueError, match=r"broadcast to the shape \(3, 2\) of variable .*kernel'"):
        dense.kernel.assign_add(np.ones((2, 3)))


def test_in_place_writes_into_a_view_reach_the_parameter(dense):
    with torch.no_grad():
        dense.kernel.value.zero_()
        dense.kernel.value[0, 1] = 5.0
        dense.kernel.value.add_(1)
    assert dense.linear.weight.tolist() == [[1, 1, 1], [6, 1, 1]]


@pytest.mark.parametrize(
    "write",
    [
        lambda value: value.zero_(),
        lambda value: value.copy_(torch.ones(2, 3)),
        lambda value: value.__setitem__(0, 1.0),
        lambda value: value.__iadd__(1),
        lambda value: nn.init.zeros_(value),
        lambda value: torch.relu_(value),
        lambda value: torch.add(value, 1, out=value),
        lambda value: value.data.zero_(),
        lambda value: torch._foreach_mul_([torch.ones(1), value], 2.0),
    ],
)
def test_writes_that_would_be_lost_are_refused(write):
    v = gathered()
    with torch.no_grad(), pytest.raises(RuntimeError, match=r"would change a copy.*`variable.ass"):
        write(v.value)


def test_writing_into_a_gathered_gradient_is_refused():
    v = gathered()
    v.value.sum().backward()
    with pytest.raises(RuntimeError, match=r"would change a copy.*`variable.value.grad = ...`"):
        nn.utils.clip_grad_norm_([v.value], 0.1)
    v.value.grad = v.value.grad * 2
    assert (v.parameters[0].grad == 2).all()


def test_gradients_of_views_may_be_clipped(dense):
    dense(torch.ones(1, 3)).sum().backward()
    nn.utils.clip_grad_norm_([v.value for v in dense.trainable_weights], 0.1)
    assert torch.linalg.norm(torch.cat([p.grad.flatten() for p in dense.parameters()])) < 0.11


@pytest.mark.parametrize("make", [gathered, lambda: layers.Dense(2)])
def test_setting_data_assigns(make):
    made = make()
    if not isinstance(made, Variable):
        made.build((None, 3))
        made = made.kernel
    made.value.data = torch.ones(made.shape)
    assert (made.parameters[0] == 1).all()


def test_requires_grad_of_a_gathered_value_may_be_asked_for():
    assert gathered().value.requires_grad_().requires_grad


# Trainable, copies, moves


def test_trainable_reaches_the_parameter(dense):
    dense.kernel.trainable = False
    assert not dense.linear.weight.requires_grad
    assert not dense.kernel.value.requires_grad
    dense.kernel.trainable = True
    assert dense.linear.weight.requires_grad


def test_value_is_copied_as_a_plain_tensor(dense):
    copied = copy.deepcopy(dense.kernel.value)
    assert type(copied) is torch.Tensor
    assert copied.is_leaf
    assert copied.requires_grad
    assert torch.equal(copied, dense.kernel.value)


def test_value_is_pickled_as_a_plain_tensor(dense):
    loaded = pickle.loads(pickle.dumps(dense.kernel.value))
    assert type(loaded) is torch.Tensor
    assert loaded.requires_grad
    assert torch.equal(loaded, dense.kernel.value)


def test_value_can_be_printed(dense):
    assert repr(dense.kernel.value).startswith("ParameterView([[")
    assert "path=" in repr(dense.kernel)


def test_copied_layers_are_apart(dense):
    for other in (copy.deepcopy(dense), pickle.loads(pickle.dumps(dense))):
        other.kernel.assign(np.zeros((3, 2)))
        assert not other.linear.weight.any()
        assert dense.linear.weight.any()


def test_state_dict_has_each_tensor_once(dense):
    assert list(dense.state_dict()) == ["linear.weight", "linear.bias"]


def test_variable_follows_a_replaced_parameter(dense):
    dense.linear.weight = nn.Parameter(torch.ones(2, 3))
    assert torch.equal(dense.kernel.value, torch.ones(3, 2))


def test_parametrized_weight_is_shown_as_it_is_used(dense):
    class Doubled(nn.Module):
        def forward(self, weight):
            return weight * 2

    before = dense.kernel.numpy()
    nn.utils.parametrize.register_parametrization(dense.linear, "weight", Doubled())
    np.testing.assert_allclose(dense.kernel.numpy(), 2 * before)
    assert dense.kernel.trainable
    y = dense(torch.ones(1, 3)) - dense.bias
    np.testing.assert_allclose(y.detach().numpy()[0], 2 * before.sum(0), rtol=1e-6, atol=1e-6)


def test_compiled_functions_see_the_value(dense):
    @torch.compile(fullgraph=True, backend="eager")
    def run(x):
        return x @ dense.kernel.value + dense.bias

    assert torch.allclose(run(torch.ones(1, 3)), dense(torch.ones(1, 3)))


def test_functional_call_reaches_the_value(dense):
    new = {"linear.weight": torch.ones(2, 3), "linear.bias": torch.zeros(2)}
    assert torch.func.functional_call(dense, new, torch.ones(1, 3)).tolist() == [[3, 3]]


def test_values_of_several_layers_in_one_optimizer():
    model = torchkeras.Sequential([layers.Dense(2), layers.Dense(1)])
    model(torch.ones(1, 3))
    grads = torch.autograd.grad(
        model(torch.ones(1, 3)).sum(), [v.value for v in model.trainable_weights]
    )
    assert [tuple(grad.shape) for grad in grads] == [(3, 2), (2,), (2, 1), (1,)]
