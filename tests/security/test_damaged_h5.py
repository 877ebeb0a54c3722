"""Damaged HDF5 files, as the fuzz run found them: HDF5's own errors become one that names them."""

import h5py
import numpy as np
import pytest

import torchkeras
from torchkeras import layers

# What the parts of an HDF5 file begin with.
SIGNATURES = [b"HEAP", b"TREE", b"SNOD"]


def model():
    x = torchkeras.Input((4,), name="x")
    return torchkeras.Model(x, layers.Dense(3, name="dense")(x))


@pytest.fixture(params=["m.h5", "m.weights.h5", "m.keras"])
def path(request, tmp_path):
    name = tmp_path / request.param
    (model().save_weights if "weights" in request.param else model().save)(name)
    return name


def read(path):
    if "weights" in path.name:
        model().load_weights(path)
    else:
        torchkeras.saving.load_model(path)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures(path, signature):
    path.write_bytes(path.read_bytes().replace(signature, signature[::-1]))
    with pytest.raises(ValueError, match=r"damaged|no whole"):
        read(path)


def test_an_array_in_place_of_a_layer(tmp_path):
    path = tmp_path / "m.h5"
    model().save(path)
    with h5py.File(path, "a") as file:
        del file["model_weights/dense"]
        file["model_weights/dense"] = np.zeros(3)
    with pytest.raises(ValueError, match="should be a group"):
        read(path)
