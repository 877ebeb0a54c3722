"""`SeedGenerator` and the one call that seeds everything."""

import copy
import pickle
import random as python_random

import keras
import numpy as np
import pytest
import torch

from torchkeras import random
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.collect import weights
from torchkeras.random import seed_generator
from torchkeras.random.seeding import get_random_seed, set_random_seed


def test_next_gives_keras_pairs():
    ours, theirs = random.SeedGenerator(9), keras.random.SeedGenerator(9)
    for ordered in (True, False, True, False, False):
        pair = ours.next(ordered)
        assert pair.dtype == torch.int32
        assert pair.tolist() == theirs.next(ordered).tolist()
    assert ours.state.value.tolist() == theirs.state.value.tolist()


@pytest.mark.parametrize("seed", [1, 2**31 - 1, 999_999_999])
def test_scrambled_sequence_wraps_as_in_keras(seed):
    ours, theirs = random.SeedGenerator(seed), keras.random.SeedGenerator(seed)
    for _ in range(4):
        assert ours.next(ordered=False).tolist() == theirs.next(ordered=False).tolist()


def test_state_is_described_as_in_keras():
    ours, theirs = (kind.SeedGenerator(3, name="s") for kind in (random, keras.random))
    for attribute in ("name", "path", "shape", "dtype", "trainable"):
        assert getattr(ours.state, attribute) == getattr(theirs.state, attribute)


def test_config_equals_keras():
    ours = serialize_keras_object(random.SeedGenerator(3, name="s"))
    theirs = keras.saving.serialize_keras_object(keras.random.SeedGenerator(3, name="s"))
    assert ours == theirs
    assert deserialize_keras_object(theirs).get_config() == {"seed": 3, "name": "s"}


def test_unseeded_generator_takes_its_seed_from_python():
    python_random.seed(5)
    first = random.SeedGenerator().state.numpy()[0]
    python_random.seed(5)
    assert first == python_random.randint(1, 10**9)


def test_seed_of_a_module_is_one_buffer_that_loads_and_moves():
    class Noisy(torch.nn.Module):
        def __init__(self, seed):
            super().__init__()
            self.seeds = random.SeedGenerator(seed)

    one, other = Noisy(1), Noisy(2)
    one.seeds.next()
    assert list(one.state_dict()) == ["seeds.seed_generator_state"]
    other.load_state_dict(one.state_dict())
    assert other.seeds.next().tolist() == [1, 1]
    assert one.to("meta").seeds.state.value.device.type == "meta"


def test_seed_is_found_among_the_variables_of_a_module():
    module = torch.nn.Module()
    module.seeds = random.SeedGenerator(1)
    assert [v.name for v in weights(module)] == ["seed_generator_state"]
    weights(module)[0].assign([5, 5])
    assert module.seeds.draw() == 10


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copy_goes_its_own_way(copied):
    seeds = random.SeedGenerator(3)
    seeds.next()
    twin = copied(seeds)
    assert twin.next().tolist() == [3, 1]
    assert seeds.next().tolist() == [3, 1]


def test_assigned_state_counts():
    seeds = random.SeedGenerator(3)
    seeds.state.assign([8, 2])
    assert seeds.next().tolist() == [8, 2]


def test_large_seed_keeps_its_lowest_bits():
    assert random.SeedGenerator(2**32 + 5).draw() == 5
    assert random.SeedGenerator(2**32 - 1).draw() == 2**32 - 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"seed": "a"}, "`seed` must be an integer.*'a'"), ({"sed": 3}, "does not take sed")],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        random.SeedGenerator(**arguments)


def test_set_random_seed_reaches_every_generator():
    def draws():
        set_random_seed(7)
        return (
            python_random.random(),
            float(np.random.rand()),  # noqa: NPY002 - the legacy generator is what is seeded
            float(torch.rand(())),
            float(random.uniform(())),
        )

    assert draws() == draws()
    assert get_random_seed() == 7


def test_set_random_seed_refuses_what_is_no_integer():
    with pytest.raises(ValueError, match=r"`seed` must be an integer.*1\.5"):
        set_random_seed(1.5)


def test_followed_counter_is_read_back_only_after_a_change(monkeypatch):
    monkeypatch.setattr(seed_generator, "_slow_to_read", lambda state: True)
    seeds = random.SeedGenerator(3)
    assert seeds.draw() == 3
    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "tolist", None)
        assert [seeds.draw(), seeds.draw(ordered=False), seeds.draw()] == [4, 5, 21548 + 16161]
    seeds.state.assign([9, 0])
    assert seeds.draw() == 9
    other = random.SeedGenerator(20)
    other.load_state_dict(seeds.state_dict())
    assert other.draw() == 10
    with torch.inference_mode():
        assert seeds.draw() == 10
    assert seeds.draw() == 11
    assert copy.deepcopy(seeds).draw() == 12


@pytest.mark.gpu
def test_counter_is_followed_without_asking_the_device(gpu):
    seeds = random.SeedGenerator(3).to(gpu)
    assert seeds.draw() == 3
    with torch.no_grad():
        torch.cuda.set_sync_debug_mode("error") if gpu.type == "cuda" else None
        try:
            assert [seeds.draw() for _ in range(3)] == [4, 5, 6]
        finally:
            torch.cuda.set_sync_debug_mode("default") if gpu.type == "cuda" else None
    seeds.state.assign([9, 0])
    assert seeds.draw() == 9
    assert seeds.state.numpy().tolist() == [9, 1]
