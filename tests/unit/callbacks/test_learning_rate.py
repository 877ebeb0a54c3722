"""LearningRateScheduler and ReduceLROnPlateau."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.callbacks.fakes import FakeModel, FakeOptimizer, losses, run
from torchkeras.callbacks import LearningRateScheduler, ReduceLROnPlateau


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, lr: lr / 2,
        lambda epoch: 0.1 / 2 ** (epoch + 1),
        lambda epoch, lr: np.float32(lr / 2),
        lambda epoch, lr: torch.tensor(lr / 2),
    ],
)
def test_the_rate_follows_the_schedule(schedule: Any) -> None:
    logs = losses(1, 1)
    model = run(LearningRateScheduler(schedule), logs)
    assert model.optimizer.learning_rate == pytest.approx(0.025)
    assert [values["learning_rate"] for values in logs] == pytest.approx([0.05, 0.025])


@pytest.mark.parametrize("made", ["fast", None, True, np.ones(2)])
def test_a_schedule_must_return_a_number(made: Any) -> None:
    with pytest.raises(ValueError, match="output of the `schedule` function should be a float"):
        run(LearningRateScheduler(lambda epoch, lr: made), losses(1))


def test_an_error_inside_the_schedule_is_not_hidden() -> None:
    def broken(epoch: int, lr: float) -> float:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        run(LearningRateScheduler(broken), losses(1))


def test_an_optimizer_without_a_rate() -> None:
    model = FakeModel()
    model.optimizer = object()
    with pytest.raises(ValueError, match='must have a "learning_rate" attribute'):
        run(LearningRateScheduler(lambda epoch, lr: lr), losses(1), model)


def test_several_optimizers() -> None:
    model = FakeModel()
    model.optimizer = type("Multi", (), {})()
    model.optimizer.optimizers = [FakeOptimizer(1.0, "a"), FakeOptimizer(2.0, "b")]
    logs = losses(1)
    run(LearningRateScheduler(lambda epoch, lr: lr / 2), logs, model)
    assert (logs[0]["learning_rate_a"], logs[0]["learning_rate_b"]) == (0.5, 1.0)


def rates(callback: ReduceLROnPlateau, *values: float) -> list[float]:
    logs = losses(*values)
    model = run(callback, logs)
    return [*(values["learning_rate"] for values in logs), model.optimizer.learning_rate]


@pytest.mark.parametrize(
    ("arguments", "values", "expected"),
    [
        ({"patience": 1}, [2, 2, 2], [0.1, 0.1, 0.01, 0.001]),
        ({"patience": 2}, [2, 2, 2], [0.1, 0.1, 0.1, 0.01]),
        ({"patience": 1, "cooldown": 2}, [2, 2, 2, 2], [0.1, 0.1, 0.01, 0.01, 0.001]),
        ({"patience": 1, "min_lr": 0.05}, [2, 2, 2], [0.1, 0.1, 0.05, 0.05]),
        ({"patience": 1, "min_delta": 1.0}, [2, 1.5], [0.1, 0.1, 0.01]),
        ({"patience": 1, "mode": "max"}, [2, 3, 3], [0.1, 0.1, 0.1, 0.01]),
    ],
)
def test_plateaus(arguments: dict[str, Any], values: Any, expected: list[float]) -> None:
    assert rates(ReduceLROnPlateau(**arguments), *values) == pytest.approx(expected)


def test_a_factor_must_be_below_one() -> None:
    with pytest.raises(ValueError, match=r"does not support a factor >= 1\.0"):
        ReduceLROnPlateau(factor=1.0)


def test_they_say_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    run(ReduceLROnPlateau(patience=1, verbose=1), losses(1, 1))
    run(LearningRateScheduler(lambda epoch, lr: 0.5, verbose=1), losses(1))
    out = capsys.readouterr().out
    assert "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.01" in out
    assert "Epoch 1: LearningRateScheduler setting learning rate to 0.5." in out
