"""Vocabularies that were learned travel in files of weights too."""

import numpy as np
import pytest

import torchkeras
from torchkeras import layers

TEXTS = np.array([["a b"], ["b c"], ["b"]])
NUMBERS = np.array([[3], [4], [4]])


def text_model(**kwargs):
    layer = layers.TextVectorization(name="words", **kwargs)
    return torchkeras.Sequential([torchkeras.Input((1,), dtype="string"), layer])


def number_model():
    return torchkeras.Sequential([torchkeras.Input((1,), dtype="int64"), layers.IntegerLookup()])


CASES = {
    "text": (text_model, TEXTS),
    "numbers": (number_model, NUMBERS),
    "tf_idf": (lambda: text_model(output_mode="tf_idf"), TEXTS),
}


@pytest.mark.parametrize("case", CASES)
def test_learned_vocabularies_travel(case, tmp_path):
    make, data = CASES[case]
    model, fresh = make(), make()
    model.layers[0].adapt(data)
    model.save_weights(tmp_path / "m.weights.h5")
    fresh.load_weights(tmp_path / "m.weights.h5")
    assert fresh.layers[0].get_vocabulary() == model.layers[0].get_vocabulary()
    assert fresh(data).tolist() == model(data).tolist()


def test_given_vocabularies_are_not_replaced(tmp_path):
    model, other = text_model(), text_model(vocabulary=["x"])
    model.layers[0].adapt(TEXTS)
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    assert other.layers[0].get_vocabulary() == ["", "[UNK]", "x"]
