"""The learning rate of torch's optimizers: read, set, and changed by torch's schedulers."""

import functools
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, ExponentialLR, ReduceLROnPlateau, StepLR

from tests.training.beside_torch import X, Y, assert_same, by_hand, fit, net
from torchkeras import Sequential, callbacks, layers, optimizers
from torchkeras.optimizers import TorchOptimizer

# Learning rate


def test_the_learning_rate_is_read_and_set() -> None:
    model = net(functools.partial(torch.optim.SGD, lr=0.1))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.optimizer.learning_rate = 0.25
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.25
    model.optimizer.learning_rate.assign(0.5)
    fit(model, epochs=1)
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.5


def test_a_rate_set_before_the_model_is_built_counts() -> None:
    model = Sequential([layers.Dense(1)])
    model.compile(functools.partial(torch.optim.SGD, lr=0.1), "mse")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.optimizer.learning_rate = 0.75
    fit(model, epochs=1)
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.75


def test_groups_keep_their_proportion() -> None:
    model = net()
    first, last = (list(layer.parameters()) for layer in model.layers)
    model.compile(torch.optim.SGD([{"params": first}, {"params": last, "lr": 0.4}], lr=0.2), "mse")
    model.optimizer.learning_rate = 0.1
    rates = [group["lr"] for group in model.optimizer.torch_optimizer.param_groups]
    assert rates == pytest.approx([0.1, 0.2])


def test_a_rate_in_a_tensor_stays_there() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.1), capturable=False)
    model.compile(optimizer, "mse")
    model.optimizer.learning_rate = 0.5
    assert optimizer.param_groups[0]["lr"] == torch.tensor(0.5)


def test_callbacks_change_the_rate() -> None:
    rates = [
        fit(
            net(given),
            callbacks=[
                callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
                callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=100.0),
            ],
        ).history
        for given in (optimizers.SGD(0.1), functools.partial(torch.optim.SGD, lr=0.1))
    ]
    assert list(rates[0]) == list(rates[1])
    for name, expected in rates[0].items():
        np.testing.assert_allclose(rates[1][name], expected, rtol=1e-5, err_msg=name)


# Schedulers


@pytest.mark.parametrize("per", ["step", "epoch"])
def test_a_scheduler_steps_when_it_is_told(per: str) -> None:
    optimizer = TorchOptimizer(
        torch.optim.SGD, lr=0.1, scheduler=functools.partial(ExponentialLR, gamma=0.5), per=per
    )
    history = fit(net(optimizer)).history
    steps = {"step": [3, 6, 9], "epoch": [0, 1, 2]}[per]
    assert history["learning_rate"] == pytest.approx([0.1 * 0.5**n for n in steps])
    assert list(history) == ["learning_rate", "loss"]


def test_a_scheduler_of_an_instance() -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.1)
    model.compile(TorchOptimizer(optimizer, scheduler=scheduler, per="step"), "mse")
    fit(model, epochs=2)
    assert scheduler.last_epoch == 6

    def make(params: Any) -> Any:
        made.append(torch.optim.SGD(params, lr=0.1))
        made.append(StepLR(made[0], step_size=2, gamma=0.1))
        return made[0]

    made: list[Any] = []
    assert_same(model, by_hand(make, epochs=2, after_step=lambda: made[1].step()))


def test_a_scheduler_steps_once_for_accumulated_gradients() -> None:
    optimizer = TorchOptimizer(
        torch.optim.SGD, scheduler=ConstantLR, per="step", gradient_accumulation_steps=3
    )
    fit(net(optimizer), epochs=2)
    assert optimizer.scheduler.last_epoch == 2


def test_a_plateau_is_seen() -> None:
    plateau = functools.partial(ReduceLROnPlateau, patience=0, threshold=0.999)
    optimizer = TorchOptimizer(
        torch.optim.SGD, lr=0.1, scheduler=plateau, per="epoch", monitor="val_loss"
    )
    history = fit(net(optimizer), validation_data=(X, Y)).history
    assert history["learning_rate"] == pytest.approx([0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"scheduler": StepLR}, r"`per` must say when the scheduler steps.*per=None"),
        ({"scheduler": StepLR, "per": "batch"}, "per='batch'"),
        ({"per": "epoch"}, "`per` and `monitor` go with a `scheduler`"),
        ({"scheduler": 3, "per": "step"}, "`scheduler` must be a scheduler of torch"),
        ({"scheduler": ReduceLROnPlateau, "per": "epoch"}, 'Give `per="epoch", monitor="val_'),
        (
            {"scheduler": ConstantLR, "per": "epoch", "monitor": "loss"},
            "`monitor` is for ReduceLROnPlateau",
        ),
        (
            {"scheduler": ReduceLROnPlateau, "per": "epoch", "monitor": "los"},
            r"`monitor` must be one of \['loss'\].*Did you mean 'loss'",
        ),
        ({"scheduler": lambda optimizer: None, "per": "step"}, "scheduler of the optimizer it is"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "Only one of `clipnorm`"),
    ],
)
def test_wrong_arguments_of_schedulers(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        fit(net(TorchOptimizer(torch.optim.SGD, **arguments)), epochs=1)


def test_a_scheduler_of_another_optimizer_is_refused() -> None:
    model = net()
    other = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer = TorchOptimizer(torch.optim.SGD, scheduler=StepLR(other, 1), per="step")
    with pytest.raises(ValueError, match="scheduler of the optimizer it is given with"):
        model.compile(optimizer, "mse")
