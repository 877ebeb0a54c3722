"""Every test here that takes a `row` runs once for each row of the table."""

import os
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest

import torchkeras
from tests import oracle
from tests.cases.layers import ROWS
from tests.cases.row import Row

FOLDER = Path(__file__).parent
# They take long: of the rows that call a class in the same way, the first stands for the others.
# With EVERY_ROW=1 in the environment all of them run.
SLOW = ("compile", "export", "model_file")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" not in metafunc.fixturenames:
        return
    name = Path(metafunc.module.__file__).stem.removeprefix("test_")
    rows = _one_of_a_kind(ROWS) if name in SLOW and not os.environ.get("EVERY_ROW") else ROWS
    cases = [
        pytest.param(row, id=row.id, marks=_left_out(row.skip[name]) if name in row.skip else ())
        for row in rows
        if name != "errors" or row.wrong
    ]
    metafunc.parametrize("row", cases)


def _one_of_a_kind(rows: list[Row]) -> list[Row]:
    return list({_kind(row): row for row in reversed(rows)}.values())[::-1]


def _kind(row: Row) -> tuple[str, ...]:
    """Return what is equal for rows of one class that are called in the same way."""
    given = [(len(data.shape), data.mask is not None) for data in oracle.arrays([row.args])]
    named = {key: isinstance(value, bool) and value for key, value in row.kwargs.items()}
    return row.id.partition("-")[0], str(given), str(sorted(named.items()))


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
            item.add_marker(pytest.mark.filterwarnings("ignore:.*Tensor.T is deprecated"))
            # Keras's GroupQueryAttention warns of its own inner layers.
            item.add_marker(pytest.mark.filterwarnings("ignore:.*type EinsumDense. was passed an"))
