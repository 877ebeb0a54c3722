"""`compile` takes optimizers of torch, and trains as a loop in torch does."""

import functools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

import torchkeras
from tests import oracle
from tests.training.beside_torch import ADAM, WEIGHTS, X, Y, assert_same, by_hand, fit, net
from torchkeras import Input, Sequential, layers, optimizers
from torchkeras.optimizers import TorchOptimizer

# Classes, functions and instances


@pytest.mark.parametrize("name", sorted({"SGD", "Adam", "AdamW", "RMSprop", "NAdam", "Rprop"}))
def test_a_class_trains_as_in_torch(name: str) -> None:
    cls = getattr(torch.optim, name)
    model = net(cls)
    fit(model)
    assert_same(model, by_hand(cls))


@pytest.mark.parametrize(
    "given",
    [
        ADAM,
        lambda params: ADAM(params),
        TorchOptimizer(torch.optim.Adam, lr=0.05, weight_decay=0.1),
    ],
    ids=["partial", "function", "options"],
)
def test_options_reach_torch(given: Any) -> None:
    model = net(given)
    fit(model)
    assert_same(model, by_hand(ADAM))


def test_an_instance_is_used_itself() -> None:
    model = net()
    optimizer = ADAM(model.parameters())
    model.compile(optimizer, "mse")
    fit(model)
    assert model.optimizer.torch_optimizer is optimizer
    assert len(optimizer.state) == 4
    assert_same(model, by_hand(ADAM))


def test_groups_stay() -> None:
    def grouped(model: Any) -> Any:
        first, last = (list(layer.parameters()) for layer in model.layers)
        groups = [{"params": first, "lr": 0.5}, {"params": last}]
        return torch.optim.SGD(groups, lr=0.01, momentum=0.9)

    model, expected = net(), net()
    model.compile(grouped(model), "mse")
    fit(model)
    optimizer = grouped(expected)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for _ in range(3):
        for start in range(0, 24, 8):
            optimizer.zero_grad()
            nn.functional.mse_loss(expected(x[start : start + 8]), y[start : start + 8]).backward()
            optimizer.step()
    assert_same(model, expected)


def test_an_instance_of_some_weights_trains_these() -> None:
    model = net()
    before = model.get_weights()
    model.compile(torch.optim.SGD(model.layers[1].parameters(), lr=0.1), "mse")
    fit(model)
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_frozen_layers_stay() -> None:
    model = net(torch.optim.SGD, frozen=True)
    before = model.get_weights()
    fit(model)
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_a_model_without_shapes_is_built_first() -> None:
    model = Sequential([layers.Dense(1)])
    model.compile(torch.optim.SGD, "mse")
    assert np.isfinite(fit(model).history["loss"]).all()


def test_sample_weights_count() -> None:
    pairs = [net(optimizers.SGD(0.1)), net(functools.partial(torch.optim.SGD, lr=0.1))]
    losses = [fit(model, sample_weight=WEIGHTS).history["loss"] for model in pairs]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_batches_by_hand() -> None:
    pairs = [net(optimizers.SGD(0.1)), net(functools.partial(torch.optim.SGD, lr=0.1))]
    losses = [[model.train_on_batch(X, Y) for _ in range(3)] for model in pairs]
    np.testing.assert_allclose(*losses, rtol=1e-5)


# What Keras adds


@pytest.mark.parametrize(
    "option",
    [
        {"clipnorm": 0.1},
        {"clipvalue": 0.01},
        {"global_clipnorm": 0.1},
        {"use_ema": True, "ema_momentum": 0.5},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 128.0},
    ],
    ids=lambda option: next(iter(option)),
)
def test_options_of_keras_count(option: dict[str, Any]) -> None:
    model, expected = net(TorchOptimizer(torch.optim.SGD, lr=0.1, **option)), None
    expected = net(optimizers.SGD(0.1, **option))
    for each in (model, expected):
        fit(each)
    assert_same(model, expected)


def test_constraints_hold() -> None:
    model = Sequential([Input((3,)), layers.Dense(2, kernel_constraint="non_neg")])
    model.compile(functools.partial(torch.optim.SGD, lr=1.0), "mse")
    fit(model)
    assert (model.get_weights()[0] >= 0).all()


def test_a_hook_of_the_user_clips() -> None:
    def clip(optimizer: Any, *_: Any) -> None:
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 0.1)

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(clip)
    model.compile(optimizer, "mse")
    fit(model)
    assert_same(model, by_hand(functools.partial(torch.optim.SGD, lr=0.1), clip=0.1))


class OwnStep(torchkeras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def train_step(self, data: Any) -> Any:
        x, y, *_ = data
        self.zero_grad()
        loss = self.compute_loss(x, y, self(x, training=True))
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), 0.1)
        gradients = [v.value.grad for v in self.trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, self.trainable_weights)
        return {"loss": loss.detach()}


def test_a_step_of_ones_own_applies_gradients() -> None:
    model = OwnStep()
    model.compile(functools.partial(torch.optim.SGD, lr=0.1), "mse")
    fit(model)
    assert_same(model.inner, by_hand(functools.partial(torch.optim.SGD, lr=0.1), clip=0.1))


def test_gradients_of_others_are_left_alone() -> None:
    model = net(torch.optim.SGD)
    kernel = model.trainable_weights[0]
    before = model.get_weights()
    for param in model.parameters():
        param.grad = torch.ones_like(param)
    model.optimizer.apply([np.ones(kernel.shape, "float32")], [kernel])
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, False, False, False]
    assert all(bool((p.grad == 1).all()) for p in model.parameters())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy: str) -> None:
    with oracle.dtype_policy(policy):
        model = net(functools.partial(torch.optim.Adam, lr=0.01))
    history = fit(model, epochs=4).history["loss"]
    assert history[-1] < history[0]
    assert all(p.dtype is torch.float32 for p in model.parameters())


# Wrong optimizers


def _foreign() -> Any:
    return torch.optim.SGD(net().parameters())


def _scheduler() -> Any:
    return StepLR(_foreign(), 1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (_foreign, "holds none of the model's trainable weights"),
        (_scheduler, "Received a scheduler of torch, StepLR. Say when it steps"),
        (lambda: torch.optim.LBFGS, "LBFGS computes the loss several times"),
        (lambda: lambda params: "sgd", "must return an optimizer of torch"),
        (lambda: lambda params: optimizers.SGD(), "An optimizer of torchkeras is passed as it is"),
        (lambda: optimizers.SGD, "It is a class; make an optimizer of it"),
        (lambda: 3, "Could not interpret optimizer identifier: 3"),
        (lambda: TorchOptimizer(3), "`optimizer` must be an optimizer of torch, its class"),
        (lambda: TorchOptimizer(_foreign(), lr=1.0), "is made already, so it takes no options"),
        (lambda: TorchOptimizer(torch.optim.SGD, learning_rate=1.0), "torch calls it 'lr'"),
        (
            lambda: TorchOptimizer(torch.optim.Adam, beta=1.0),
            "does not take `beta`.*you mean 'betas'",
        ),
    ],
)
def test_wrong_optimizers(make: Any, text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        net(make())


def test_a_schedule_of_keras_cannot_be_its_rate() -> None:
    optimizer = TorchOptimizer(torch.optim.SGD)
    with pytest.raises(TypeError, match="Give a scheduler of torch"):
        optimizer.learning_rate = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)


def test_stateless_steps_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="has no `stateless_apply`"):
        net(torch.optim.SGD).optimizer.stateless_apply([], [], [])
