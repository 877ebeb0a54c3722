"""Names, order and defaults of arguments are Keras's."""

import inspect

import keras
import pytest

from tests.cases.layers import ROWS
from torchkeras import layers

CLASSES = sorted({row.id.partition("-")[0] for row in ROWS})


def arguments(function):
    parameters = list(inspect.signature(function).parameters.values())
    return [(p.name, p.default) for p in parameters if p.kind != p.VAR_KEYWORD]


@pytest.mark.parametrize("name", CLASSES)
def test_init(name):
    ours, theirs = (getattr(module, name).__init__ for module in (layers, keras.layers))
    assert arguments(ours) == arguments(theirs)


@pytest.mark.parametrize("name", CLASSES)
def test_call(name):
    ours, theirs = (getattr(module, name).call for module in (layers, keras.layers))
    expected = arguments(theirs)
    assert arguments(ours)[: len(expected)] == expected
