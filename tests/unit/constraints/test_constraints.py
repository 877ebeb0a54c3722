"""Constrained weights and the constraints' configs equal Keras's."""

import inspect

import keras
import numpy as np
import pytest
import torch
from keras.src.constraints import ALL_OBJECTS_DICT

from torchkeras import constraints
from torchkeras._base.registry import custom_object_scope, register_keras_serializable
from torchkeras._state.variable import Variable

CASES = {
    "none": ("Constraint", {}),
    "max": ("MaxNorm", {}),
    "max axes": ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    "max all": ("MaxNorm", {"max_value": 1.5, "axis": None}),
    "min max": ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "axis": 1}),
    "min max slowly": ("MinMaxNorm", {"min_value": 1.0, "rate": 0.3, "axis": (0, 1)}),
    "unit": ("UnitNorm", {"axis": -1}),
    "not negative": ("NonNeg", {}),
}


def pair(case):
    name, kwargs = CASES[case]
    return getattr(constraints, name)(**kwargs), getattr(keras.constraints, name)(**kwargs)


@pytest.mark.parametrize("case", CASES)
def test_weights_equal_keras(case, rng):
    value = rng.normal(size=(3, 4, 5)).astype("float32")
    value[:, 0, 0] = 0.0
    ours, theirs = pair(case)
    torch.testing.assert_close(ours(torch.tensor(value)), theirs(torch.tensor(value)))


@pytest.mark.parametrize("case", [case for case in CASES if case != "none"])
def test_arrays_integers_and_variables_are_taken(case, rng):
    ours, theirs = pair(case)
    value = rng.integers(-3, 4, size=(3, 4, 5)).astype("int32")
    assert torch.equal(ours(value), ours(Variable(value, trainable=False)))
    torch.testing.assert_close(ours(value), theirs(value))


@pytest.mark.parametrize("case", CASES)
def test_half_precision_stays(case):
    ours, _ = pair(case)
    assert ours(torch.ones(3, 4, 5, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_long_half_precision_vectors_do_not_overflow():
    w = torch.full((2, 1), 400.0, dtype=torch.float16)
    assert torch.isfinite(constraints.UnitNorm()(w)).all()


@pytest.mark.parametrize("case", CASES)
def test_config_equals_keras_and_makes_an_equal_constraint(case):
    ours, theirs = pair(case)
    config = constraints.serialize(ours)
    assert config == keras.constraints.serialize(theirs)
    assert constraints.serialize(constraints.deserialize(config)) == config
    assert constraints.serialize(constraints.get(config)) == config


@pytest.mark.parametrize("name", sorted(ALL_OBJECTS_DICT))
def test_every_name_of_keras_is_known(name):
    assert type(constraints.get(name)).__name__ == ALL_OBJECTS_DICT[name].__name__
    assert type(constraints.deserialize(name)).__name__ == ALL_OBJECTS_DICT[name].__name__


def test_other_identifiers():
    assert constraints.get(None) is None
    assert isinstance(constraints.get(constraints.NonNeg), constraints.NonNeg)
    made = constraints.NonNeg()
    assert constraints.get(made) is made
    assert constraints.get(np.abs) is np.abs


def test_custom_names_are_found_in_scopes_and_the_registry():
    class Mine(constraints.NonNeg):
        pass

    with custom_object_scope({"mine": Mine}):
        assert isinstance(constraints.get("mine"), Mine)
    register_keras_serializable("test_constraints")(Mine)
    assert isinstance(constraints.get(constraints.serialize(Mine())), Mine)


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("maxnorm", "`constraint` must be one of 'MaxNorm'.*'maxnorm'.*mean 'max_norm'"),
        (3, r"`constraint` must be a name, a config or a callable.*3 \(of type int\)"),
    ],
)
def test_unknown_identifiers_are_named(identifier, message):
    with pytest.raises(ValueError, match=message):
        constraints.get(identifier)


def test_signatures_equal_keras():
    for name in [name for name in dir(keras.constraints) if not name.startswith("_")]:
        ours, theirs = getattr(constraints, name), getattr(keras.constraints, name)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), name
