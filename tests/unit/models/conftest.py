"""Models of torchkeras and their twins in Keras."""

from pathlib import Path

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS

FOLDER = Path(__file__).parent


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
def written(case):
    """The name of each model that Keras writes down as it was built."""
    if case == "text":
        pytest.skip("Keras adds a step that computes the mask; here the mask rides on the tensor")
    return case


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:  # Keras's own use of NumPy 2
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ implementation"))
