"""Schedules are equal to Keras's bit for bit, also where a period ends."""

from typing import Any

import keras
import pytest
import torch

from torchkeras.optimizers import schedules

CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("ExponentialDecay", (0.1, 7, 0.5), {}),
    ("ExponentialDecay", (0.1, 7, 0.96), {"staircase": True}),
    ("PiecewiseConstantDecay", ([3, 10], [0.1, 0.05, 0.01]), {}),
    ("PiecewiseConstantDecay", ([2.5], [1.0, 0.3]), {}),
    ("PolynomialDecay", (0.1, 10), {}),
    ("PolynomialDecay", (0.1, 10, 0.01, 0.5), {"cycle": True}),
    ("PolynomialDecay", (0.1, 9, 0.0, 2.0), {}),
    ("InverseTimeDecay", (0.1, 3, 0.7), {}),
    ("InverseTimeDecay", (0.1, 3, 0.7), {"staircase": True}),
    ("CosineDecay", (0.1, 50), {}),
    ("CosineDecay", (0.1, 50, 0.2), {}),
    ("CosineDecay", (0.0, 50), {"warmup_target": 0.1, "warmup_steps": 13}),
    ("CosineDecay", (0.01, 50), {"warmup_target": 0.1, "warmup_steps": 13, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 10), {}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 3.0, "m_mul": 1.1}),
]
STEPS = [*range(35), 50, 63, 64, 99, 100, 101, 150, 310, 1000]


def both(case: tuple[str, tuple[Any, ...], dict[str, Any]]) -> tuple[Any, Any]:
    name, args, kwargs = case
    theirs = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    return getattr(schedules, name)(*args, **kwargs), theirs


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}")
class TestSchedule:
    def test_values(self, case: Any) -> None:
        ours, theirs = both(case)
        for step in STEPS:
            assert float(ours(step)) == float(theirs(torch.tensor(step, dtype=torch.int32))), step

    def test_many_steps_at_once(self, case: Any) -> None:
        ours, _ = both(case)
        together = ours(torch.tensor(STEPS))
        torch.testing.assert_close(together, torch.stack([ours(step) for step in STEPS]))

    def test_config(self, case: Any) -> None:
        ours, theirs = both(case)
        config = schedules.serialize(ours)
        assert config == keras.optimizers.schedules.serialize(theirs)
        again = schedules.deserialize(config)
        assert type(again) is type(ours)
        assert again.get_config() == ours.get_config()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("ExponentialDecay", (0.1, 0, 0.5)),
        ("InverseTimeDecay", (0.1, -1, 0.5)),
        ("PolynomialDecay", (0.1, 0)),
        ("CosineDecay", (0.1, 0)),
        ("CosineDecayRestarts", (0.1, 0)),
    ],
)
def test_steps_below_one_are_refused(name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"decay_steps` must be > 0\. Received: "):
        getattr(schedules, name)(*args)


def test_lengths_of_boundaries_and_values() -> None:
    with pytest.raises(ValueError, match=r"one more number than `boundaries`.*of length 2"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_base_says_what_to_define() -> None:
    with pytest.raises(NotImplementedError, match="must define `__call__"):
        schedules.LearningRateSchedule()(0)
    with pytest.raises(NotImplementedError, match="must define `get_config"):
        schedules.LearningRateSchedule().get_config()


def test_warmup_may_start_at_a_whole_zero() -> None:
    schedule = schedules.CosineDecay(0, 10, warmup_target=0.1, warmup_steps=4)
    assert float(schedule(2)) == pytest.approx(0.05)


def test_result_is_the_users_own() -> None:
    schedule = schedules.PiecewiseConstantDecay([], [0.5])
    schedule(0).zero_()
    assert float(schedule(0)) == 0.5
