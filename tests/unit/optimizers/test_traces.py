"""Two hundred steps beside Keras: every weight and every state variable within 1e-5."""

import warnings
from typing import Any

import keras
import pytest

from tests.cases.optimizers import PLAIN, RULES, VARIANTS
from tests.unit.optimizers.twin import Twins, gradients, run
from torchkeras import optimizers
from torchkeras.optimizers.kernel_optimizer import KernelOptimizer

# Keras's own Nadam reads its variables through NumPy, which warns.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
OPTIONS: list[dict[str, Any]] = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 1.0},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 3},
    {"loss_scale_factor": 1024.0},
]
TOGETHER: list[dict[str, Any]] = [
    {"clipvalue": 0.3, "use_ema": True, "ema_momentum": 0.9},
    {"global_clipnorm": 1.0, "weight_decay": 0.01, "gradient_accumulation_steps": 3},
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


def drop(pair: Twins, step: int) -> None:
    if step == 30:
        rate = float(pair.ours.learning_rate)
        pair.ours.learning_rate = pair.theirs.learning_rate = rate / 10


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_tenfold_drop_of_the_learning_rate(
    name: str, arguments: dict[str, Any], scale: float
) -> None:
    """Gradients of ordinary size and tiny ones; the rule alone until the drop."""
    pair = twins(name, **{"learning_rate": 1e-2, **arguments})
    run(pair, 60 if (name, arguments) in VARIANTS else 200, scale, before=drop, through_grad=True)


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=label)
def test_apply(name: str, arguments: dict[str, Any]) -> None:
    run(twins(name, **arguments), 12)


@pytest.mark.parametrize("options", OPTIONS, ids=label)
@pytest.mark.parametrize(("name", "arguments"), PLAIN, ids=label)
def test_option(name: str, arguments: dict[str, Any], options: dict[str, Any]) -> None:
    run(twins(name, **arguments, **options), 7, through_grad=True)


@pytest.mark.parametrize("options", [*OPTIONS, *TOGETHER], ids=label)
def test_option_through_apply(options: dict[str, Any]) -> None:
    run(twins("Adam", **options), 12)


@pytest.mark.parametrize("options", TOGETHER, ids=["clipvalue", "global_clipnorm", "clipnorm"])
@pytest.mark.parametrize(("name", "arguments"), PLAIN, ids=label)
def test_options_together(name: str, arguments: dict[str, Any], options: dict[str, Any]) -> None:
    run(twins(name, **arguments, **options), 200, through_grad=True)


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


@pytest.mark.parametrize(("name", "arguments"), PLAIN, ids=label)
def test_variables_left_out_of_some_steps(name: str, arguments: dict[str, Any]) -> None:
    pair = twins(name, weight_decay=0.01, **arguments)
    for step in range(12):
        grads: list[Any] = gradients(step)
        if step % 3:
            grads[step % 4] = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair.step(grads, through_grad=step % 2 == 0)
    pair.compare()


@pytest.mark.parametrize("names", [["bias"], ["kernel", "scale"]])
@pytest.mark.parametrize(("name", "arguments"), PLAIN, ids=label)
def test_excluded_from_weight_decay(name: str, arguments: dict[str, Any], names: list[str]) -> None:
    pair = twins(name, weight_decay=0.5, **arguments)
    for optimizer in (pair.ours, pair.theirs):
        optimizer.exclude_from_weight_decay(var_names=names)
    run(pair, 4, through_grad=True)


@pytest.mark.parametrize("options", OPTIONS[:3], ids=label)
def test_option_with_tiny_gradients(options: dict[str, Any]) -> None:
    run(twins("Adam", **options), 200, scale=1e-6)


def test_every_optimizer_has_rows() -> None:
    public = [getattr(optimizers, name) for name in dir(optimizers) if name[0].isupper()]
    rules = {kind.__name__ for kind in public if issubclass(kind, KernelOptimizer)}
    assert {name for name, _ in RULES} == {name for name, _ in PLAIN} == rules
