"""IMDB and Reuters: Keras beside them on files in the upstream format, and hostile files."""

import hashlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.unit.datasets.conftest import Places
from torchkeras.datasets import _hosted, imdb, reuters
from torchkeras.datasets._ragged import load_rows

MODULES = {"imdb": imdb, "reuters": reuters}


def texts(rng: np.random.Generator, count: int) -> np.ndarray:
    """Lists of word numbers of different lengths."""
    rows = np.empty(count, object)
    for index in range(count):
        rows[index] = rng.integers(1, 60, rng.integers(1, 12)).tolist()
    return rows


def write(name: str, places: Places, rng: np.random.Generator, folder: Path | None = None) -> str:
    """Keras's file of texts; returns its hash."""
    path = (folder or places.keras) / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == "imdb":
        y = rng.integers(0, 2, 30)
        arrays = {"x_train": texts(rng, 30), "y_train": y, "x_test": texts(rng, 20)}
        np.savez(path, allow_pickle=True, **arrays, y_test=y[:20])
    else:
        np.savez(path, allow_pickle=True, x=texts(rng, 40), y=rng.integers(0, 46, 40))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def accept(name: str, digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = MODULES[name]
    monkeypatch.setattr(module, "_FILE", replace(module._FILE, digest=digest))


CALLS: list[dict[str, Any]] = [
    {},
    {"num_words": 20},
    {"num_words": 20, "oov_char": None},
    {"skip_top": 8},
    {"skip_top": 8, "oov_char": None, "start_char": None},
    {"maxlen": 7},
    {"seed": 5, "index_from": 0},
    {"start_char": None},
    {"start_char": None, "index_from": 0, "num_words": 30},
    {"start_char": 9, "oov_char": 11, "index_from": 20},
]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_same_as_keras(
    name: str,
    call: dict[str, Any],
    places: Places,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    keras_twin: Callable[[str], ModuleType],
) -> None:
    accept(name, write(name, places, rng), monkeypatch)
    ours, theirs = MODULES[name].load_data(**call), keras_twin(name).load_data(**call)
    for own, other in zip(sum(ours, ()), sum(theirs, ()), strict=True):
        assert (own.dtype, own.shape) == (other.dtype, other.shape)
        assert own.tolist() == other.tolist()
    assert type(ours[0][0][0]) is list
    assert type(ours[0][0][0][0]) is int


def test_rows_of_one_length_become_an_axis_as_in_keras(
    places: Places,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    keras_twin: Callable[[str], ModuleType],
) -> None:
    path = places.keras / "reuters.npz"
    x = np.array(rng.integers(1, 9, (10, 3)).tolist(), object)
    np.savez(path, allow_pickle=True, x=x, y=np.arange(10))
    accept("reuters", hashlib.sha256(path.read_bytes()).hexdigest(), monkeypatch)
    ours, theirs = (
        reuters.load_data(test_split=0.3),
        keras_twin("reuters").load_data(test_split=0.3),
    )
    assert ours[0][0].shape == theirs[0][0].shape == (7, 4)
    np.testing.assert_array_equal(ours[0][0], theirs[0][0])


@pytest.mark.parametrize("name", MODULES)
def test_a_file_in_the_cache_folder_is_found(
    name: str, places: Places, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(name, write(name, places, rng, places.cache), monkeypatch)
    assert len(MODULES[name].load_data()[0][0]) in (30, 32)


@pytest.mark.parametrize("name", MODULES)
def test_a_wrong_file_is_named_and_left_alone(
    name: str, places: Places, rng: np.random.Generator
) -> None:
    write(name, places, rng)
    before = (places.keras / f"{name}.npz").read_bytes()
    with (
        pytest.warns(UserWarning, match=rf"{name}\.npz is damaged or another file"),
        pytest.raises(FileNotFoundError, match="no network in this test"),
    ):
        MODULES[name].load_data()
    assert (places.keras / f"{name}.npz").read_bytes() == before


@pytest.mark.parametrize("name", MODULES)
def test_too_short_a_maxlen_is_refused(
    name: str, places: Places, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(name, write(name, places, rng), monkeypatch)
    with pytest.raises(ValueError, match="Increase maxlen"):
        MODULES[name].load_data(maxlen=1)


def test_an_unknown_argument_is_named(
    places: Places, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept("imdb", write("imdb", places, rng), monkeypatch)
    with pytest.warns(UserWarning, match="`nb_words` is no argument .* Did you mean 'num_words'"):
        imdb.load_data(nb_words=5)


@pytest.mark.parametrize("name", MODULES)
def test_the_word_index(name: str, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps({"the": 1, "café": 2}).encode()
    (places.keras / f"{name}_word_index.json").write_bytes(content)
    module = MODULES[name]
    digest = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(module, "_WORDS", replace(module._WORDS, digest=digest))
    assert module.get_word_index() == {"the": 1, "café": 2}


def test_the_topics_are_those_of_keras(keras_twin: Callable[[str], ModuleType]) -> None:
    assert reuters.get_label_names() == keras_twin("reuters").get_label_names()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_each_protocol_that_numpy_wrote_is_read(protocol: int) -> None:
    rows = np.empty(2, object)
    rows[0], rows[1] = [1, 2], [3]
    content = pickle.dumps(rows, protocol)
    if protocol == 2:  # Python 3 writes bytes in a way of its own there, which is refused
        with pytest.raises(ValueError, match=r"names _codecs\.encode"):
            load_rows(content, "a file")
        return
    assert load_rows(content, "a file").tolist() == [[1, 2], [3]]


def _array(*items: Any) -> np.ndarray:
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array


class Touch:
    """Makes a file when it is unpickled by anybody careless."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("ran"),)


REFUSED = {
    "a call": (_array(Touch()), "names pathlib"),
    "a call in a list": (_array([Touch()]), "names pathlib"),
    "text": (_array(["word"]), "something else than lists of whole numbers"),
    "lists in lists": (_array([[1]]), "something else"),
    "truth values": (_array([True]), "something else"),
    "numbers with commas": (_array(1.5), "something else"),
    "another dtype": (np.arange(3.0), "another type than object"),
    "no array": ([1, 2], "no array"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_in_a_pickle_is_refused(name: str) -> None:
    value, why = REFUSED[name]
    with pytest.raises(ValueError, match=rf"a file is refused: .*{why}.*Nothing in it was run"):
        load_rows(pickle.dumps(value, 4), "a file")
    assert not Path("ran").exists()


def test_a_file_of_objects_is_refused_even_with_the_right_hash(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, member = places.keras / "imdb.npz", io.BytesIO()
    np.save(member, _array(Touch()), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", member.getvalue())
    accept("imdb", hashlib.sha256(path.read_bytes()).hexdigest(), monkeypatch)
    with pytest.raises(ValueError, match="is refused: it names pathlib"):
        imdb.load_data()
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", MODULES)
def test_a_download_is_checked_and_kept(
    name: str,
    places: Places,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    mirror = tmp_path / "mirror"
    digest = write(name, places, rng, mirror)
    monkeypatch.setattr(_hosted, "_URL", f"{mirror.as_uri()}/")
    accept(name, digest, monkeypatch)
    first = MODULES[name].load_data()
    (mirror / f"{name}.npz").unlink()
    assert sorted(path.name for path in places.cache.iterdir()) == [f"{name}.npz"]
    assert MODULES[name].load_data()[0][0].tolist() == first[0][0].tolist()


def test_a_wrong_download_is_dropped(
    places: Places, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("imdb", places, rng, tmp_path / "mirror")
    monkeypatch.setattr(_hosted, "_URL", f"{(tmp_path / 'mirror').as_uri()}/")
    with pytest.raises(FileNotFoundError, match=r"its sha256 is .* it was dropped"):
        imdb.load_data()
    assert list(places.cache.iterdir()) == []
