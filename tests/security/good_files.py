"""One good file of each format, and how it is read; the fuzz run damages copies of them."""

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import torchkeras
from tests.unit.datasets.layouts import python2_pickle
from torchkeras import layers
from torchkeras.datasets._pickles import load_arrays
from torchkeras.datasets._ragged import load_rows


@dataclass(frozen=True)
class Format:
    """A good file and what reads it.

    Attributes:
        name: What the format is called.
        ending: The ending of its files.
        write: Writes a good file.
        read: Reads a file, good or bad, and returns what must be equal if nothing was damaged.
        share: How many of a round of mutations it gets: dear formats less.
        is_text: Whether it describes a model without weights, which may be of any size.
    """

    name: str
    ending: str
    write: Callable[[Path], Any]
    read: Callable[[Path], Any]
    share: int = 1
    is_text: bool = False


def formats() -> dict[str, Format]:
    """Return the formats by name."""
    load = torchkeras.saving.load_model
    found = [
        Format("keras", ".keras", _save(_functional), lambda p: _state(load(p)), 2),
        Format("keras_text", ".keras", _save(_text), lambda p: _state(load(p))),
        Format("h5", ".h5", _save(_functional), lambda p: _state(load(p)), 2),
        Format("weights_h5", ".weights.h5", _save_weights, _load_weights, 2),
        Format("safetensors", ".safetensors", _save_weights, _load_weights, 2),
        Format("json", ".json", _write_json, _read_json, is_text=True),
        Format("yaml", ".yaml", _write_yaml, _read_yaml, is_text=True),
        Format("pickled_batch", ".pickle", _write_batch, lambda p: load_arrays(p.read_bytes(), p)),
        Format("pickled_rows", ".pickle", _write_rows, lambda p: load_rows(p.read_bytes(), str(p))),
    ]
    return {each.name: each for each in found}


def _functional() -> Any:
    """A small net with several kinds of layers, one of them shared, that has been trained."""
    torch.manual_seed(0)
    image = torchkeras.Input((4, 4, 1), name="image")
    row = torchkeras.Input((3,), name="row")
    x = layers.Conv2D(2, 3, padding="same", activation="relu", name="conv")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Flatten(name="flat")(x)
    shared = layers.Dense(3, kernel_regularizer="l2", name="shared")
    x = layers.Add(name="sum")([shared(x), shared(layers.Dense(32, name="in")(row))])
    model = torchkeras.Model([image, row], layers.Dense(1, name="out")(x))
    rate = torchkeras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(torchkeras.optimizers.Adam(rate), "mse", metrics=["mae"])
    model.fit([np.ones((2, 4, 4, 1)), np.ones((2, 3))], np.ones((2, 1)), verbose=0)
    return model


def _text() -> Any:
    """A model with a vocabulary and a nested model."""
    torch.manual_seed(0)
    words = ["one", "two", "three"]
    lookup = layers.StringLookup(vocabulary=words, name="words")
    inner = torchkeras.Sequential(
        [torchkeras.Input((None,), dtype="int32"), layers.Embedding(6, 2), layers.GlobalMaxPool1D()]
    )
    text = torchkeras.Input((None,), dtype="string", name="text")
    return torchkeras.Model(text, layers.Softmax()(inner(lookup(text))))


def _save(make: Callable[[], Any]) -> Callable[[Path], Any]:
    return lambda path: make().save(path)


def _save_weights(path: Path) -> None:
    _functional().save_weights(path)


_TARGET: dict[str, Any] = {}


def _load_weights(path: Path) -> Any:
    model = _TARGET.setdefault("model", _functional())
    model.load_weights(path)
    return _state(model)


def _state(model: Any) -> Any:
    """Return what makes two models equal: the config, the weights, the optimizer's variables."""
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    values = [variable.numpy() for variable in [*model.variables, *optimizer]]
    return json.dumps(model.get_config(), default=str), values


def _write_json(path: Path) -> None:
    path.write_text(_functional().to_json())


def _read_json(path: Path) -> Any:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return json.dumps(torchkeras.models.model_from_json(text).get_config(), default=str)


def _write_yaml(path: Path) -> None:
    path.write_text(_functional().to_yaml())


def _read_yaml(path: Path) -> Any:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return json.dumps(torchkeras.models.model_from_yaml(text).get_config(), default=str)


def _write_batch(path: Path) -> None:
    images = np.arange(60, dtype="uint8").reshape(5, 12)
    content = {b"data": images, b"labels": [1, 2, 3, 4, 5], b"batch_label": b"training batch"}
    path.write_bytes(python2_pickle(content))


def _write_rows(path: Path) -> None:
    rows = np.empty(4, dtype=object)
    rows[:] = [[1, 2], [3], [], [4, 5, 6]]
    path.write_bytes(pickle.dumps(rows, 4))
