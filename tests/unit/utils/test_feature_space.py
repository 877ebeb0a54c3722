"""`FeatureSpace`; `tests/data/feature_space` holds what Keras made of the same columns."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import torchkeras
from torchkeras import layers
from torchkeras.utils import FeatureSpace

DATA = Path(__file__).parents[2] / "data" / "feature_space"
sys.path.insert(0, str(DATA))
from make import columns, spaces  # noqa: E402

sys.path.remove(str(DATA))
COLUMNS = columns()
SMALL = {"size": [1.0, 3.0, 5.0, 3.0], "color": ["red", "blue", "red", "green"]}
KINDS = {"size": "float_normalized", "color": "string_categorical"}


@pytest.fixture(autouse=True)
def on_the_cpu():
    with torchkeras.device("cpu"):
        yield


def adapted(**kwargs):
    space = FeatureSpace(KINDS, **kwargs)
    space.adapt(SMALL)
    return space


def assert_encoded(name, found):
    parts = found if isinstance(found, dict) else {"": found}
    with np.load(DATA / "encoded.npz") as expected:
        wanted = {key for key in expected.files if key.startswith(name)}
        assert {f"{name}/{key}" for key in parts} == wanted
        for key, value in parts.items():
            np.testing.assert_allclose(value, expected[f"{name}/{key}"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["concat", "dict"])
def test_encodes_as_keras(name):
    space = spaces(torchkeras)[name]
    space.adapt(COLUMNS)
    assert_encoded(name, space(COLUMNS))


@pytest.mark.parametrize("name", ["concat", "dict"])
def test_reads_files_of_keras(name, tmp_path):
    space = torchkeras.models.load_model(DATA / f"{name}.keras")
    assert_encoded(name, space(COLUMNS))
    space.save(tmp_path / "again.keras")
    assert_encoded(name, torchkeras.models.load_model(tmp_path / "again.keras")(COLUMNS))


def test_config_is_that_of_keras():
    space = torchkeras.models.load_model(DATA / "dict.keras")
    again = FeatureSpace.from_config(space.get_config())
    assert again.get_config() == space.get_config()
    ours = spaces(torchkeras)["dict"].get_config()
    assert ours["crosses"] == space.get_config()["crosses"]
    modules = {key: value["module"] for key, value in ours["features"].items()}
    assert set(modules.values()) == {"keras.src.layers.preprocessing.feature_space"}


# Data in all forms


class Rows(Dataset):
    def __init__(self, labels=False):
        self.labels = labels

    def __len__(self):
        return 4

    def __getitem__(self, index):
        row = {key: value[index] for key, value in SMALL.items()}
        return (row, index) if self.labels else row


def pairs():
    for start in (0, 2):
        yield {key: np.array(value[start : start + 2]) for key, value in SMALL.items()}, start


FORMS = {
    "arrays": lambda: {key: np.array(value) for key, value in SMALL.items()},
    "columns": lambda: {key: np.array(value)[:, None] for key, value in SMALL.items()},
    "tensors": lambda: {"size": torch.tensor(SMALL["size"]), "color": SMALL["color"]},
    "table": lambda: pd.DataFrame(SMALL),
    "series": lambda: dict(pd.DataFrame(SMALL)),
    "samples": Rows,
    "labelled samples": lambda: Rows(labels=True),
    "loader": lambda: DataLoader(Rows(labels=True), batch_size=3),
    "workers": lambda: DataLoader(Rows(), batch_size=2, num_workers=1),
    "generator": pairs,
    "generator of samples": lambda: (Rows()[i] for i in range(4)),
}


@pytest.mark.parametrize("form", FORMS)
def test_adapts_to_data_in_every_form(form):
    space = FeatureSpace(KINDS)
    space.adapt(FORMS[form]())
    torch.testing.assert_close(space(SMALL), adapted()(SMALL))
    assert space.preprocessors["color"].get_vocabulary() == ["[UNK]", "red", "green", "blue"]


@pytest.mark.parametrize("form", ["arrays", "columns", "tensors", "table", "series"])
def test_encodes_data_in_every_form(form):
    torch.testing.assert_close(adapted()(FORMS[form]()), adapted()(SMALL))


def test_single_values_have_no_batch():
    space = adapted()
    one = space({"size": 1.0, "color": "red"})
    assert torch.equal(one, space(SMALL)[0])
    parts = adapted(output_mode="dict")({"size": 1.0, "color": "red"})
    assert {key: tuple(value.shape) for key, value in parts.items()} == {
        "size": (1,),
        "color": (4,),
    }


def test_adapting_again_forgets():
    space = adapted()
    space.adapt({"size": [0.0, 1.0], "color": ["black", "white"]})
    assert space(SMALL).shape == (4, 4)
    assert space.preprocessors["color"].get_vocabulary() == ["[UNK]", "white", "black"]


# In models


def test_in_a_functional_model(tmp_path):
    space = adapted(crosses=[("color", "color")], crossing_dim=4)
    encoded = space.get_encoded_features()
    head = torchkeras.Model(encoded, layers.Dense(1)(encoded))
    head.compile("sgd", "mse")
    head.fit(space(SMALL), np.zeros(4), verbose=0)
    whole = torchkeras.Model(space.get_inputs(), head(encoded))
    x = {key: np.array(value) for key, value in SMALL.items()}
    found = whole.predict(x, verbose=0)
    np.testing.assert_allclose(found, head.predict(space(SMALL), verbose=0), rtol=1e-5)
    whole.save(tmp_path / "m.keras")
    again = torchkeras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), found, rtol=1e-5)


def test_as_a_layer_of_a_model():
    space = adapted()
    inputs = space.get_inputs()
    model = torchkeras.Model(inputs, layers.Dense(2)(space(inputs)))
    model.compile("sgd", "mse")
    model.fit(SMALL, np.zeros((4, 2)), verbose=0)
    assert model.predict(SMALL, verbose=0).shape == (4, 2)


def test_symbols_have_the_shapes_of_tensors():
    space = adapted(output_mode="dict")
    found, symbols = space(SMALL), space.get_encoded_features()
    assert {key: x.shape[1:] for key, x in symbols.items()} == {
        key: tuple(x.shape[1:]) for key, x in found.items()
    }
    prepared = space.get_preprocessed_features()
    assert {key: x.dtype for key, x in prepared.items()} == {"size": "float32", "color": "int64"}


def test_in_the_map_of_a_data_set_and_in_workers():
    space = adapted()
    loader = DataLoader(
        [Rows()[i] for i in range(4)],
        batch_size=2,
        num_workers=1,
        collate_fn=lambda rows: space(pd.DataFrame(rows)),
        multiprocessing_context="fork",
    )
    torch.testing.assert_close(torch.cat(list(loader)), space(SMALL))
    series = torchkeras.utils.timeseries_dataset_from_array(np.arange(8.0), None, 1, batch_size=4)
    numbers = FeatureSpace({"size": "float_rescaled"})
    found = list(series.map(lambda x: numbers({"size": x})))
    assert [tuple(x.shape) for x in found] == [(4, 1), (4, 1)]
    twin = pickle.loads(pickle.dumps(space))
    torch.testing.assert_close(twin(SMALL), space(SMALL))


def test_layers_of_ones_own():
    words = layers.TextVectorization(output_mode="tf_idf")
    given = layers.Normalization(mean=1.0, variance=4.0)
    space = FeatureSpace(
        {
            "note": FeatureSpace.feature("string", words, "float"),
            "size": FeatureSpace.feature("float32", given, "float"),
            "range": FeatureSpace.float_discretized(None, bin_boundaries=[0.0, 1.0]),
        }
    )
    data = {"note": ["a b", "a"], "size": [1.0, 3.0], "range": [0.5, 2.0]}
    space.adapt(data)
    found = space(data)
    assert found.shape == (2, 3 + 3 + 1)
    assert found[:, 3:].tolist() == [[0, 1, 0, 0], [0, 0, 1, 1]]


def test_what_needs_no_data_is_ready():
    space = FeatureSpace({"a": "float", "b": "string_hashed"}, hashing_dim=2)
    assert space({"a": [1.0], "b": ["x"], "more": [3]}).shape == (1, 3)


MADE = {
    "none": (lambda: FeatureSpace({}), "features={}"),
    "kind": (lambda: FeatureSpace({"a": "floats"}), r"features\['a'\].*Did you mean 'float'"),
    "mode": (lambda: FeatureSpace({"a": "float"}, "list"), "output_mode='list'"),
    "cross": (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), r"\['b'\]"),
    "feature": (lambda: FeatureSpace.feature("int32", None, "hot"), "output_mode='hot'"),
    "crossing": (lambda: FeatureSpace.cross(("a", "b"), 0), "crossing_dim=0"),
    "adapt": (lambda: FeatureSpace(KINDS)(SMALL), r"\['size', 'color'\] have to learn"),
    "data": (lambda: adapted().adapt(3), "takes a dictionary of columns"),
    "batches": (lambda: adapted().adapt([np.ones(3)]), "takes a dictionary of columns"),
    "length": (lambda: adapted().adapt({**SMALL, "size": [1.0]}), "one length"),
    "column": (lambda: adapted().adapt({"size": [1.0]}), "a column 'color'"),
    "call": (lambda: adapted()(np.ones(3)), "with a dictionary of columns"),
    "missing": (lambda: adapted()({"size": [1.0]}), r"Missing: \['color'\]"),
    "ints": (
        lambda: FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int")})({"a": ["x"]}),
        "not encoded",
    ),
    "sizes": (
        lambda: FeatureSpace({"a": FeatureSpace.feature("float32", layers.ReLU(), "one_hot")})(
            {"a": [1.0]}
        ),
        "ReLU makes is not known",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_wrong_is_said(name):
    make, text = MADE[name]
    with pytest.raises(ValueError, match=text):
        make()
