"""Class weights as sample weights."""

from typing import Any

import numpy as np
import pytest
import torch
from keras.src.trainers.data_adapters.data_adapter_utils import (
    class_weight_to_sample_weights as oracle,
)

from torchkeras._data.arrays import Arrays
from torchkeras._data.weights import ClassWeights, class_weight_to_sample_weights

LABELS = np.array([2, 0, 1, 5, 2])


@pytest.mark.parametrize(
    "y",
    [LABELS, LABELS[:, None], LABELS.astype("float32"), np.eye(6)[LABELS], LABELS.astype("uint8")],
)
@pytest.mark.parametrize(
    "weights", [{0: 1.5, 2: 3.0}, {}, {1: 0.0, 7: 2.0}, {0.0: 1.5, np.float64(2): 3.0}]
)
def test_weights_equal_keras(y: np.ndarray, weights: dict[Any, float]) -> None:
    np.testing.assert_array_equal(class_weight_to_sample_weights(y, weights), oracle(y, weights))


def test_torch_labels() -> None:
    assert ClassWeights({1: 2.0})(torch.tensor([0, 1])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1.0, 2.0], "must be a dictionary of class numbers"),
        ({"cat": 1.0}, "must be class numbers"),
        ({0.5: 1.0}, "must be class numbers"),
        ({0: float("nan")}, "must hold numbers"),
    ],
)
def test_misuse(weights: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ClassWeights(weights)


def test_two_outputs() -> None:
    x = np.zeros((3, 1))
    with pytest.raises(ValueError, match="a model with one output"):
        Arrays(x, [x, x], class_weight={0: 1.0})


def test_no_labels() -> None:
    with pytest.raises(ValueError, match=r"Received: y=None"):
        Arrays(np.zeros((3, 1)), class_weight={0: 1.0})


def test_both_kinds_of_weights() -> None:
    x = np.zeros((3, 1))
    with pytest.raises(ValueError, match="cannot be given together"):
        Arrays(x, x, np.ones(3), class_weight={0: 1.0})
