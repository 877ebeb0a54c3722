"""`pad_sequences` returns what Keras returns."""

import itertools

import keras
import numpy as np
import pytest
import torch

from torchkeras import utils

SEQUENCES = {
    "numbers": [[1], [2, 3], [4, 5, 6]],
    "empty": [[], [1, 2], []],
    "vectors": [[[1, 2]], [[3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]],
    "arrays": [np.arange(3), np.arange(5), np.arange(1)],
}
SIDES = ("pre", "post")


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("maxlen", [None, 1, 2, 7])
def test_equals_keras(name, maxlen):
    for padding, truncating in itertools.product(SIDES, SIDES):
        for options in ({}, {"value": -1, "dtype": "float32"}):
            options = {"padding": padding, "truncating": truncating, **options}
            ours, theirs = (
                module.pad_sequences(SEQUENCES[name], maxlen, **options)
                for module in (utils, keras.utils)
            )
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_strings_tensors_and_nothing():
    words = utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "c"]]
    assert utils.pad_sequences([torch.arange(2), torch.arange(3)]).tolist() == [
        [0, 0, 1],
        [0, 1, 2],
    ]
    assert utils.pad_sequences([]).shape == (0, 0)
    assert utils.pad_sequences([[1, 2]], maxlen=0).shape == (1, 0)


ERRORS = {
    "no list": ((3,), {}, "`sequences` must be a list of sequences"),
    "no sequence": (([1, 2],), {}, "an item that has no length, 1"),
    "side": (([[1]],), {"padding": "left"}, "`padding` must be one of 'pre', 'post'"),
    "cut": (([[1]],), {"truncating": "left"}, "`truncating` must be one of"),
    "shape": (([[[1, 2]], [[1, 2, 3]]],), {}, r"shape \(3,\) in sequence 1, after .* \(2,\)"),
    "text": (([[1]],), {"value": "x"}, "`value` is a string.*dtype=object"),
}


@pytest.mark.parametrize("row", ERRORS)
def test_errors(row):
    args, kwargs, message = ERRORS[row]
    with pytest.raises(ValueError, match=message):
        utils.pad_sequences(*args, **kwargs)
