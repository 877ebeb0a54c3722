"""Configs, names and arguments are Keras's."""

import inspect
from typing import Any

import keras
import pytest
import torch

from torchkeras import optimizers
from torchkeras._base.naming import reset_names

# Keras's own variables warn when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAMES = ["SGD", "RMSprop", "Adam", "AdamW"]


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


@pytest.mark.parametrize("name", [*NAMES, "Optimizer"])
def test_signatures_equal_keras(name: str) -> None:
    ours, theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
    methods = [method for method in dir(theirs) if not method.startswith("_")]
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


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAM"])
def test_get_by_name(name: str) -> None:
    assert type(optimizers.get(name)) is optimizers.Adam


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
    (torch.optim.SGD([torch.zeros(1)]), "optimizer of torch; use `torchkeras.optimizers.SGD`"),
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
]


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSED)
def test_constructor_refuses(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(optimizers, name)(**arguments)


def test_decay_of_older_keras_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="`decay` of older Keras is ignored") as caught:
        optimizers.SGD(decay=1e-6)
    assert caught[0].filename == __file__
