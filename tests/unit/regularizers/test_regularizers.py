"""Penalties, their gradients and configs equal Keras's."""

import inspect

import keras
import numpy as np
import pytest
import torch
from keras.src.regularizers import ALL_OBJECTS_DICT

from torchkeras import regularizers
from torchkeras._base.registry import custom_object_scope, register_keras_serializable
from torchkeras._state.variable import Variable
from torchkeras._symbolic.tensor import KerasTensor

CASES = {
    "l1": ("L1", {"l1": 0.3}),
    "l1 none": ("L1", {"l1": None}),
    "l2": ("L2", {"l2": 0.3}),
    "l2 none": ("L2", {"l2": None}),
    "l1l2": ("L1L2", {"l1": 0.3, "l2": 0.2}),
    "l1l2 one": ("L1L2", {"l2": 0.2}),
    "l1l2 nothing": ("L1L2", {}),
    "rows": ("OrthogonalRegularizer", {"factor": 0.3}),
    "columns": ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
}


def pair(case):
    name, kwargs = CASES[case]
    return getattr(regularizers, name)(**kwargs), getattr(keras.regularizers, name)(**kwargs)


@pytest.mark.parametrize("case", CASES)
def test_penalty_and_gradient_equal_keras(case, rng):
    value = rng.normal(size=(4, 5)).astype("float32")
    value[0, 0] = 0.0
    results = []
    for penalty in pair(case):
        x = torch.tensor(value, requires_grad=True)
        loss = penalty(x)
        if loss.requires_grad:
            loss.backward()
        results.append((loss.detach(), torch.zeros(()) if x.grad is None else x.grad))
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_penalty_has_the_dtype_of_its_input(case, dtype):
    x = torch.linspace(-1, 1, 12).reshape(3, 4).to(getattr(torch, dtype))
    ours, theirs = (penalty(x) for penalty in pair(case))
    assert ours.dtype == x.dtype
    torch.testing.assert_close(ours.double(), theirs.double(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("case", CASES)
def test_arrays_variables_and_symbols_are_taken(case, rng):
    penalty, _ = pair(case)
    value = rng.normal(size=(4, 5)).astype("float32")
    expected = float(penalty(torch.tensor(value)))
    assert float(penalty(value)) == pytest.approx(expected)
    assert float(penalty(Variable(value)).detach()) == pytest.approx(expected)
    assert penalty(KerasTensor((4, 5))).shape == ()


@pytest.mark.parametrize("case", CASES)
def test_config_equals_keras_and_makes_an_equal_regularizer(case):
    ours, theirs = pair(case)
    config = regularizers.serialize(ours)
    assert config == keras.regularizers.serialize(theirs)
    assert regularizers.serialize(regularizers.deserialize(config)) == config
    assert regularizers.serialize(regularizers.get(config)) == config


@pytest.mark.parametrize("name", sorted(ALL_OBJECTS_DICT))
def test_every_name_of_keras_is_known(name):
    assert type(regularizers.get(name)).__name__ == ALL_OBJECTS_DICT[name].__name__
    assert type(regularizers.deserialize(name)).__name__ == ALL_OBJECTS_DICT[name].__name__


def test_l1_l2_by_name_has_both_penalties():
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.01, "l2": 0.01}
    assert regularizers.get("l1l2").get_config() == {"l1": 0.0, "l2": 0.0}
    config = {"class_name": "l1_l2", "config": {"l1": 0.5}}
    assert regularizers.get(config).get_config() == {"l1": 0.5, "l2": 0.0}


def test_other_identifiers():
    assert regularizers.get(None) is None
    assert isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    made = regularizers.L2()
    assert regularizers.get(made) is made
    assert regularizers.get(torch.sum) is torch.sum


def test_custom_names_are_found_in_scopes_and_the_registry():
    class Mine(regularizers.L2):
        pass

    with custom_object_scope({"mine": Mine}):
        assert isinstance(regularizers.get("mine"), Mine)
    register_keras_serializable("test_regularizers")(Mine)
    assert isinstance(regularizers.get(regularizers.serialize(Mine())), Mine)
    assert isinstance(regularizers.deserialize("mine", {"mine": Mine}), Mine)


def test_base_class_has_no_penalty_and_asks_for_a_config():
    base = regularizers.Regularizer()
    assert base(torch.ones(2)) == 0.0
    with pytest.raises(NotImplementedError, match="Regularizer must define `get_config"):
        base.get_config()


def test_single_row_has_no_pairs():
    x = torch.ones(1, 3, requires_grad=True)
    penalty = regularizers.OrthogonalRegularizer()(x)
    penalty.backward()
    assert float(penalty.detach()) == 0.0
    assert x.grad.tolist() == [[0.0] * 3]


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf, "a"])
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("L1", "l1"),
        ("L2", "l2"),
        ("L1L2", "l1"),
        ("L1L2", "l2"),
        ("OrthogonalRegularizer", "factor"),
    ],
)
def test_factor_must_be_finite_and_not_negative(name, argument, bad):
    with pytest.raises(ValueError, match=f"`{argument}` must be finite.*{argument}={bad!r}"):
        getattr(regularizers, name)(**{argument: bad})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: regularizers.get("l_2"),
            r"`regularizer` must be one of 'L1'.*Received.*'l_2'.*mean",
        ),
        (lambda: regularizers.get(3), r"`regularizer` must be a name, a config.*3 \(of type int\)"),
        (lambda: regularizers.OrthogonalRegularizer(mode="x"), "`mode` must be one of 'rows'"),
        (lambda: regularizers.OrthogonalRegularizer()(torch.ones(3)), r"must be a matrix.*\(3,\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_signatures_equal_keras():
    for name in [name for name in dir(keras.regularizers) if not name.startswith("_")]:
        ours, theirs = getattr(regularizers, name), getattr(keras.regularizers, name)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), name
