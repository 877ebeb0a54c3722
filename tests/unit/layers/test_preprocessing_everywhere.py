"""Layers that prepare inputs: in models, in workers of loaders, and in the map of a data set."""

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras import layers
from torchkeras._data.pipeline import Pipeline
from torchkeras._data.stages import Stage

NUMBERS = np.linspace(-2, 2, 16, dtype="float32").reshape(8, 2)
INTEGERS = np.arange(16).reshape(8, 2) % 5
WORDS = np.array([["a b"], ["b"], ["c a"], ["b"]] * 2)
SOUNDS = np.random.default_rng(0).normal(size=(8, 64)).astype("float32")


def adapted(layer, data):
    layer.adapt(data)
    return layer


CASES = {
    "Rescaling": (lambda: layers.Rescaling(2.0), NUMBERS),
    "Normalization": (lambda: adapted(layers.Normalization(), NUMBERS), NUMBERS),
    "Discretization": (lambda: adapted(layers.Discretization(num_bins=3), NUMBERS), NUMBERS),
    "CategoryEncoding": (lambda: layers.CategoryEncoding(5), INTEGERS),
    "Hashing": (lambda: layers.Hashing(4), INTEGERS),
    "Hashing words": (lambda: layers.Hashing(4, output_mode="one_hot"), WORDS),
    "IntegerLookup": (lambda: adapted(layers.IntegerLookup(), INTEGERS), INTEGERS),
    "StringLookup": (lambda: adapted(layers.StringLookup(), WORDS), WORDS),
    "TextVectorization": (
        lambda: adapted(layers.TextVectorization(output_sequence_length=3), WORDS),
        WORDS,
    ),
    "tf_idf": (lambda: adapted(layers.TextVectorization(output_mode="tf_idf"), WORDS), WORDS),
    "MelSpectrogram": (lambda: layers.MelSpectrogram(16, 8, num_mel_bins=4), SOUNDS),
    "STFTSpectrogram": (lambda: layers.STFTSpectrogram(frame_length=8), SOUNDS[..., None]),
}


@pytest.fixture(params=CASES)
def case(request):
    make, data = CASES[request.param]
    layer = make()
    return layer, data, layer(data)


def test_in_a_model(case, tmp_path):
    layer, data, wanted = case
    dtype = "string" if data.dtype.kind == "U" else str(data.dtype)
    inputs = torchkeras.Input(data.shape[1:], dtype=dtype)
    model = torchkeras.Model(inputs, layer(inputs))
    torch.testing.assert_close(model(data), wanted)
    np.testing.assert_allclose(model.predict(data, verbose=0), wanted.detach(), rtol=1e-5)
    model.save(tmp_path / "m.keras")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    torch.testing.assert_close(again(data), wanted)


class Collate:
    """What a loader's worker is sent: it travels to a new process whole."""

    def __init__(self, layer):
        self.layer = layer

    def __call__(self, rows):
        with torch.no_grad():
            return self.layer(np.stack(rows))


def test_in_a_worker(case):
    layer, data, wanted = case
    collate = pickle.loads(pickle.dumps(Collate(layer)))
    loader = DataLoader(list(data), 8, num_workers=1, collate_fn=collate)
    torch.testing.assert_close(next(iter(loader)), wanted.detach())


class Rows(Stage):
    """Batches of two rows."""

    count = 4

    def __init__(self, data):
        self.data = data

    def run(self, share):
        return iter(np.split(self.data, 4))


def test_in_the_map_of_a_data_set(case):
    layer, data, wanted = case
    found = list(Pipeline(Rows(data)).map(layer))
    torch.testing.assert_close(torch.cat(found), wanted)


FORMS = {
    "array": lambda x: x,
    "list of batches": lambda x: iter([x[:5], x[5:]]),
    "loader": lambda x: DataLoader(list(x), 3),
    "data set": lambda x: Pipeline(Rows(x)),
    "pairs": lambda x: ((part, np.zeros(len(part))) for part in np.split(x, 2)),
}
LEARNERS = ("Normalization", "Discretization", "IntegerLookup", "StringLookup", "tf_idf")


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("form", FORMS)
def test_adapt(name, form):
    make, data = CASES[name]
    if form == "loader" and data.dtype.kind != "U":
        batches = DataLoader(TensorDataset(torch.from_numpy(data)), 3)
    elif form == "loader":
        batches = DataLoader(data[:, 0].tolist(), 3)
    else:
        batches = FORMS[form](data)
    layer = make()
    wanted = layer(data)
    layer.adapt(batches)
    torch.testing.assert_close(layer(data), wanted)
