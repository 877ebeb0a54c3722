"""A mask on the predictions leaves steps out of the loss and out of its divisor, as in Keras."""

import keras
import numpy as np
import pytest
import torch
from keras.src.backend import set_keras_mask

from torchkeras import losses
from torchkeras._state.masked import mask_of, with_mask

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
MASK = np.array([[True, True, False], [True, False, False]])
WEIGHTS = {
    "none": None,
    "steps": np.array([[1.0, 2.0, 3.0], [0.5, 1.0, 4.0]], "float32"),
    "samples": np.array([[2.0], [0.5]], "float32"),
    "number": 3.0,
}


def both(cls, y_true, y_pred, mask, weights=None, **arguments):
    results = []
    for module, attach in ((losses, with_mask), (keras.losses, _keras_mask)):
        leaf = torch.tensor(y_pred, requires_grad=True)
        loss = getattr(module, cls)(**arguments)
        value = loss(torch.tensor(y_true), attach(leaf * 1.0, torch.tensor(mask)), weights)
        value.sum().backward()
        results.append((value.detach(), leaf.grad))
        weights = None if weights is None else np.broadcast_to(weights, mask.shape).copy()
    return results


def _keras_mask(x, mask):
    set_keras_mask(x, mask)
    return x


@pytest.fixture
def steps(rng):
    return rng.normal(size=(2, 3, 4)).astype("float32"), rng.normal(size=(2, 3, 4)).astype(
        "float32"
    )


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_masked_mean_squared_error(reduction, kind, steps):
    ours, theirs = both("MeanSquaredError", *steps, MASK, WEIGHTS[kind], reduction=reduction)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_masked_sparse_categorical_crossentropy(reduction, steps):
    labels = np.array([[0, 1, 2], [3, 0, 1]])
    arguments = {"from_logits": True, "reduction": reduction}
    ours, theirs = both("SparseCategoricalCrossentropy", labels, steps[1], MASK, **arguments)
    torch.testing.assert_close(ours, theirs)


def test_mask_and_ignored_class_work_together(steps):
    labels = np.array([[0, 1, 2], [3, 0, 1]])
    arguments = {"from_logits": True, "ignore_class": 0}
    ours, theirs = both("SparseCategoricalCrossentropy", labels, steps[1], MASK, **arguments)
    torch.testing.assert_close(ours, theirs)


def test_everything_masked_is_a_loss_of_zero_with_a_gradient_of_zero(steps):
    ours, theirs = both("MeanSquaredError", *steps, np.zeros_like(MASK))
    torch.testing.assert_close(ours, theirs)
    assert ours[0] == 0


def test_mask_of_one_column(rng):
    y_true, y_pred = (
        rng.normal(size=(2, 1)).astype("float32"),
        rng.normal(size=(2, 1)).astype("float32"),
    )
    ours, theirs = both("MeanSquaredError", y_true, y_pred, MASK[:, :1])
    torch.testing.assert_close(ours, theirs)


def test_weights_of_the_caller_are_left_alone(steps):
    weights = torch.ones(2, 3)
    losses.MeanSquaredError()(
        steps[0], with_mask(torch.tensor(steps[1]), torch.tensor(MASK)), weights
    )
    assert torch.equal(weights, torch.ones(2, 3))


def test_ignored_class_gives_a_mask_and_no_gradient():
    y_pred = torch.randn(3, 4, requires_grad=True)
    value = losses.sparse_categorical_crossentropy(
        [0, -1, 2], y_pred, from_logits=True, ignore_class=-1
    )
    assert mask_of(value).tolist() == [True, False, True]
    value.sum().backward()
    assert y_pred.grad[1].abs().sum() == 0


def test_nan_in_an_ignored_place_does_no_harm():
    y_pred = torch.tensor([[0.0, 1.0], [torch.nan, torch.nan]], requires_grad=True)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    loss([1, -1], y_pred).backward()
    assert y_pred.grad.isfinite().all()
