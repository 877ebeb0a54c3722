"""Damaged architectures, as the fuzz run found them: the error says what could not be used."""

import json

import pytest

import torchkeras
from torchkeras import layers


def config():
    x = torchkeras.Input((3,), name="x")
    y = layers.Dense(2, kernel_regularizer="l2", name="d")(x)
    return json.loads(torchkeras.Model(x, y).to_json())


def history(whole):
    return whole["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"]


DAMAGE = {
    "a history of two parts": lambda c: history(c).pop(),
    "a history with an object": lambda c: history(c).__setitem__(1, {}),
    "a call without arguments": lambda c: c["config"]["layers"][1]["inbound_nodes"][0].pop("args"),
    "a config that is a number": lambda c: c["config"]["layers"][1].update(config=True),
    "a tuple without items": lambda c: c["config"]["layers"][1]["config"].update(
        kernel_regularizer={"class_name": "__tuple__", "config": {}}
    ),
    "a size beyond all": lambda c: c["config"]["layers"][1]["config"].update(units=10**30),
    "a step that is missing": lambda c: c["config"]["layers"].pop(),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_error_names_the_text(name):
    whole = config()
    DAMAGE[name](whole)
    with pytest.raises((ValueError, TypeError), match=r"`json_string` (cannot be used|is damaged)"):
        torchkeras.models.model_from_json(json.dumps(whole))
