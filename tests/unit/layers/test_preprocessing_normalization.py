"""`Normalization.adapt`: whatever the data's form, what it finds is Keras's."""

import keras
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from tests import oracle
from torchkeras.layers import Normalization

DATA = np.random.default_rng(0).normal(3, 2, (20, 3, 2)).astype("float32")


class Batches(torchkeras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return DATA[index * 7 : index * 7 + 7], np.zeros(7)


FORMS = {
    "array": lambda: DATA,
    "float64": lambda: DATA.astype("float64"),
    "tensor": lambda: torch.tensor(DATA),
    "batches": lambda: [DATA[:7], DATA[7:]],
    "generator of pairs": lambda: ((x, 0) for x in (DATA[:3], DATA[3:])),
    "py_dataset": Batches,
    "dataset": lambda: TensorDataset(torch.tensor(DATA), torch.zeros(20)),
    "loader": lambda: DataLoader(TensorDataset(torch.tensor(DATA)), batch_size=6),
    "loader of workers": lambda: DataLoader(torch.tensor(DATA), batch_size=6, num_workers=1),
}


@pytest.mark.parametrize("axis", [-1, None, 1, (1, 2), (-1, -2)], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_adapts_to_every_form(form, axis):
    layer, theirs = Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    layer.adapt(FORMS[form]())
    theirs.adapt(DATA)
    ours, expected = layer(DATA), theirs(DATA)
    np.testing.assert_allclose(ours.numpy(), expected.detach().numpy(), atol=2e-5)
    for mine, other in zip(layer.get_weights(), oracle.weights_of(theirs), strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-5)


def test_inverts_itself():
    layer, back = Normalization(), Normalization(invert=True)
    layer.adapt(DATA)
    back.adapt(DATA)
    np.testing.assert_allclose(back(layer(DATA)).numpy(), DATA, rtol=1e-5, atol=1e-5)


def test_whole_numbers():
    layer = Normalization(axis=None)
    layer.adapt(torch.arange(5))
    np.testing.assert_allclose(layer(torch.arange(5))[:3], [-1.4142135, -0.7071068, 0], rtol=1e-6)


def test_constant_numbers_do_not_divide_by_zero():
    layer = Normalization()
    layer.adapt(np.ones((4, 2), "float32"))
    assert layer(np.ones((1, 2), "float32")).tolist() == [[0, 0]]


def test_new_weights_count_at_once():
    """Keras goes on with the old ones."""
    layer = Normalization()
    layer.build((None, 2))
    layer.set_weights([np.array([1.0, 2.0]), np.array([4.0, 4.0]), np.array(0)])
    assert layer(np.array([[3.0, 2.0]], "float32")).tolist() == [[1, 0]]
    other = Normalization()
    other.build((None, 2))
    other.load_state_dict(layer.state_dict())
    assert other(np.array([[3.0, 2.0]], "float32")).tolist() == [[1, 0]]


def test_adapting_again_forgets():
    layer = Normalization()
    layer.adapt(DATA)
    layer.adapt(DATA * 0 + 5)
    assert layer.mean.flatten().tolist() == [5, 5]


def test_in_a_model():
    layer = Normalization()
    layer.adapt(DATA[:, 0])
    model = torchkeras.Sequential([torchkeras.Input((2,)), layer, torchkeras.layers.Dense(1)])
    assert not any("normalization" in v.path for v in model.trainable_weights)
    assert model.predict(DATA[:, 0], verbose=0).shape == (20, 1)


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (iter([]), ValueError, "at least one batch"),
        (np.zeros((0, 2), "float32"), ValueError, "at least one batch"),
        ([1.0, 2.0], TypeError, "1.0"),
        (3, TypeError, "data=3"),
        (np.array([["a"]]), TypeError, "numbers"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], ValueError, "(2, 3)"),
    ],
)
def test_refuses(data, error, text):
    with pytest.raises(error) as caught:
        Normalization().adapt(data)
    assert text in str(caught.value)


def test_refuses_to_adapt_what_was_given():
    with pytest.raises(ValueError, match="given `mean`"):
        Normalization(mean=1.0, variance=2.0).adapt(DATA)
