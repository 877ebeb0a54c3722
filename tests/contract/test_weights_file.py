"""`.weights.h5` files have Keras's layout, and travel both ways."""

import h5py
import keras
import numpy as np

import torchkeras
from tests import oracle


def layout(path):
    """Return the shape, dtype and attributes of whatever a file holds, by its path there."""
    found = {}

    def add(name, item):
        dataset = (item.shape, item.dtype) if isinstance(item, h5py.Dataset) else ()
        found[name] = (dict(item.attrs), *dataset)

    with h5py.File(path) as file:
        file.visititems(add)
    return found


def write(row, folder):
    """Write the row's layer from both packages, with the same weights."""
    twins = oracle.twins(row)
    paths = [folder / f"{name}.weights.h5" for name in ("ours", "theirs")]
    torchkeras.saving.save_weights(twins.ours, paths[0])
    keras.saving.save_weights(twins.theirs, paths[1])
    return twins, *paths


def test_layout_equals_keras(row, tmp_path):
    _, ours, theirs = write(row, tmp_path)
    assert layout(ours) == layout(theirs)


def test_reads_keras(row, tmp_path):
    twins, _, theirs = write(row, tmp_path)
    layer = oracle.built(row, torchkeras)
    torchkeras.saving.load_weights(layer, theirs)
    for before, after in zip(twins.ours.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_keras_reads_it(row, tmp_path):
    twins, ours, _ = write(row, tmp_path)
    layer = oracle.built(row, keras)
    keras.saving.load_weights(layer, ours)
    pairs = zip(oracle.weights_of(twins.theirs), oracle.weights_of(layer), strict=True)
    for before, after in pairs:
        np.testing.assert_array_equal(before, after)
