"""Files by strangers: nothing outside the file is read, nothing runs, memory stays bounded."""

import h5py
import numpy as np
import pytest

import torchkeras
from torchkeras import layers
from torchkeras.saving import load_weights, save_weights

PLACE = "layers/dense/vars"


def model():
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3)])


@pytest.fixture
def path(tmp_path):
    name = tmp_path / "x.weights.h5"
    save_weights(model(), name)
    return name


@pytest.fixture
def secret(tmp_path):
    """A file outside, whose values must not come in."""
    name = tmp_path / "secret.h5"
    with h5py.File(name, "w") as file:
        file["kernel"] = np.full((4, 3), 7.0, "float32")
        file.create_group("vars")["0"] = np.full((4, 3), 7.0, "float32")
    return name


def refused(path, reason):
    target = model()
    before = target.get_weights()
    with pytest.raises(ValueError, match=reason):
        load_weights(target, path)
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def replace(path, make, name="0"):
    with h5py.File(path, "a") as file:
        del file[f"{PLACE}/{name}"]
        make(file[PLACE])


def test_external_link(path, secret):
    replace(path, lambda group: group.__setitem__("0", h5py.ExternalLink(secret, "kernel")))
    refused(path, "link")


def test_soft_link(path):
    replace(path, lambda group: group.__setitem__("0", h5py.SoftLink("/layers/dense/vars/1")))
    refused(path, "link")


@pytest.mark.parametrize("step", ["layers", "layers/dense", "layers/dense/vars"])
def test_links_at_every_step_of_the_path(path, secret, step):
    with h5py.File(path, "a") as file:
        del file[step]
        file[step] = h5py.ExternalLink(secret, "/")
    refused(path, "link")


def test_external_storage(path, tmp_path):
    raw = tmp_path / "raw.bin"
    raw.write_bytes(np.full((4, 3), 7.0, "float32").tobytes())

    def make(group):
        group.create_dataset("0", (4, 3), "float32", external=[(str(raw), 0, 48)])

    replace(path, make)
    refused(path, "other files")


def test_virtual_dataset(path, secret):
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="float32")
    layout[:] = h5py.VirtualSource(secret, "kernel", shape=(4, 3))
    replace(path, lambda group: group.create_virtual_dataset("0", layout))
    refused(path, "other files")


@pytest.mark.parametrize("shape", [(10**9, 10**9), (4, 3, 1), (12,), (0,), ()])
def test_other_shapes_are_refused_before_reading(path, shape):
    def make(group):
        chunks = (8, 8) if shape == (10**9, 10**9) else None
        group.create_dataset("0", shape, "float32", chunks=chunks)

    replace(path, make)
    refused(path, "shape")


def test_huge_pieces_of_a_small_array(path):
    def make(group):
        group.create_dataset(
            "0", (4, 3), "float32", maxshape=(None, None), chunks=(20000, 20000), compression="gzip"
        )

    replace(path, make)
    refused(path, "pieces")


@pytest.mark.parametrize(
    "value", ["text", b"bytes", [["a"] * 3] * 4], ids=["str", "bytes", "array"]
)
def test_text_is_refused(path, value):
    replace(path, lambda group: group.create_dataset("0", data=value))
    refused(path, "numbers|shape")


def test_object_references_are_refused(path):
    def make(group):
        group.create_dataset("0", (4, 3), dtype=h5py.ref_dtype)

    replace(path, make)
    refused(path, "numbers")


def test_group_in_the_place_of_an_array(path):
    replace(path, lambda group: group.create_group("0"))
    refused(path, "no array")


def test_array_in_the_place_of_a_group(path):
    with h5py.File(path, "a") as file:
        del file["layers/dense"]
        file["layers/dense"] = np.ones(3)
    refused(path, "group")


def test_missing_and_superfluous_arrays(path):
    with h5py.File(path, "a") as file:
        del file[f"{PLACE}/1"]
    refused(path, "has 1 variables")
    with h5py.File(path, "a") as file:
        file[f"{PLACE}/7"] = np.ones(3)
    refused(path, "'7'")


@pytest.mark.parametrize("length", [0, 7, 100, 1000])
def test_cut_files(path, length):
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "HDF5")


def test_no_hdf5_at_all(path):
    path.write_bytes(b"PK\x03\x04" + b"x" * 5000)
    refused(path, "HDF5")


def test_self_containing_groups_end(path):
    with h5py.File(path, "a") as file:
        file["layers/dense/layers"] = file["layers"]
    load_weights(model(), path)


class Hook(layers.Layer):
    def build(self, input_shape):
        self.gain = self.add_weight(shape=(3,), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain

    def load_own_variables(self, store):
        self.gain.assign(np.asarray(store["0"])[:3])


def test_bombs_do_not_reach_hooks_of_users(tmp_path):
    layer = Hook()
    layer(np.ones((1, 3), "float32"))
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("vars/0", (2**31,), "float32", chunks=(1024,), compression="gzip")
    with pytest.raises(ValueError, match="claims"):
        load_weights(layer, path)


def test_links_do_not_reach_hooks_of_users(tmp_path, secret):
    layer = Hook()
    layer(np.ones((1, 3), "float32"))
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_group("vars")["0"] = h5py.ExternalLink(secret, "kernel")
    with pytest.raises(ValueError, match="link"):
        load_weights(layer, path)


def test_packed_arrays_are_read(path):
    values = np.arange(12.0, dtype="float32").reshape(4, 3)

    def make(group):
        group.create_dataset("0", data=values, compression="gzip", shuffle=True, fletcher32=True)

    replace(path, make)
    target = model()
    load_weights(target, path)
    np.testing.assert_array_equal(target.get_weights()[0], values)
