"""MNIST: where it is looked for, what is returned, what is refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.unit.datasets.conftest import Places
from tests.unit.datasets.layouts import grey_arrays, idx_set, write_idx, write_npz
from torchkeras.datasets import mnist


@pytest.fixture
def arrays(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, ...]:
    """A small MNIST that the tables describe."""
    arrays = grey_arrays(rng)
    monkeypatch.setattr(mnist, "_IDX", idx_set(arrays))
    return arrays


def check(arrays: tuple[np.ndarray, ...]) -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    for got, expected in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == np.uint8
        assert got.flags.writeable
        assert got.flags.c_contiguous


def test_keras_file_is_read_as_keras_reads_it(
    arrays: tuple[np.ndarray, ...],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    keras_twin: Callable[[str], ModuleType],
) -> None:
    monkeypatch.setattr(mnist, "_SHA256", write_npz(places.keras / "mnist.npz", arrays))
    (x_train, y_train), (x_test, y_test) = keras_twin("mnist").load_data()
    check((x_train, y_train, x_test, y_test))
    check(arrays)


def test_keras_file_may_have_another_name(
    arrays: tuple[np.ndarray, ...], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "_SHA256", write_npz(places.keras / "other.npz", arrays))
    (x_train, _), _ = mnist.load_data("other.npz")
    np.testing.assert_array_equal(x_train, arrays[0])


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("place", ["cache", "here", "hub"])
def test_torchvision_folders_are_read(
    arrays: tuple[np.ndarray, ...], places: Places, place: str, packed: bool
) -> None:
    write_idx(getattr(places, place) / "MNIST" / "raw", arrays, packed=packed)
    check(arrays)


def test_torchvision_reads_the_same(arrays: tuple[np.ndarray, ...], places: Places) -> None:
    from torchvision.datasets import MNIST

    write_idx(places.cache / "MNIST" / "raw", arrays)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    train, test = (MNIST(places.cache, train=part) for part in (True, False))
    np.testing.assert_array_equal(x_train, train.data.numpy())
    np.testing.assert_array_equal(y_train, train.targets.numpy())
    np.testing.assert_array_equal(x_test, test.data.numpy())
    np.testing.assert_array_equal(y_test, test.targets.numpy())


def test_keras_file_comes_first(
    arrays: tuple[np.ndarray, ...],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    rng: np.random.Generator,
) -> None:
    write_idx(places.cache / "MNIST" / "raw", arrays)
    others = grey_arrays(rng)
    monkeypatch.setattr(mnist, "_SHA256", write_npz(places.keras / "mnist.npz", others))
    check(others)


def test_a_wrong_file_is_named_skipped_and_left_alone(
    arrays: tuple[np.ndarray, ...], places: Places
) -> None:
    wrong = places.keras / "mnist.npz"
    write_npz(wrong, arrays)
    before = wrong.read_bytes()
    write_idx(places.here / "MNIST" / "raw", arrays)
    with pytest.warns(UserWarning, match=r"mnist\.npz is damaged or another file .* skipped"):
        check(arrays)
    assert wrong.read_bytes() == before


def test_the_warning_points_at_the_caller(arrays: tuple[np.ndarray, ...], places: Places) -> None:
    write_npz(places.keras / "mnist.npz", arrays)
    write_idx(places.here / "MNIST" / "raw", arrays)
    with pytest.warns(UserWarning, match="skipped") as caught:
        mnist.load_data()
    assert caught[0].filename == __file__


def test_a_folder_with_three_of_four_files_is_passed_over(
    arrays: tuple[np.ndarray, ...], places: Places
) -> None:
    write_idx(places.cache / "MNIST" / "raw", arrays)
    (places.cache / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    write_idx(places.hub / "MNIST" / "raw", arrays)
    check(arrays)


def test_an_npz_of_objects_is_refused(
    places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (marker,)

    path = places.keras / "mnist.npz"
    np.savez(path, x_train=np.array([Hostile()], object))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(mnist, "_SHA256", digest)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        mnist.load_data()
    assert not marker.exists()


@pytest.mark.parametrize(
    "path", ["../mnist.npz", "/tmp/mnist.npz", "a/b.npz", "..\\x", "..", "x\0y"]
)
def test_a_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="`path` must be a file name without folders"):
        mnist.load_data(path)


def test_an_unreadable_folder_is_reported(arrays: tuple[np.ndarray, ...], places: Places) -> None:
    (places.keras / "mnist.npz").mkdir()
    write_idx(places.hub / "MNIST" / "raw", arrays)
    with pytest.warns(UserWarning, match=r"mnist\.npz cannot be read"):
        check(arrays)


def test_the_real_tables_describe_the_real_shapes() -> None:
    shapes = [file.shape for file in (*mnist._IDX.train, *mnist._IDX.test)]
    assert shapes == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]
