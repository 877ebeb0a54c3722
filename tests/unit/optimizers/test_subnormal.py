"""What decays into numbers that processors are slow at is set to zero now and then."""

import pytest
import torch

from torchkeras import optimizers

MADE = {
    "RMSprop": lambda: optimizers.RMSprop(momentum=0.5, centered=True),
    "SGD": lambda: optimizers.SGD(momentum=0.9),
    "Adam": optimizers.Adam,
    "Nadam": optimizers.Nadam,
}


@pytest.mark.parametrize("name", MADE)
def test_a_dead_unit_leaves_no_subnormal_numbers(name):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = MADE[name]()
    optimizer.build([weight])
    for step in range(1024):
        weight.grad = torch.tensor([1.0, 0.0 if step else 1.0])
        optimizer.step()
    tiny = torch.finfo(torch.float32).tiny
    for variable in (v for v in optimizer.variables if tuple(v.shape) == (2,)):
        value = torch.as_tensor(variable.value)
        assert not ((value != 0) & (value.abs() < tiny)).any(), variable.path


def test_small_numbers_that_are_normal_stay():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = optimizers.SGD(1.0, momentum=0.5)
    optimizer.build([weight])
    for _ in range(64):
        weight.grad = torch.tensor([1e-34])
        optimizer.step()
    velocity = optimizer.variables[-1].value
    assert velocity.item() == pytest.approx(-2e-34, rel=1e-5)
