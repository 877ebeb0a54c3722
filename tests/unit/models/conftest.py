"""Models of torchkeras and their twins in Keras."""

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS


@pytest.fixture(autouse=True)
def on_the_cpu():
    """Compare on the CPU, and count automatic names from the beginning."""
    oracle.reset()
    with torchkeras.device("cpu"), keras.device("cpu"):
        yield


@pytest.fixture(params=BUILDERS)
def case(request):
    """The name of each model in `tests/cases/models.py`."""
    return request.param


@pytest.fixture
def model(case):
    """The model in torchkeras."""
    oracle.reset()
    return BUILDERS[case](torchkeras)


@pytest.fixture
def twin(case):
    """The same model in Keras."""
    oracle.reset()
    return BUILDERS[case](keras)


@pytest.fixture
def pair(model, twin):
    """The model in both packages, with the same random weights."""
    values = oracle.random_weights(twin, np.random.default_rng(0))
    twin.set_weights(values)
    model.set_weights(values)
    return model, twin
