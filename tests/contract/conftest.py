"""Every test here that takes a `row` runs once for each row of the table."""

from collections.abc import Iterator
from pathlib import Path

import keras
import pytest

import torchkeras
from tests import oracle
from tests.cases.layers import ROWS

FOLDER = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" not in metafunc.fixturenames:
        return
    name = Path(metafunc.module.__file__).stem.removeprefix("test_")
    cases = [
        pytest.param(row, id=row.id, marks=_left_out(row.skip[name]) if name in row.skip else ())
        for row in ROWS
        if name != "errors" or row.wrong
    ]
    metafunc.parametrize("row", cases)


def _left_out(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skip(reason=reason)


@pytest.fixture(autouse=True)
def on_the_cpu() -> Iterator[None]:
    """Compare on the CPU, whatever the machine has, and count names from the beginning."""
    oracle.reset()
    with torchkeras.device("cpu"), keras.device("cpu"):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:  # Keras's own use of NumPy 2
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ implementation"))
