"""Layers are compared with Keras on the CPU, whatever the machine has."""

from collections.abc import Iterator

import keras
import pytest

import torchkeras


@pytest.fixture(autouse=True)
def on_the_cpu() -> Iterator[None]:
    with torchkeras.device("cpu"), keras.device("cpu"):
        yield
