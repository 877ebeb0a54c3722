"""Shapes are found by trial, without memory, without drawing numbers and without traces."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import Input, layers
from torchkeras._symbolic.probe import probe, probing, real_tensors
from torchkeras._symbolic.spec import Spec, has_spec, specs_in


def shape(function, *shapes, dtype="float32", **kwargs):
    found = probe(function, tuple(Spec(s, dtype) for s in shapes), kwargs)
    return torchkeras.tree.map_structure(lambda spec: spec.shape, found)


def test_known_sizes_are_found_with_one_run():
    runs = []
    assert shape(lambda x: runs.append(1) or x.T, (2, 3)) == (3, 2)
    assert len(runs) == 1


def test_what_differs_is_unknown():
    assert shape(lambda x: x.T, (None, 3)) == (3, None)
    assert shape(lambda x: x[:, :2], (None, None)) == (None, 2)
    assert shape(lambda x: torch.zeros(4), (None,)) == (4,)
    assert shape(lambda x: x.new_zeros(x.shape[0] * 2), (None, 3)) == (None,)


def test_wide_kernels_are_tried_with_large_sizes():
    kernel = torch.ones(2, 3, 100)
    conv = nn.functional.conv1d
    assert shape(lambda x: conv(x, kernel), (None, 3, None)) == (None, 2, None)
    assert shape(lambda x: conv(x, kernel, stride=50), (None, 3, None)) == (None, 2, None)


def test_long_strides_leave_sizes_unknown():
    pool = nn.functional.max_pool1d
    assert shape(lambda x: pool(x, 2, 40), (None, 3, None)) == (None, 3, None)


def test_sizes_of_one_are_no_sign():
    assert shape(lambda x: x.sum(0, keepdim=True), (None, 3)) == (1, 3)


def test_structures_and_other_leaves_stay():
    found = probe(lambda x: {"a": [x, x.sum()], "b": 3, "c": None}, (Spec((None, 2), "int32"),), {})
    assert (found["a"][0].shape, found["a"][0].dtype) == ((None, 2), "int32")
    assert (found["a"][1].shape, found["a"][1].dtype) == ((), "int64")
    assert (found["b"], found["c"]) == (3, None)


def test_keywords_hold_specs_too():
    found = probe(torch.add, (Spec((None, 2), "float32"),), {"other": Spec((2,), "float16")})
    assert (found.shape, found.dtype) == ((None, 2), "float32")


def test_parameters_and_tensors_may_take_part():
    weight = nn.Parameter(torch.ones(3, 4))
    assert shape(lambda x: x @ weight, (None, 3)) == (None, 4)
    assert weight.grad is None


def test_nothing_large_is_computed():
    assert shape(lambda x: (x @ x.T) @ x, (10**7, 4)) == (10**7, 4)


def test_no_generator_moves():
    states = [torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()]  # noqa: NPY002
    x = Input((3,))
    layer = layers.Dropout(0.5, seed=1)
    before = [v.numpy() for v in layer.variables]
    layer(x, training=True)
    torch.randn_like(x)
    nn.functional.dropout(x)
    torchkeras.Sequential([nn.Dropout(0.5), layers.GaussianNoise(0.1)])(x, training=True)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    for value, old in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(value.numpy(), old)


def test_statistics_do_not_move():
    layer, norm = layers.BatchNormalization(), nn.BatchNorm1d(3)
    x = Input((3,))
    layer(x, training=True)
    torchkeras.Model(x, norm.train()(x))
    assert layer.moving_mean.numpy().tolist() == [0, 0, 0]
    assert norm.num_batches_tracked.item() == 0


def test_probing_is_known_inside():
    seen = []
    shape(lambda x: seen.append(probing()) or x, (2,))
    assert seen == [True]
    assert not probing()


def test_real_tensors_can_be_made_inside():
    made = []

    def run(x):
        with real_tensors():
            made.append(torch.ones(2))
        return x

    shape(run, (2,))
    assert made[0].tolist() == [1, 1]


def test_errors_end_the_trial():
    with pytest.raises(KeyError):
        shape(lambda x: {}["missing"], (2,))
    assert not probing()
    assert torch.ones(1).tolist() == [1]


def test_specs_are_found():
    spec = Spec([None, 2], torch.int32)
    assert repr(spec) == "Spec(shape=(None, 2), dtype=int32)"
    assert specs_in({"b": [spec], "a": 3}) == [spec]
    assert has_spec((1, [spec]), {})
    assert has_spec((), {"x": {"a": spec}})
    assert not has_spec((1, "a", [torch.ones(1)]), {"x": 3})


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (torch.add, ((None, 3), (2, 3)), (2, 3)),
        (torch.add, ((None, 3), (2, None)), (2, 3)),
        (torch.add, ((None, None, 4), (None, 7, 4)), (None, 7, 4)),
        (torch.matmul, ((None, 3), (None, 3)), (None, 3)),
        (torch.matmul, ((None, None), (3, 4)), (None, 4)),
        (lambda x, y: torch.cat([x, y], 1), ((None, 3), (2, 3)), (2, 6)),
        (lambda x: x.reshape(-1, 6), ((None, 3),), (None, 6)),
    ],
)
def test_unknown_sizes_meet_known_ones(function, shapes, expected):
    assert shape(function, *shapes) == expected


def test_numbers_among_the_arguments_are_known_sizes():
    assert probe(torch.reshape, (Spec((None, 3), "float32"), (2, 3)), {}).shape == (2, 3)


def test_what_nothing_fits_is_refused():
    with pytest.raises(RuntimeError, match=r"size of tensor a \(3\)|Attempting to broadcast"):
        shape(torch.add, (None, 3), (2, 4))


def test_a_symbol_used_twice_has_one_size():
    x = Spec((None, 3), "float32")
    assert probe(lambda a, b, c: a + b + c, (x, x, Spec((2, 1), "float32")), {}).shape == (2, 3)


def test_what_fits_in_several_ways_stays_unknown():
    def function(x, y):
        return y[: {3: 2, 4: 1}[len(x)]]

    assert shape(function, (None,), (3, 4)) == (None, 4)


def test_a_layer_may_add_what_is_known_to_what_is_not():
    table = torch.ones(7, 4)
    layer = layers.Lambda(lambda pair: pair[0] + pair[1] + table)
    assert layer([Input((None, 4)), Input((7, 4))]).shape == (None, 7, 4)
