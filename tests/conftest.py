"""What every test stands on: the oracle's backend, quiet threads, seeds, the device."""

import gc
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # read once, when Keras is first imported
os.environ["TORCHKERAS_LEAVE_THREADS"] = "1"  # tests compare bits, on machines that may be busy

import numpy as np
import pytest
import torch

SEED = 1337
TESTS = Path(__file__).parent
collect_ignore_glob = ["data/*/*.py"]  # they need libraries that tests do without


def pytest_configure(config: pytest.Config) -> None:
    # Workers that share the cores must not also fight over them: torch's threads spin at barriers.
    if hasattr(config, "workerinput"):
        torch.set_num_threads(1)


def accelerator() -> torch.device | None:
    """The device that `gpu` tests run on, or None."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("onnx") and config.option.markexpr != "onnx":
            item.add_marker(pytest.mark.skip(reason="takes minutes: `.ci/check onnx` runs it"))
        if TESTS / "gpu" in item.path.parents:  # what lies there is marked so
            item.add_marker("gpu")
    if accelerator() is None:
        skip = pytest.mark.skip(reason="no CUDA or MPS device on this machine")
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(skip)


def pytest_collection_finish() -> None:
    # Tens of thousands of tests and three libraries would be walked through at each collection.
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture
def gpu() -> torch.device:
    """The accelerator of a test marked `gpu`."""
    device = accelerator()
    assert device is not None, "mark the test with @pytest.mark.gpu"
    return device


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that yields the same numbers on every run."""
    return np.random.default_rng(SEED)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same state of torch's generators."""
    torch.manual_seed(SEED)
