"""The functions for data take Keras's arguments, in Keras's order, with Keras's defaults."""

import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

import torchkeras

UTILS = (
    "get_file",
    "split_dataset",
    "timeseries_dataset_from_array",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "audio_dataset_from_directory",
)
LOADERS = [
    (module, name)
    for module in ("imdb", "reuters", "boston_housing", "california_housing")
    for name in ("load_data", "get_word_index", "get_label_names")
    if hasattr(getattr(keras.datasets, module), name)
]


def arguments(function: Callable[..., Any]) -> list[tuple[Any, ...]]:
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.default, one.kind) for one in found]


@pytest.mark.parametrize("name", UTILS)
def test_utils(name: str) -> None:
    ours, theirs = getattr(torchkeras.utils, name), getattr(keras.utils, name)
    assert arguments(ours) == arguments(theirs)


@pytest.mark.parametrize(("module", "name"), LOADERS)
def test_loaders(module: str, name: str) -> None:
    ours, theirs = (getattr(getattr(k.datasets, module), name) for k in (torchkeras, keras))
    own = {"as_dataset"}  # by name alone
    assert [one for one in arguments(ours) if one[0] not in own] == arguments(theirs)


def test_every_data_set_of_keras_is_there() -> None:
    names = {name for name in dir(keras.datasets) if not name.startswith("_")}
    assert names - set(dir(torchkeras.datasets)) == set()


def test_a_data_set_can_be_pickled(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    data = torchkeras.utils.text_dataset_from_directory(tmp_path, labels=None, verbose=False)
    copy = pickle.loads(pickle.dumps(data.cache().shuffle(2).prefetch(1)))
    assert [texts.tolist() for texts in copy] == [[b"hello"]]
