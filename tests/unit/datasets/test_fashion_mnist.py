"""Fashion-MNIST: small files in the true layouts, and the real one where Debian has it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import torchkeras
from tests.unit.datasets.conftest import Places
from tests.unit.datasets.layouts import grey_arrays, idx_set, write_idx
from torchkeras.datasets import _places, fashion_mnist


@pytest.fixture
def arrays(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, ...]:
    """A small Fashion-MNIST that the table describes."""
    arrays = grey_arrays(rng)
    monkeypatch.setattr(fashion_mnist, "_IDX", idx_set(arrays))
    return arrays


def folder(places: Places, place: str) -> Path:
    if place == "keras":
        return places.keras / "fashion-mnist"
    return places.debian if place == "debian" else places.cache / "FashionMNIST" / "raw"


@pytest.mark.parametrize("place", ["keras", "torchvision", "debian"])
def test_each_layout_is_read(arrays: tuple[np.ndarray, ...], places: Places, place: str) -> None:
    write_idx(folder(places, place), arrays, packed=place != "torchvision")
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    for got, expected in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert got.flags.writeable


def test_keras_reads_the_same(
    arrays: tuple[np.ndarray, ...], places: Places, keras_twin: Callable[[str], ModuleType]
) -> None:
    write_idx(places.keras / "fashion-mnist", arrays, packed=True)
    expected = keras_twin("fashion_mnist").load_data()
    for split, twin in zip(fashion_mnist.load_data(), expected, strict=True):
        for got, array in zip(split, twin, strict=True):
            np.testing.assert_array_equal(got, array)
            assert got.dtype == array.dtype


def test_a_wrong_file_is_named_and_the_next_place_tried(
    arrays: tuple[np.ndarray, ...], places: Places
) -> None:
    write_idx(places.keras / "fashion-mnist", arrays, packed=True)
    wrong = places.keras / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    wrong.write_bytes(b"an error page")
    write_idx(places.debian, arrays, packed=True)
    with pytest.warns(UserWarning, match=r"t10k-labels-idx1-ubyte\.gz cannot be read .*gzip"):
        (x_train, _), _ = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, arrays[0])
    assert wrong.read_bytes() == b"an error page"


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search find Debian's package, or skip."""
    if not _places.DEBIAN_FASHION_MNIST.is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FASHION_MNIST", _places.DEBIAN_FASHION_MNIST)


def test_the_real_one_is_whole(debian: None) -> None:
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert (y_train.shape, y_test.shape) == ((60000,), (10000,))
    assert round(float(x_train.mean()) / 255, 3) == 0.286
    assert round(float(x_train.std()) / 255, 3) == 0.353
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
    assert y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]


def test_a_model_learns_the_real_one(debian: None) -> None:
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    torchkeras.utils.set_random_seed(0)
    model = torchkeras.Sequential(
        [
            torchkeras.Input((28, 28)),
            torchkeras.layers.Rescaling(1 / 255),
            torchkeras.layers.Flatten(),
            torchkeras.layers.Dense(128, activation="relu"),
            torchkeras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=128, epochs=1, verbose=0)
    assert model.evaluate(x_test, y_test, batch_size=1000, verbose=0)[1] > 0.8
