"""Seeded draws are part of compiled graphs, and give the numbers that eager ones give."""

import pytest
import torch

from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers, random

pytestmark = not_on_the_oldest_torch

X = torch.ones(6, 5)
DRAWS = {
    "uniform": lambda seed: random.uniform((3, 2), -1, 2, seed=seed),
    "normal": lambda seed: random.normal((3, 2), 1.0, 0.5, seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal((3, 2), seed=seed),
    "dropout": lambda seed: random.dropout(X, 0.5, seed=seed),
    "randint": lambda seed: random.randint((3, 4), -(2**40), 2**40, "int64", seed=seed),
    "categorical": lambda seed: random.categorical(X, 4, seed=seed),
    "shuffle": lambda seed: random.shuffle(torch.arange(24.0).view(2, 12), 1, seed=seed),
    "gamma": lambda seed: random.gamma((3, 2), X[0, :2], seed=seed),
    "beta": lambda seed: random.beta((3, 2), 2.0, 3.0, seed=seed),
    "binomial": lambda seed: random.binomial((3, 4), 9, 0.5, seed=seed),
}
LAYERS = {
    "dropout": lambda: layers.Dropout(0.5, seed=3),
    "noise_shape": lambda: layers.Dropout(0.5, noise_shape=(None, 1), seed=3),
    "gaussian_noise": lambda: layers.GaussianNoise(1.0, seed=3),
    "gaussian_dropout": lambda: layers.GaussianDropout(0.5, seed=3),
}


def compiled(function):
    torch._dynamo.reset()
    return torch.compile(function, fullgraph=True, backend="eager")


@pytest.mark.parametrize("name", DRAWS)
def test_numbers_are_those_of_eager_draws(name):
    draw = DRAWS[name]
    eager, traced = random.SeedGenerator(7), random.SeedGenerator(7)
    run = compiled(lambda: draw(traced))
    for _ in range(3):
        assert torch.equal(run(), draw(eager))
    assert torch.equal(traced.state.value, eager.state.value)


@pytest.mark.parametrize("name", DRAWS)
def test_whole_numbers_as_seeds(name):
    run = compiled(lambda: DRAWS[name](2**32 - 5))
    assert torch.equal(run(), DRAWS[name](2**32 - 5))
    assert torch.equal(run(), run())


@pytest.mark.parametrize("name", DRAWS)
def test_draws_without_a_seed_differ(name):
    run = compiled(lambda: DRAWS[name](None))
    assert not torch.equal(run(), run())


@pytest.mark.parametrize("name", LAYERS)
def test_layers_in_training(name):
    eager, traced = LAYERS[name]().train(), LAYERS[name]().train()
    run = compiled(traced)
    for _ in range(2):
        assert torch.equal(run(X), eager(X))
    assert torch.equal(run(X), eager(X))
