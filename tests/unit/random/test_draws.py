"""Draws equal Keras's, number for number, and leave torch's own generators alone."""

import keras
import numpy as np
import pytest
import torch

from torchkeras import random
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.random.seeding import set_random_seed

LOGITS = np.linspace(-1, 1, 24, dtype="float32").reshape(4, 6)
CUBE = np.arange(24.0, dtype="float32").reshape(2, 3, 4)
DRAWS = {
    "uniform": ("uniform", ((3, 4), -1.0, 2.0)),
    "uniform scalar": ("uniform", ((),)),
    "normal": ("normal", ((3, 4), 1.0, 2.0)),
    "truncated_normal": ("truncated_normal", ((30, 4), 1.0, 2.0)),
    "randint": ("randint", ((50,), -3, 8)),
    "categorical": ("categorical", (LOGITS, 9)),
    "shuffle": ("shuffle", (CUBE,)),
    "shuffle middle": ("shuffle", (CUBE, 1)),
    "shuffle last": ("shuffle", (CUBE, 2)),
    "dropout": ("dropout", (torch.ones(5, 6), 0.4)),
    "dropout rows": ("dropout", (torch.ones(5, 6), 0.4, (None, 1))),
    "gamma": ("gamma", ((3, 4), 2.5)),
    "gamma of tensor": ("gamma", ((4, 6), np.exp(LOGITS))),
    "binomial": ("binomial", ((3, 4), 10.0, 0.3)),
    "beta": ("beta", ((3, 4), 0.5, 2.0)),
}


def pair(case, **seeds):
    name, args = DRAWS[case]
    ours, theirs = seeds["ours"], seeds["theirs"]
    return getattr(random, name)(*args, seed=ours), getattr(keras.random, name)(*args, seed=theirs)


def assert_same(ours, theirs):
    assert ours.dtype == theirs.dtype
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("case", DRAWS)
@pytest.mark.parametrize("seed", [5, 2**31 + 9, -4])
def test_integer_seed_draws_keras_numbers(case, seed):
    assert_same(*pair(case, ours=seed, theirs=seed))


@pytest.mark.parametrize("case", DRAWS)
def test_seed_generator_draws_keras_sequence(case):
    ours, theirs = random.SeedGenerator(11), keras.random.SeedGenerator(11)
    for _ in range(3):
        assert_same(*pair(case, ours=ours, theirs=theirs))


@pytest.mark.parametrize("case", DRAWS)
def test_unseeded_draws_follow_set_random_seed_as_in_keras(case):
    name, args = DRAWS[case]
    set_random_seed(7)
    ours = [getattr(random, name)(*args) for _ in range(3)]
    keras.utils.set_random_seed(7)
    theirs = [getattr(keras.random, name)(*args) for _ in range(3)]
    for a, b in zip(ours, theirs, strict=True):
        assert_same(a, b)


@pytest.mark.parametrize("case", DRAWS)
def test_global_generator_of_torch_is_left_alone(case):
    before = torch.random.get_rng_state()
    name, args = DRAWS[case]
    getattr(random, name)(*args, seed=3)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["uniform", "normal", "truncated_normal"])
def test_float_dtypes_draw_keras_numbers(name, dtype):
    ours = getattr(random, name)((3, 4), 0.3, 0.7, dtype=dtype, seed=3)
    assert_same(ours, getattr(keras.random, name)((3, 4), 0.3, 0.7, dtype=dtype, seed=3))


def test_normal_takes_tensors_as_mean_and_stddev():
    made = random.normal((2, 3), mean=torch.tensor([0.0, 10.0, 20.0]), stddev=0.0, seed=3)
    assert torch.equal(made, torch.tensor([0.0, 10.0, 20.0]).expand(2, 3))


def test_dropout_without_seed_is_torchs_own():
    x = torch.ones(50)
    torch.manual_seed(3)
    ours = random.dropout(x, 0.5)
    torch.manual_seed(3)
    assert torch.equal(ours, torch.nn.functional.dropout(x, 0.5))


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_dropout_at_the_ends_of_its_range(rate, expected):
    assert random.dropout(torch.ones(4), rate, seed=3).tolist() == [expected] * 4


def test_dropout_passes_gradients_to_what_it_keeps():
    x = torch.ones(100, requires_grad=True)
    y = random.dropout(x, 0.25, seed=3)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random.uniform((2,), dtype="int32"), "`dtype` must be a float dtype.*int32"),
        (lambda: random.normal((None, 2)), r"`shape` must hold known sizes.*\(None, 2\)"),
        (lambda: random.randint((2,), 0, 3, "float32"), "`dtype` must be one of whole.*float32"),
        (lambda: random.categorical(torch.ones(5), 1), r"`logits` must have the shape"),
        (lambda: random.randint((2,), 3, 3), "`maxval` must be above `minval`.*minval=3, maxval=3"),
        (lambda: random.dropout(torch.ones(2), 1.5), "`rate` must lie between 0 and 1.*rate=1.5"),
        (lambda: random.dropout(torch.ones(2), 0.5, (1, 2)), "`noise_shape` must broadcast"),
        (lambda: random.gamma((2,), -1.0), "`alpha` must be positive.*alpha=-1.0"),
        (lambda: random.beta((2,), 1.0, 0), "`beta` must be positive.*beta=0"),
        (lambda: random.categorical(torch.ones(2, 3, 4), 1), r"`logits` must have the shape"),
        (lambda: random.normal((2,), seed="a"), "`seed` must be an integer.*seed='a'.*str"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("case", ["categorical", "shuffle", "dropout"])
def test_symbols_take_no_seed(case):
    name, (x, *rest) = DRAWS[case]
    seeds = random.SeedGenerator(3)
    made = getattr(random, name)(KerasTensor((None, *x.shape[1:])), *rest, seed=seeds)
    assert isinstance(made, KerasTensor)
    assert made.shape[0] is None
    assert seeds.state.numpy().tolist() == [3, 0]


def test_meta_device_draws_shapes_without_a_seed():
    seeds = random.SeedGenerator(3)
    with torch.device("meta"):
        assert random.normal((2, 3), seed=seeds).device.type == "meta"
    assert seeds.state.numpy().tolist() == [3, 0]
