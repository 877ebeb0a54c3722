"""Two hundred steps beside Keras: every weight and every state variable within 1e-5."""

import warnings
from typing import Any

import keras
import pytest

from tests.unit.optimizers.twin import Twins, gradients, run
from torchkeras import optimizers

RULES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.8}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "rho": 0.7, "epsilon": 1e-3}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("AdamW", {}),
]
OPTIONS: list[dict[str, Any]] = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 1.0},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    {"gradient_accumulation_steps": 3},
    {"loss_scale_factor": 1024.0},
    {
        "weight_decay": 0.01,
        "clipnorm": 1.0,
        "use_ema": True,
        "ema_overwrite_frequency": 5,
        "gradient_accumulation_steps": 2,
        "loss_scale_factor": 8.0,
    },
]


def twins(name: str, **arguments: Any) -> Twins:
    return Twins(
        getattr(optimizers, name)(**arguments), getattr(keras.optimizers, name)(**arguments)
    )


def label(value: Any) -> str:
    if isinstance(value, dict):
        return "-".join(f"{key}={item}" for key, item in value.items()) or "plain"
    return str(value)


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_step(name: str, arguments: dict[str, Any]) -> None:
    run(twins(name, **arguments), 200, through_grad=True)


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_apply(name: str, arguments: dict[str, Any]) -> None:
    run(twins(name, **arguments), 12)


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_tiny_gradients(name: str, arguments: dict[str, Any]) -> None:
    run(twins(name, **arguments), 200, scale=1e-6)


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_tenfold_drop_of_the_learning_rate(name: str, arguments: dict[str, Any]) -> None:
    def drop(pair: Twins, step: int) -> None:
        if step == 50:
            pair.ours.learning_rate = pair.theirs.learning_rate = 1e-3

    run(twins(name, learning_rate=1e-2, **arguments), 200, before=drop)


@pytest.mark.parametrize("options", OPTIONS, ids=label)
@pytest.mark.parametrize(("name", "arguments"), [RULES[1], RULES[3], RULES[7]], ids=label)
def test_option(name: str, arguments: dict[str, Any], options: dict[str, Any]) -> None:
    run(twins(name, **arguments, **options), 40, through_grad=True)


@pytest.mark.parametrize("options", OPTIONS, ids=label)
def test_option_through_apply(options: dict[str, Any]) -> None:
    run(twins("Adam", **options), 12)


@pytest.mark.parametrize("schedule", ["ExponentialDecay", "CosineDecay"])
@pytest.mark.parametrize("steps", [None, 2])
def test_schedule_counts_every_step(schedule: str, steps: int | None) -> None:
    arguments = (0.1, 40) if schedule == "CosineDecay" else (0.1, 40, 0.5)
    pair = Twins(
        optimizers.Adam(
            getattr(optimizers.schedules, schedule)(*arguments), gradient_accumulation_steps=steps
        ),
        keras.optimizers.Adam(
            getattr(keras.optimizers.schedules, schedule)(*arguments),
            gradient_accumulation_steps=steps,
        ),
    )
    run(pair, 30)


def test_variables_left_out_of_some_steps() -> None:
    pair = twins("Adam", weight_decay=0.01)
    for step in range(20):
        grads: list[Any] = gradients(step)
        if step % 3:
            grads[step % 4] = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair.step(grads, through_grad=step % 2 == 0)
    pair.compare()


@pytest.mark.parametrize("names", [["bias"], ["kernel", "scale"]])
def test_excluded_from_weight_decay(names: list[str]) -> None:
    pair = twins("AdamW", weight_decay=0.5)
    for optimizer in (pair.ours, pair.theirs):
        optimizer.exclude_from_weight_decay(var_names=names)
    run(pair, 20, through_grad=True)


@pytest.mark.parametrize("options", OPTIONS[:3], ids=label)
def test_option_with_tiny_gradients(options: dict[str, Any]) -> None:
    run(twins("Adam", **options), 200, scale=1e-6)
