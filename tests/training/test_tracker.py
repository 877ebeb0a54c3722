"""The mean of the loss: counted on the host, readable everywhere."""

import pytest
import torch

from torchkeras._training.tracker import LossTracker


def tracker() -> LossTracker:
    made = LossTracker(name="loss")
    made.track(torch.tensor(2.0), 3)
    made.track(torch.tensor(6.0), 1)
    return made


def test_it_weighs_by_the_number_of_samples() -> None:
    assert tracker().result().item() == 3.0
    assert LossTracker().result().item() == 0.0


def test_its_variables_hold_total_and_count() -> None:
    made = tracker()
    assert [v.value.item() for v in made.variables] == [12.0, 4.0]
    assert made.result().item() == 3.0
    made.track(torch.tensor(0.0), 4)
    assert made.result().item() == 1.5
    assert [v.value.item() for v in made.variables] == [12.0, 8.0]


def test_steps_that_users_write_may_update_it_as_a_mean() -> None:
    made = tracker()
    made.update_state(torch.tensor(8.0))
    assert made.result().item() == pytest.approx(4.0)
    made.update_state(torch.tensor([1.0, 2.0]), sample_weight=torch.tensor([1.0, 0.0]))
    assert made.result().item() == pytest.approx(21 / 6)


def test_resetting_begins_again() -> None:
    made = tracker()
    made.reset_state()
    assert made.result().item() == 0.0
    made.track(torch.tensor(5.0), 2)
    assert made.result().item() == 5.0


def test_a_value_set_from_outside_counts() -> None:
    made = tracker()
    made.total.assign(40.0)
    for variable, value in zip(made.variables, (10.0, 5.0), strict=True):
        variable.assign(value)
    assert made.result().item() == 2.0
