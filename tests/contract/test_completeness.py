"""Every public layer has a row, and the heart has every name that Keras's has."""

import inspect

import keras
import pytest

import torchkeras
from tests.cases.layers import ROWS
from torchkeras import layers

# Classes that are the frame of others, declare inputs, or refuse to be made; tests/unit has their
# tests.
FOREIGN = {"JaxLayer", "FlaxLayer", "TFSMLayer"}
# Keras makes these only where TensorFlow is; tests/unit/layers has its numbers.
NEED_TENSORFLOW = {
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "StringLookup",
    "TextVectorization",
}
FRAMES = {"Layer", "InputLayer", "Wrapper", "TorchModuleWrapper", "InputSpec", "Input"} | FOREIGN
FRAMES |= NEED_TENSORFLOW
# Public names of Keras's heart that torchkeras does not have, each with its reason.
MISSING = {
    "Layer": {},
    "Model": {},
    "Sequential": {},
}


def public_layers():
    found = [x for x in vars(layers).values() if inspect.isclass(x)]
    return {x.__name__ for x in found if issubclass(x, layers.Layer)} - FRAMES


def test_every_layer_has_a_row():
    with_rows = {row.id.partition("-")[0] for row in ROWS}
    assert public_layers() - with_rows == set()


def test_ids_are_unique_and_name_their_class():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))
    for row in ROWS:
        assert type(row.make(torchkeras)).__name__ == row.id.partition("-")[0]


def test_every_class_has_wrong_cases():
    refused = {row.id.partition("-")[0] for row in ROWS if row.wrong}
    assert public_layers() - refused == set()


@pytest.mark.parametrize("name", MISSING)
def test_public_members_equal_keras(name):
    ours, theirs = getattr(torchkeras, name), getattr(keras, name)
    missing = {member for member in dir(theirs) if not member.startswith("_")} - set(dir(ours))
    assert missing == set(MISSING[name])
