"""Boston and California housing: Keras beside them, and what is refused."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.unit.datasets.conftest import Places
from torchkeras.datasets import boston_housing, california_housing

MODULES = {"boston_housing": boston_housing, "california_housing": california_housing}


@pytest.fixture(params=MODULES)
def name(
    request: pytest.FixtureRequest,
    places: Places,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A data set, whose file lies in Keras's folder."""
    path, module = places.keras / f"{request.param}.npz", MODULES[request.param]
    width, dtype = (13, "float64") if module is boston_housing else (8, "float32")
    np.savez(path, x=rng.normal(size=(701, width)).astype(dtype), y=np.arange(701, dtype=dtype))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "_FILE", replace(module._FILE, digest=digest))
    return str(request.param)


@pytest.mark.parametrize(
    "call", [{}, {"test_split": 0.0}, {"test_split": 0.35, "seed": 7}, {"seed": None}], ids=str
)
def test_the_same_as_keras(
    name: str, call: dict[str, Any], keras_twin: Callable[[str], ModuleType]
) -> None:
    ours, theirs = MODULES[name].load_data(**call), keras_twin(name).load_data(**call)
    for own, other in zip(sum(ours, ()), sum(theirs, ()), strict=True):
        assert (own.dtype, own.shape) == (other.dtype, other.shape)
        assert own.flags.writeable
        if call.get("seed", 1) is not None:
            np.testing.assert_array_equal(own, other)


def test_the_small_version_is_that_of_keras(
    name: str, keras_twin: Callable[[str], ModuleType]
) -> None:
    if name == "boston_housing":
        pytest.skip("it has one version")
    ours, theirs = california_housing.load_data("small"), keras_twin(name).load_data("small")
    assert ours[0][0].shape == (480, 8)
    for own, other in zip(sum(ours, ()), sum(theirs, ()), strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("test_split", [-0.1, 1, 1.5])
def test_a_test_split_out_of_range_is_refused(name: str, test_split: float) -> None:
    with pytest.raises(ValueError, match="`test_split` must be at least 0 and less than 1"):
        MODULES[name].load_data(test_split=test_split)


def test_an_unknown_version_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="`version` must be one of 'small', 'large'"):
        california_housing.load_data("medium")
