"""`.weights.h5` files have Keras's layout, and travel both ways."""

import h5py
import keras
import numpy as np
import pytest

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


def test_travels_both_ways(row, tmp_path):
    if not oracle.kept(row, torchkeras).weights:
        pytest.skip("has no weights")
    twins = oracle.twins(row)
    paths = [tmp_path / f"{name}.weights.h5" for name in ("ours", "theirs")]
    torchkeras.saving.save_weights(twins.ours, paths[0])
    keras.saving.save_weights(twins.theirs, paths[1])
    assert layout(paths[0]) == layout(paths[1])
    written = twins.ours.get_weights()
    for package, path in zip(oracle.PACKAGES, reversed(paths), strict=True):
        layer = oracle.built(row, package)
        package.saving.load_weights(layer, path)
        for before, after in zip(written, oracle.weights_of(layer), strict=True):
            np.testing.assert_array_equal(before, after)
