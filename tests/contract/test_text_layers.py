"""Layers that Keras makes only beside TensorFlow, compared with what it once said.

`tests/data/text_layers/make.py` holds the rows, and wrote what Keras said.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

DATA = Path(__file__).parents[1] / "data" / "text_layers"
SPEC = importlib.util.spec_from_file_location("rows_of_text_layers", DATA / "make.py")
rows = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(rows)
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.parametrize("name", rows.ROWS)


def inputs_of(row):
    is_cross = isinstance(row.make(layers), layers.HashedCrossing)
    return [np.array(x) for x in row.inputs] if is_cross else np.array(row.inputs)


def test_says_what_keras_says(name):
    found = json.loads(json.dumps(rows.said(rows.ROWS[name], torchkeras), default=int))
    expected = EXPECTED[name]
    np.testing.assert_allclose(found["values"], expected["values"], rtol=1e-6)
    for key in ("dtype", "config", "vocabulary"):
        assert found[key] == expected[key]


def test_symbols_are_those_of_keras_or_say_what_really_comes(name):
    found, expected = rows.said(rows.ROWS[name], torchkeras), EXPECTED[name]
    assert found["symbol"] is None or found["symbol"][1] == found["dtype"]
    shape, dtype = found["symbol"] or (None, None)
    if expected["symbol"] == [[None, None], "int64"] and np.ndim(found["values"]) == 1:
        assert shape == [None]  # one number for a text that is not split
    elif expected["symbol"] is not None:
        # Of vectors that hold whole numbers, Keras's symbols say that they are floats.
        keras_says = {"float32": expected["dtype"]}.get(
            expected["symbol"][1], expected["symbol"][1]
        )
        assert [shape, dtype] == [expected["symbol"][0], keras_says]


def test_reads_the_config_of_keras(name):
    row = rows.ROWS[name]
    layer = rows.adapted(row, layers)
    copy = type(layer).from_config(EXPECTED[name]["config"])
    if hasattr(layer, "adapt"):
        copy.load_state_dict(layer.state_dict())
    assert torch.equal(torch.as_tensor(copy(inputs_of(row))), layer(inputs_of(row)))


def test_in_a_saved_model(name, tmp_path):
    row = rows.ROWS[name]
    layer, arrays = rows.adapted(row, layers), inputs_of(row)
    each = arrays if isinstance(arrays, list) else [arrays]
    symbols = [
        torchkeras.Input(x.shape[1:], dtype="string" if x.dtype.kind == "U" else "int64")
        for x in each
    ]
    model = torchkeras.Model(symbols, layer(symbols if len(each) > 1 else symbols[0]))
    model.save(tmp_path / "model.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "model.keras")
    expected = layer(arrays)
    assert torch.equal(loaded(each), expected)
    assert len(loaded.output_shape) == expected.dim()
