"""Vocabularies travel in `.keras` files; Keras wrote those in `tests/data/keras_assets`."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

DATA = Path(__file__).parents[2] / "data" / "keras_assets"
TEXTS = np.array([["the cat and the dog"], ["Bär on mat"], [""]])
NUMBERS = np.array([[7], [0], [99]])
CASES = ("words", "weighted", "looked_up", "given", "integers")


def assets(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name.startswith("assets/")}


@pytest.mark.parametrize("case", CASES)
def test_files_of_keras_and_back(case, tmp_path):
    x = NUMBERS if case == "integers" else TEXTS
    expected = np.load(DATA / f"{case}.npy")
    model = torchkeras.saving.load_model(DATA / f"{case}.keras")
    np.testing.assert_allclose(model(x).detach(), expected, rtol=1e-6)
    model.save(tmp_path / "m.keras")
    assert assets(tmp_path / "m.keras") == assets(DATA / f"{case}.keras")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(x).detach(), expected, rtol=1e-6)


@torchkeras.saving.register_keras_serializable("assets")
class Inside(torchkeras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = {"words": [layers.StringLookup()]}

    def call(self, inputs):
        return self.parts["words"][0](inputs)


def test_a_layer_deep_inside_keeps_odd_tokens(tmp_path):
    model = Inside()
    model.built = True
    model.parts["words"][0].set_vocabulary(["a b", "c\nd", " e"])
    model.save(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert loaded.parts["words"][0].get_vocabulary() == ["[UNK]", "a b", "c\nd", " e"]


@torchkeras.saving.register_keras_serializable("assets")
class Noted(layers.Layer):
    note = "none"

    def call(self, inputs):
        return inputs

    def save_assets(self, dir_path):
        folder = Path(dir_path, "notes", "deep")
        folder.mkdir(parents=True)
        (folder / "note.txt").write_text(self.note)
        (folder / "link.txt").symlink_to(__file__)

    def load_assets(self, dir_path):
        self.note = Path(dir_path, "notes", "deep", "note.txt").read_text()
        self.found = sorted(path.name for path in Path(dir_path).rglob("*"))


def test_layers_of_users_keep_files_of_their_own(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((2,)), Noted()])
    model.layers[0].note = "kept"
    model.save(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras").layers[0]
    assert loaded.note == "kept"
    assert loaded.found == ["deep", "note.txt", "notes"]  # what links lead to is no file of it


def test_weights_alone_leave_vocabularies_alone(tmp_path):
    model = torchkeras.saving.load_model(DATA / "words.keras")
    model.layers[1].set_vocabulary(["other"])
    torch.nn.init.zeros_(model.layers[2].embeddings.parameters[0])
    model.load_weights(DATA / "words.keras")
    assert model.layers[1].get_vocabulary() == ["", "[UNK]", "other"]
    assert model.layers[2].get_weights()[0].any()
