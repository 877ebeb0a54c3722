"""`HashedCrossing`; the numbers are TensorFlow's, which Keras's documentation shows."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import torchkeras
from torchkeras.layers import HashedCrossing

LETTERS, NUMBERS = ["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]
BINS = [1, 4, 1, 1, 3]
FORMS = {
    "lists": (LETTERS, NUMBERS),
    "arrays": (np.array(LETTERS), np.array(NUMBERS, dtype="int32")),
    "tensors": (np.array(LETTERS, dtype=object), torch.tensor(NUMBERS)),
    "bytes": [[x.encode() for x in LETTERS], np.array(NUMBERS)],
}


@pytest.mark.parametrize("form", FORMS)
def test_bins(form):
    assert HashedCrossing(5)(FORMS[form]).tolist() == BINS


def test_columns_scalars_and_vectors():
    column = [np.array(x)[:, None] for x in FORMS["lists"]]
    assert HashedCrossing(5)(column).tolist() == [[bin] for bin in BINS]
    assert HashedCrossing(5)(("A", 101)).item() == 1
    wanted = np.eye(5)[BINS].tolist()
    layer = HashedCrossing(5, output_mode="one_hot")
    assert layer(column).tolist() == layer(FORMS["lists"]).tolist() == wanted
    assert layer(column).dtype == torch.float32


def test_order_counts_and_more_features_are_taken():
    layer = HashedCrossing(1000)
    assert layer((["A"], ["B"])).item() != layer((["B"], ["A"])).item()
    assert 0 <= layer((["A"], ["B"], [-3])).item() < 1000


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        (["A"], "at least two features"),
        (np.array([["A"]]), "at least two features"),
        ((["A"], ["A", "B"]), "one shape"),
        (([["A", "B"]], [["A", "B"]]), r"\(batch, 1\)"),
        ((["A"], [1.5]), "strings or integers"),
    ],
    ids=["one", "array", "lengths", "wide", "floats"],
)
def test_refuses_inputs(inputs, text):
    with pytest.raises(ValueError, match=text):
        HashedCrossing(5)(inputs)


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"num_bins": 0}, "num_bins=0"),
        ({"num_bins": 3, "output_mode": "count"}, "output_mode='count'"),
        ({"num_bins": 3, "sparse": True}, "sparse=True"),
    ],
    ids=str,
)
def test_refuses_arguments(kwargs, text):
    with pytest.raises(ValueError, match=text):
        HashedCrossing(**kwargs)


@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_in_models(mode, tmp_path):
    letters = torchkeras.Input((1,), dtype="string", name="letters")
    numbers = torchkeras.Input((1,), dtype="int64", name="numbers")
    crossed = HashedCrossing(5, output_mode=mode)((letters, numbers))
    model = torchkeras.Model({"letters": letters, "numbers": numbers}, crossed)
    x = {"letters": np.array(LETTERS)[:, None], "numbers": np.array(NUMBERS)[:, None]}
    expected = HashedCrossing(5, output_mode=mode)(tuple(x.values()))
    assert torch.equal(model(x), expected)
    assert crossed.shape[1:] == tuple(expected.shape[1:])
    assert f"torch.{crossed.dtype}" == str(expected.dtype)
    model.save(tmp_path / "m.keras")
    assert torch.equal(torchkeras.saving.load_model(tmp_path / "m.keras")(x), expected)


def test_in_the_workers_of_a_loader():
    layer = HashedCrossing(5)

    def collate(samples):
        return layer(tuple(zip(*samples, strict=True)))

    pairs = list(zip(LETTERS, NUMBERS, strict=True))
    loader = DataLoader(pairs, 3, num_workers=1, collate_fn=collate, multiprocessing_context="fork")
    assert torch.cat(list(loader)).tolist() == BINS


def test_config():
    layer = HashedCrossing(5, name="cross")
    expected = {"num_bins": 5, "output_mode": "int", "sparse": False, "dtype": "int64"}
    assert layer.get_config() == {**expected, "name": "cross"}
    assert HashedCrossing.from_config(layer.get_config()).get_config() == layer.get_config()
