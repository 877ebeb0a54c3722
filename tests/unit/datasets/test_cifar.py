"""CIFAR-10 and CIFAR-100: every layout on disk, the shapes of Keras, hostile pickles."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.unit.datasets.conftest import Places
from tests.unit.datasets.layouts import Cifar, cifar, python2_pickle
from tests.unit.datasets.layouts import cifar10 as small_cifar10
from tests.unit.datasets.layouts import cifar100 as small_cifar100
from torchkeras._base import settings
from torchkeras.datasets import cifar10, cifar100

MODULES = {"cifar10": cifar10, "cifar100": cifar100}


@pytest.fixture
def small(rng: np.random.Generator) -> dict[str, Cifar]:
    """Both data sets with a few images."""
    return {
        "cifar10": small_cifar10(cifar10._FILES, rng),
        "cifar100": small_cifar100(cifar100._FILES, rng),
    }


@pytest.fixture
def both(small: dict[str, Cifar], monkeypatch: pytest.MonkeyPatch) -> dict[str, Cifar]:
    """Both data sets, and the tables that describe them."""
    for name, module in MODULES.items():
        monkeypatch.setattr(module, "_FILES", small[name].files)
    return small


def equal(got: Any, expected: Any) -> None:
    """Compare two results of `load_data` to the last bit."""
    for split, twin in zip(got, expected, strict=True):
        for array, other in zip(split, twin, strict=True):
            assert (array.dtype, array.shape) == (other.dtype, other.shape)
            assert np.array_equal(array, other)


FOLDERS = {
    "keras": lambda places, files: places.keras / f"{files.folder}-target",
    "keras up to 3.5": lambda places, files: places.keras,
    "cache": lambda places, files: places.cache,
    "here": lambda places, files: places.here,
}
ARCHIVES = {
    "keras": lambda places, files: places.keras / f"{files.folder}-target_archive",
    "keras up to 3.5": lambda places, files: places.keras / f"{files.folder}.tar.gz",
    "cache": lambda places, files: places.cache / files.archive,
    "hub": lambda places, files: places.hub / files.archive,
}


@pytest.mark.parametrize("place", FOLDERS)
@pytest.mark.parametrize("name", MODULES)
def test_a_folder_is_read(both: dict[str, Cifar], places: Places, name: str, place: str) -> None:
    both[name].write_folder(FOLDERS[place](places, both[name].files))
    (x_train, y_train), (x_test, y_test) = MODULES[name].load_data()
    train, test = (15, 3) if name == "cifar10" else (7, 7)
    assert (x_train.shape, y_train.shape) == ((train, 32, 32, 3), (train, 1))
    assert (x_test.shape, y_test.shape) == ((test, 32, 32, 3), (test, 1))
    assert x_train.dtype == np.uint8
    assert all(a.flags.c_contiguous and a.flags.writeable for a in (x_train, y_train, x_test))


@pytest.mark.parametrize("place", ARCHIVES)
@pytest.mark.parametrize("name", MODULES)
def test_an_archive_is_read_without_unpacking(
    both: dict[str, Cifar],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    place: str,
) -> None:
    folder = both[name].write_folder(places.cache)
    expected = MODULES[name].load_data()
    for file in folder.iterdir():
        file.unlink()
    path = ARCHIVES[place](places, both[name].files)
    monkeypatch.setattr(MODULES[name], "_FILES", both[name].write_archive(path))
    before = sorted(path.parent.rglob("*"))
    equal(MODULES[name].load_data(), expected)
    assert sorted(path.parent.rglob("*")) == before


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100_is_what_keras_returns(
    both: dict[str, Cifar],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    keras_twin: Callable[[str], ModuleType],
    label_mode: str,
    data_format: str,
) -> None:
    files = both["cifar100"].write_archive(places.keras / "cifar-100-python-target_archive")
    monkeypatch.setattr(cifar100, "_FILES", files)
    twin = keras_twin("cifar100")
    monkeypatch.setattr(twin.backend, "image_data_format", lambda: data_format)
    monkeypatch.setattr(settings._SETTINGS, "image_data_format", data_format)
    equal(cifar100.load_data(label_mode), twin.load_data(label_mode))
    assert (places.keras / "cifar-100-python-target").is_dir()  # now Keras has unpacked it
    equal(cifar100.load_data(label_mode=label_mode), twin.load_data(label_mode))


def test_cifar10_is_what_keras_returns(
    places: Places,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    keras_twin: Callable[[str], ModuleType],
) -> None:
    # Keras counts on 10,000 images a batch; six times the same one is written fast.
    rows = rng.integers(0, 256, (10_000, 1), np.uint8) ^ np.arange(3072).astype(np.uint8)
    content = python2_pickle({b"data": rows, b"labels": rng.integers(0, 10, 10_000).tolist()})
    real = cifar10._FILES
    big = cifar(real, {batch.name: content for batch in (*real.train, *real.test)})
    folder = big.write_folder(places.keras / "cifar-10-batches-py-target")
    monkeypatch.setattr(cifar10, "_FILES", big.files)
    twin = keras_twin("cifar10")
    monkeypatch.setattr(twin, "get_file", lambda **kwargs: str(folder.parent))
    equal(cifar10.load_data(), twin.load_data())


def test_channels_first_is_the_same_images_transposed(
    both: dict[str, Cifar], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    both["cifar10"].write_folder(places.cache)
    (x_last, _), _ = cifar10.load_data()
    monkeypatch.setattr(settings._SETTINGS, "image_data_format", "channels_first")
    (x_first, _), _ = cifar10.load_data()
    assert x_first.shape == (15, 3, 32, 32)
    assert x_first.flags.c_contiguous
    np.testing.assert_array_equal(x_first.transpose(0, 2, 3, 1), x_last)


@pytest.mark.parametrize("name", MODULES)
def test_torchvision_reads_the_same(
    both: dict[str, Cifar], places: Places, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from torchvision import datasets

    both[name].write_folder(places.cache)
    vision = getattr(datasets, both[name].files.vision_class)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *args: True)
    train, test = (vision(places.cache, train=part) for part in (True, False))
    (x_train, y_train), (x_test, y_test) = MODULES[name].load_data()
    np.testing.assert_array_equal(x_train, train.data)
    np.testing.assert_array_equal(y_train[:, 0], train.targets)
    np.testing.assert_array_equal(x_test, test.data)
    np.testing.assert_array_equal(y_test[:, 0], test.targets)


def test_a_wrong_batch_is_named_and_the_next_place_tried(
    both: dict[str, Cifar], places: Places
) -> None:
    wrong = both["cifar10"].write_folder(places.keras) / "data_batch_3"
    wrong.write_bytes(b"torn")
    both["cifar10"].write_folder(places.cache)
    with pytest.warns(UserWarning, match="data_batch_3 is damaged or another file .* skipped"):
        cifar10.load_data()
    assert wrong.read_bytes() == b"torn"


def test_a_wrong_archive_is_named_and_not_unpacked(both: dict[str, Cifar], places: Places) -> None:
    wrong = places.keras / "cifar-10-batches-py.tar.gz"
    both["cifar10"].write_archive(wrong)  # the table keeps the hash of the real one
    both["cifar10"].write_folder(places.cache)
    before = wrong.read_bytes()
    with pytest.warns(UserWarning, match=r"cifar-10-batches-py\.tar\.gz is damaged"):
        cifar10.load_data()
    assert wrong.read_bytes() == before


def test_a_batch_missing_in_an_archive_is_named(
    both: dict[str, Cifar], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = dict(both["cifar10"].contents)
    del content["test_batch"]
    path = places.keras / "cifar-10-batches-py.tar.gz"
    files = Cifar(both["cifar10"].files, content).write_archive(path)
    monkeypatch.setattr(cifar10, "_FILES", files)
    both["cifar10"].write_folder(places.cache)
    with pytest.warns(UserWarning, match=r"\(cifar-10-batches-py/test_batch\) is missing"):
        cifar10.load_data()


def test_a_label_mode_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`label_mode` must be one of 'fine', 'coarse'.*'Fine'"):
        cifar100.load_data("Fine")


class Hostile:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


def test_a_hostile_batch_is_refused_though_its_hash_is_known(
    both: dict[str, Cifar], places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = python2_pickle({b"data": Hostile(tmp_path / "ran"), b"fine_labels": [1]})
    hostile = cifar(cifar100._FILES, {"train": content, "test": content})
    hostile.write_folder(places.cache)
    monkeypatch.setattr(cifar100, "_FILES", hostile.files)
    with pytest.raises(ValueError, match=r"train is refused: it names \w+\.system.*Nothing in"):
        cifar100.load_data()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "batch",
    [
        {b"fine_labels": [1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"fine_labels": [1, 2]},
        {b"data": np.zeros((1, 3071), np.uint8), b"fine_labels": [1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"fine_labels": [b"1"]},
        {b"data": np.zeros((1, 3072), np.uint8), b"coarse_labels": [1]},
    ],
    ids=["no data", "more labels", "narrow rows", "text labels", "no such labels"],
)
def test_a_batch_of_another_form_is_refused(
    both: dict[str, Cifar],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    batch: dict[bytes, object],
) -> None:
    content = python2_pickle(batch)
    odd = cifar(cifar100._FILES, {"train": content, "test": content})
    odd.write_folder(places.cache)
    monkeypatch.setattr(cifar100, "_FILES", odd.files)
    with pytest.raises(ValueError, match=r"should hold as many rows of 3072 uint8 .*fine_labels"):
        cifar100.load_data()


def test_the_real_tables_name_the_files_of_torchvision() -> None:
    from torchvision import datasets

    for module in MODULES.values():
        files = module._FILES
        vision = getattr(datasets, files.vision_class)
        assert [[b.name, b.md5] for b in files.train] == vision.train_list
        assert [[b.name, b.md5] for b in files.test] == vision.test_list
        assert (files.folder, files.archive) == (vision.base_folder, vision.filename)
