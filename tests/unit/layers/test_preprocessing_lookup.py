"""`StringLookup` and `IntegerLookup`; the numbers are those of Keras 3.15.1 with TensorFlow."""

import re

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import torchkeras
from torchkeras.layers import IntegerLookup, StringLookup

WORDS = [["a", "c", "d"], ["d", "z", "b"]]
VOCABULARY = ["a", "b", "c", "d"]
IDF = [0.1, 0.2, 0.3, 0.4]
NUMBERS = np.array([[12, 1138, 42], [42, 1000, 36]])
FORWARD = [
    ({}, [[1, 3, 4], [4, 0, 2]]),
    ({"mask_token": "m"}, [[2, 4, 5], [5, 1, 3]]),
    ({"num_oov_indices": 3}, [[3, 5, 6], [6, 1, 4]]),
    ({"num_oov_indices": 3, "salt": [1, 2]}, [[3, 5, 6], [6, 2, 4]]),
    ({"output_mode": "multi_hot"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
    ({"output_mode": "binary"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
    ({"output_mode": "count"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
    (
        {"output_mode": "multi_hot", "pad_to_max_tokens": True, "max_tokens": 7},
        [[0, 1, 0, 1, 1, 0, 0], [1, 0, 1, 0, 1, 0, 0]],
    ),
    (
        {"output_mode": "tf_idf", "idf_weights": IDF},
        [[0, 0.1, 0, 0.3, 0.4], [0.25, 0, 0.2, 0, 0.4]],
    ),
    (
        {"output_mode": "tf-idf", "idf_weights": IDF, "pad_to_max_tokens": True, "max_tokens": 6},
        [[0, 0.1, 0, 0.3, 0.4, 0], [0.25, 0, 0.2, 0, 0.4, 0]],
    ),
]
INTEGERS = [
    ({}, [[1, 3, 4], [4, 0, 2]]),
    ({"mask_token": 0}, [[2, 4, 5], [5, 1, 3]]),
    ({"num_oov_indices": 2}, [[2, 4, 5], [5, 0, 3]]),
    ({"num_oov_indices": 3, "oov_method": "farmhash"}, [[3, 5, 6], [6, 2, 4]]),
    ({"num_oov_indices": 3, "oov_method": "farmhash", "salt": 7}, [[3, 5, 6], [6, 0, 4]]),
    ({"output_mode": "count"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
]
FORMS = {
    "lists": WORDS,
    "array": np.array(WORDS),
    "objects": np.array(WORDS, dtype=object),
    "bytes": np.array(WORDS, dtype="S"),
}


@pytest.mark.parametrize(("kwargs", "expected"), FORWARD, ids=str)
def test_strings_become_numbers(kwargs, expected):
    layer = StringLookup(vocabulary=VOCABULARY, **kwargs)
    found = layer(WORDS)
    assert found.dtype == (torch.float32 if "idf_weights" in kwargs else torch.int64)
    np.testing.assert_allclose(found.cpu(), expected, rtol=1e-6)
    symbol = layer(torchkeras.KerasTensor((2, 3), "string"))
    assert (symbol.shape, symbol.dtype) == (tuple(found.shape), str(found.dtype)[6:])


@pytest.mark.parametrize(("kwargs", "expected"), INTEGERS, ids=str)
def test_integers_become_numbers(kwargs, expected):
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42], **kwargs)
    for given in (NUMBERS, torch.tensor(NUMBERS, dtype=torch.int32), NUMBERS.tolist()):
        assert layer(given).tolist() == expected


@pytest.mark.parametrize("form", FORMS)
def test_strings_come_in_every_form(form):
    assert StringLookup(vocabulary=VOCABULARY)(FORMS[form]).tolist() == [[1, 3, 4], [4, 0, 2]]


def test_negative_integers_share_places_by_remainder():
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42], num_oov_indices=3)
    assert layer([-7, -1, 5, 8]).tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("mode", "words", "expected"),
    [
        ("int", "a", 1),
        ("one_hot", "a", [[0, 1, 0]]),
        ("count", "a", [0, 1, 0]),
        ("one_hot", ["a", "z"], [[0, 1, 0], [1, 0, 0]]),
        ("one_hot", [["a"], ["z"]], [[0, 1, 0], [1, 0, 0]]),
        ("multi_hot", ["a", "z"], [1, 1, 0]),
        ("multi_hot", [["a"], ["z"]], [[0, 1, 0], [1, 0, 0]]),
        ("count", [["a", "a"], ["z", "b"]], [[0, 2, 0], [1, 0, 1]]),
    ],
)
def test_ranks(mode, words, expected):
    assert StringLookup(vocabulary=["a", "b"], output_mode=mode)(words).tolist() == expected


def test_numbers_become_strings():
    layer = StringLookup(vocabulary=VOCABULARY, invert=True)
    assert layer(np.array([1, 3, 0, 9])) == ["a", "c", "[UNK]", "[UNK]"]
    assert layer(torch.tensor([1, 3])) == ["a", "c"]
    table = layer([[1, 3], [0, 9]])
    assert isinstance(table, np.ndarray)
    assert table.tolist() == [["a", "c"], ["[UNK]", "[UNK]"]]
    masked = StringLookup(vocabulary=VOCABULARY, invert=True, mask_token="")
    assert masked([0, 1, 2]) == ["", "[UNK]", "a"]


def test_numbers_become_integers():
    layer = IntegerLookup(vocabulary=[12, 36], invert=True, mask_token=0)
    assert layer([[0, 1, 2], [3, 4, -1]]).tolist() == [[0, -1, 12], [36, -1, -1]]


def test_masked_tokens_count_nowhere():
    layer = StringLookup(vocabulary=["a"], mask_token="m", output_mode="count")
    assert layer([["a", "m", "z"]]).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "data",
    [
        ["b", "a", "b"],
        np.array(["b", "a", "b"]),
        [["b", "a"], ["b", "a"]],
        iter([np.array(["a", "b"]), np.array(["b"])]),
        iter([(np.array([["a", "b"]]), [1])]),
        DataLoader(["a", "b", "b"], batch_size=2),
        DataLoader([("a", 0), ("b", 1)], batch_size=2),
    ],
    ids=range(7),
)
def test_adapts_to_every_form(data):
    layer = StringLookup()
    layer.adapt(data)
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]
    assert layer.vocabulary_size() == 3
    assert layer.get_config()["vocabulary"] is None


def test_adapts_to_document_frequencies():
    layer = IntegerLookup(output_mode="tf_idf")
    layer.adapt(np.array([[1, 2, 2], [2, 3, 4]]))
    assert layer.get_vocabulary() == [-1, 2, 4, 3, 1]
    expected = [
        [0.64756680, 0.51082563, 0, 0, 0.69314718],
        [0, 0.51082563, 0.6931472, 0.6931472, 0],
    ]
    np.testing.assert_allclose(layer([[1, 2, 9], [2, 3, 4]]), expected, rtol=1e-6)


def test_adapts_to_the_most_frequent_and_to_some_steps():
    layer = StringLookup(max_tokens=3)
    layer.adapt(["a", "b", "b", "c", "c", "c"])
    assert layer.get_vocabulary() == ["[UNK]", "c", "b"]
    endless = StringLookup()
    endless.adapt((["a"] for _ in iter(int, 1)), steps=3)
    assert endless.get_vocabulary(include_special_tokens=False) == ["a"]


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_the_vocabulary_is_in_state_dict_and_assets(mode, tmp_path):
    layer = StringLookup(output_mode=mode)
    layer.adapt([["é", "two\nlines"], ["é", "z"]])
    restored = StringLookup(output_mode=mode)
    restored.load_state_dict(layer.state_dict())
    loaded = StringLookup.from_config(layer.get_config())
    store = {}
    layer.save_own_variables(store)
    layer.save_assets(tmp_path)
    loaded.load_own_variables(store)
    loaded.load_assets(tmp_path)
    for copy in (restored, loaded):
        assert copy.get_vocabulary() == layer.get_vocabulary()
        assert torch.equal(copy([["é", "z", "?"]]), layer([["é", "z", "?"]]))


def test_assets_are_those_of_keras(tmp_path):
    layer = StringLookup(mask_token="")
    layer.adapt(["b", "a", "b"])
    layer.save_assets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.txt"]
    assert (tmp_path / "vocabulary.txt").read_text() == "\n[UNK]\nb\na"


def test_a_file_is_read_when_the_program_says_so(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("x\ny\n")
    layer = StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "x", "y"]
    assert layer.get_config()["vocabulary"] is None
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("5\n7\n")
    assert IntegerLookup(vocabulary=str(numbers))([7]).tolist() == [2]


def test_a_config_names_no_file(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    config = {**StringLookup().get_config(), "vocabulary": str(path)}
    with pytest.raises(ValueError, match="may not name a vocabulary file"):
        StringLookup.from_config(config)


@pytest.mark.parametrize("cls", [StringLookup, IntegerLookup])
def test_config_round_trip(cls):
    layer = cls(vocabulary=[3, 4] if cls is IntegerLookup else np.array(["a", "b"]), name="x")
    config = layer.get_config()
    assert config["vocabulary"] in ([3, 4], ["a", "b"])
    assert cls.from_config(config).get_config() == config
    assert cls.from_config(config).get_vocabulary() == layer.get_vocabulary()


def test_config_has_the_keys_of_keras():
    keys = (
        "name trainable dtype invert max_tokens num_oov_indices oov_token mask_token output_mode "
        "sparse pad_to_max_tokens idf_weights vocabulary vocabulary_size oov_method salt"
    ).split()
    assert set(StringLookup().get_config()) == {*keys, "encoding"}
    assert set(IntegerLookup().get_config()) == {*keys, "vocabulary_dtype"}


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"max_tokens": 1}, "max_tokens=1"),
        ({"num_oov_indices": -1}, "num_oov_indices=-1"),
        ({"output_mode": "hot"}, "output_mode='hot'"),
        ({"pad_to_max_tokens": True}, "max_tokens=None"),
        ({"invert": True, "output_mode": "count"}, "output_mode='count'"),
        ({"idf_weights": [1.0]}, "idf_weights=[1.0]"),
        ({"sparse": True, "output_mode": "count"}, "sparse=True"),
        ({"vocabulary": ["a", "a"]}, "['a']"),
        ({"vocabulary": ["a", "m"], "mask_token": "m"}, "mask token 'm'"),
        ({"vocabulary": ["a", "[UNK]"], "invert": True}, "OOV token '[UNK]'"),
        ({"vocabulary": ["a", "b"], "max_tokens": 2}, "`max_tokens`=2"),
        ({"vocabulary": []}, "at least one"),
        ({"vocabulary": "no.txt"}, "no.txt"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "idf_weights=None"),
        ({"salt": "pepper"}, "salt='pepper'"),
        ({"pepper": 1}, "pepper"),
    ],
    ids=str,
)
def test_refuses(kwargs, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        StringLookup(**kwargs)


def test_refuses_at_the_call():
    with pytest.raises(ValueError, match="num_oov_indices=1"):
        StringLookup(vocabulary=["a"], num_oov_indices=0)(["q"])
    with pytest.raises(RuntimeError, match="call `adapt`"):
        StringLookup(output_mode="count")(["q"])
    with pytest.raises(TypeError, match="strings"):
        StringLookup(vocabulary=["a"])([1, 2])
    with pytest.raises(ValueError, match="equal length"):
        StringLookup(vocabulary=["a"])([["a"], ["a", "b"]])
    with pytest.raises(ValueError, match="cannot adapt"):
        StringLookup(vocabulary=["a"]).adapt(["b"])


def test_the_size_of_vectors_cannot_change():
    layer = StringLookup(vocabulary=["a"], output_mode="count")
    with pytest.raises(RuntimeError, match="cannot change"):
        layer.set_vocabulary(["a", "b"])
    assert layer.get_vocabulary() == ["[UNK]", "a"]


def test_in_the_workers_of_a_loader():
    layer = StringLookup(vocabulary=VOCABULARY)
    loader = DataLoader(["a", "z"], batch_size=2, num_workers=1, collate_fn=layer)
    assert [batch.tolist() for batch in loader] == [[1, 0]]
