"""Configs, names and arguments are Keras's."""

import inspect
import operator
from typing import Any

import keras
import pytest
import torch

import torchkeras
from torchkeras import optimizers
from torchkeras._base.naming import reset_names

# Keras's own variables warn when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
WRAPPERS = ["LossScaleOptimizer", "MultiOptimizer"]
OTHERS = [*WRAPPERS, "Optimizer", "OptimizerMap"]
PUBLIC = sorted(name for name in dir(keras.optimizers) if name[0].isupper())
NAMES = [name for name in PUBLIC if name not in OTHERS]


def test_every_name_of_keras_is_there() -> None:
    for space in ("optimizers", "optimizers.legacy", "optimizers.schedules", "mixed_precision"):
        ours, theirs = operator.attrgetter(space)(torchkeras), operator.attrgetter(space)(keras)
        assert {name for name in dir(theirs) if name[0] != "_"} - set(dir(ours)) == set(), space


@pytest.mark.parametrize("name", NAMES)
def test_config_equals_keras(name: str) -> None:
    arguments = {"learning_rate": 0.3, "name": "mine", "use_ema": True}
    ours = optimizers.serialize(getattr(optimizers, name)(**arguments))
    theirs = keras.optimizers.serialize(getattr(keras.optimizers, name)(**arguments))
    assert ours["module"] == "keras.optimizers"
    assert ours["class_name"] == theirs["class_name"]
    assert ours["config"] == theirs["config"]
    assert list(ours["config"]) == list(theirs["config"])


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name: str) -> None:
    schedule = optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = getattr(optimizers, name)(schedule, clipnorm=1.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_reads_a_config_written_by_keras() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    theirs = keras.optimizers.AdamW(schedule, weight_decay=0.1, beta_1=0.8)
    ours = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert isinstance(ours, optimizers.AdamW)
    assert (ours.weight_decay, ours.beta_1) == (0.1, 0.8)
    assert isinstance(ours.learning_rate, torch.Tensor)


OTHER_ARGUMENTS = {("Adadelta", "update_step")}  # it alone says `grad` for `gradient`


@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_signatures_equal_keras(name: str) -> None:
    ours, theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
    methods = [method for method in dir(theirs) if not method.startswith("_")]
    methods = [m for m in methods if (name, m) not in OTHER_ARGUMENTS]
    for method in ["__init__", *methods]:
        mine, other = getattr(ours, method), getattr(theirs, method)
        if not callable(other):
            assert isinstance(mine, property)
        else:
            assert parameters(mine) == parameters(other), method


def parameters(function: Any) -> list[tuple[str, Any]]:
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


def test_automatic_names() -> None:
    reset_names()
    names = [cls().name for cls in (optimizers.Adam, optimizers.Adam, optimizers.AdamW)]
    assert names == ["adam", "adam_1", "adam_w"]
    assert optimizers.RMSprop().name == "rm_sprop"


@pytest.mark.parametrize("name", NAMES)
def test_get_by_name(name: str) -> None:
    for spelling in (name, name.lower(), name.upper()):
        assert type(optimizers.get(spelling)) is getattr(optimizers, name)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"Lamb"}))  # Keras does not know its name
def test_reads_what_keras_writes(name: str) -> None:
    theirs = getattr(keras.optimizers, name)(0.25, clipnorm=0.5)
    ours = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(ours) is getattr(optimizers, name)
    assert ours.get_config() == theirs.get_config()
    again = keras.optimizers.deserialize(optimizers.serialize(ours))
    assert again.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop", "SGD"])
def test_legacy_optimizers_say_what_to_use(name: str) -> None:
    with pytest.raises(ImportError, match="Use the optimizer of the same name in `optimizers`"):
        getattr(optimizers.legacy, name)(0.1)


def test_get_passes_optimizers_and_none_through() -> None:
    optimizer = optimizers.SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None


def test_get_by_config() -> None:
    found = optimizers.get({"class_name": "rmsprop", "config": {"rho": 0.5}})
    assert found.rho == 0.5


def test_get_of_a_registered_class() -> None:
    class Adam(optimizers.SGD):
        pass

    config = {"class_name": "Adam", "config": {}}
    assert type(optimizers.deserialize(config, custom_objects={"Adam": Adam})) is Adam


WRONG: list[tuple[Any, str]] = [
    ("adamm", "Did you mean 'adam'"),
    (3, "must be one of 'sgd'"),
    (torch.optim.SGD([torch.zeros(1)]), "optimizer of torch: `compile` takes it"),
    (optimizers.Adam, r"It is a class; make an optimizer of it: `Adam\(\)`"),
]


@pytest.mark.parametrize(("identifier", "message"), WRONG, ids=["typo", "number", "torch", "class"])
def test_get_refuses(identifier: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        optimizers.get(identifier)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("SGD", {"lr": 0.1}, "Did you mean 'learning_rate'"),
    ("SGD", {"clipnrom": 0.1}, "Did you mean 'clipnorm'"),
    ("SGD", {"learning_rate": "fast"}, "`learning_rate` must be a float.*of type str"),
    ("SGD", {"learning_rate": 1}, "`learning_rate` must be a float.*of type int"),
    ("SGD", {"momentum": 2.0}, r"`momentum` must be a float between \[0, 1\]\."),
    ("SGD", {"momentum": 1}, r"`momentum` must be a float between \[0, 1\]\."),
    ("Adam", {"beta_1": 1.0}, r"`beta_1` must be in the range \[0, 1\)"),
    ("Adam", {"clipnorm": 1.0, "clipvalue": 1.0}, "Only one of `clipnorm`, `clipvalue` and"),
    ("Adam", {"clipnorm": 1.0, "global_clipnorm": 1.0}, "Only one of `clipnorm`"),
    ("Adam", {"gradient_accumulation_steps": 1}, "must be an integer >= 2"),
    ("Adam", {"use_ema": True, "ema_momentum": 1.5}, r"must be in the range \[0, 1\]"),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": -1}, "must be an integer >= 1"),
    ("AdamW", {"weight_decay": None}, "`weight_decay` must be a float"),
    ("Adamax", {"beta_1": 1.0}, r"`beta_1` must be in the range \[0, 1\)"),
    ("Nadam", {"beta_2": -0.1}, r"`beta_2` must be in the range \[0, 1\)"),
    ("Lamb", {"beta_2": 1.0}, r"`beta_2` must be in the range \[0, 1\)"),
    ("Lion", {"beta_1": 0.0}, r"`beta_1` must be in the \[0, 1\] range.*Received: beta_1=0\.0"),
    ("ScheduleFreeAdamW", {"beta_2": 1.0}, r"`beta_2` must be in the range \[0, 1\)"),
    ("Ftrl", {"learning_rate_power": 0.5}, "`learning_rate_power` needs to be negative or zero"),
    ("Ftrl", {"beta": 0.1, "l1_regularization_strength": -1.0}, "`l1_.*` needs to be positive or"),
    ("Ftrl", {"initial_accumulator_value": -1.0}, "`initial_accumulator_value` needs to"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSED)
def test_constructor_refuses(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(optimizers, name)(**arguments)


def test_a_string_is_no_list_of_patterns() -> None:
    with pytest.raises(TypeError, match=r"`exclude_layers` must be a list.*Pass `\['dense'\]`"):
        optimizers.Muon(exclude_layers="dense")
    with pytest.raises(TypeError, match=r"`var_names` must be a list.*Pass `\['bias'\]`"):
        optimizers.AdamW().exclude_from_weight_decay(var_names="bias")
    wrapped = optimizers.LossScaleOptimizer(optimizers.AdamW())
    with pytest.raises(TypeError, match="`var_names` must be a list of strings"):
        wrapped.exclude_from_weight_decay(var_names="bias")


def test_decay_of_older_keras_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="`decay` of older Keras is ignored") as caught:
        optimizers.SGD(decay=1e-6)
    assert caught[0].filename == __file__
