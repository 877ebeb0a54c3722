"""`Hashing` and the hashes below it; the numbers are TensorFlow's."""

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras.layers import CategoryEncoding, Hashing
from torchkeras.layers.preprocessing.fingerprint import cross, fingerprint, siphash

LETTERS = [["A"], ["B"], ["C"], ["D"], ["E"]]
# Texts of every way that FarmHash takes by their length.
FINGERPRINTS = {
    "": 1936946117179621455,
    "a": 3694432073954588131,
    "omar": 3378277989609990986,
    "hello world": 1769834696496558107,
    "x" * 20: 3621402210320469444,
    "y" * 40: 276292113409495006,
    "z" * 65: 3688229565335330613,
    "q" * 128: 3049490681071257226,
    "w" * 200: 526236191678461824,
}
SIPHASHES = {"": 316627932347062996, "omar": 1263773457614080770, "w" * 200: 2068104037213505864}


@pytest.mark.parametrize("text", FINGERPRINTS, ids=len)
def test_fingerprints(text):
    assert fingerprint(text.encode()) % 2**62 == FINGERPRINTS[text]


@pytest.mark.parametrize("text", SIPHASHES, ids=len)
def test_siphash(text):
    assert siphash(text.encode(), 133, 137) % 2**62 == SIPHASHES[text]


def test_crosses():
    pairs = zip(b"ABABA", [101, 101, 101, 102, 102], strict=True)
    found = [cross((fingerprint(bytes([letter])), number)) % 5 for letter, number in pairs]
    assert found == [1, 4, 1, 1, 3]


@pytest.mark.parametrize(
    ("kwargs", "inputs", "expected"),
    [
        ({}, LETTERS, [[1], [0], [1], [1], [2]]),
        ({"mask_value": ""}, [["A"], ["B"], [""], ["C"], ["D"]], [[1], [1], [0], [2], [2]]),
        ({"salt": [133, 137]}, LETTERS, [[1], [2], [1], [0], [2]]),
        ({"salt": 133}, LETTERS, [[0], [0], [2], [1], [0]]),
    ],
    ids=str,
)
def test_strings(kwargs, inputs, expected):
    assert Hashing(3, **kwargs)(inputs).tolist() == expected


@pytest.mark.parametrize(
    ("mode", "inputs", "expected"),
    [
        ("int", [[1, 2, 3], [4, 5, 6]], [[1, 3, 1], [3, 3, 3]]),
        ("int", [1.7, -2.3], [1, 1]),
        ("one_hot", [[1], [4]], [[0, 1, 0, 0], [0, 0, 0, 1]]),
        ("one_hot", [1, 2], [[0, 1, 0, 0], [0, 0, 0, 1]]),
        ("multi_hot", [[1, 2, 3], [4, 5, 6]], [[0, 1, 0, 1], [0, 0, 0, 1]]),
        ("count", [[1, 2, 3], [4, 5, 6]], [[0, 2, 0, 1], [0, 0, 0, 3]]),
        ("count", [1, 2, 3], [0, 2, 0, 1]),
    ],
)
def test_numbers(mode, inputs, expected):
    layer = Hashing(4, output_mode=mode)
    found = layer(torch.tensor(inputs))
    assert found.tolist() == layer(np.array(inputs)).tolist() == expected
    assert found.dtype == (torch.int64 if mode == "int" else torch.float32)
    symbol = layer(torchkeras.KerasTensor(np.shape(inputs), "int64"))
    assert (symbol.shape, symbol.dtype) == (tuple(found.shape), str(found.dtype)[6:])


def test_config():
    layer = Hashing(3, salt=4, name="h")
    config = layer.get_config()
    assert set(config) == {
        *("name trainable dtype num_bins salt mask_value output_mode sparse".split()),
    }
    assert config["salt"] == [4, 4]
    assert Hashing.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"num_bins": 0}, "num_bins=0"),
        ({"num_bins": 2, "output_mode": "hot"}, "output_mode='hot'"),
        ({"num_bins": 2, "dtype": "float32"}, "dtype='float32'"),
        ({"num_bins": 2, "salt": "pepper"}, "salt='pepper'"),
        ({"num_bins": 2, "sparse": True}, "sparse=True"),
    ],
    ids=str,
)
def test_refuses(kwargs, text):
    with pytest.raises(ValueError, match=text):
        Hashing(**kwargs)


def test_categories_take_lists_and_weights():
    layer = CategoryEncoding(3, "count")
    assert layer([[0, 2, 2]], count_weights=[[1.0, 2.0, 0.5]]).tolist() == [[1, 0, 2.5]]
    assert CategoryEncoding(3, "one_hot")([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(ValueError, match="count_weights"):
        CategoryEncoding(3)([[1]], count_weights=[[1.0]])
