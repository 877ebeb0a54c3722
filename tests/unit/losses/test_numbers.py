"""Losses and their gradients equal Keras's."""

from functools import partial

import keras
import numpy as np
import pytest
import torch

from tests.unit.losses.cases import CASES
from torchkeras import losses

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
CLOSE = {"rtol": 2e-5, "atol": 2e-6}
ELEMENTWISE = [name for name, case in CASES.items() if case.cls not in ("Dice", "Tversky")]


def value_and_gradient(loss, case, **call):
    y_pred = case.leaf()
    value = loss(torch.tensor(case.y_true), y_pred, **call)
    if not case.keras_has_gradient:
        return (value.detach(),)
    value.sum().backward()
    return value.detach(), y_pred.grad


def assert_equal(ours, theirs):
    for our, their in zip(ours, theirs, strict=True):
        assert our.shape == their.shape
        assert our.dtype == their.dtype
        torch.testing.assert_close(our.as_subclass(torch.Tensor), their, **CLOSE)


def pair_of(case, **arguments):
    arguments = {**case.arguments, **arguments}
    return [getattr(module, case.cls)(**arguments) for module in (losses, keras.losses)]


@pytest.mark.parametrize("name", CASES)
def test_function_gives_keras_losses_and_gradients(name):
    case = CASES[name]
    functions = (partial(getattr(m, case.fn), **case.arguments) for m in (losses, keras.losses))
    ours, theirs = (value_and_gradient(function, case) for function in functions)
    assert_equal(ours, theirs)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", CASES)
def test_class_gives_keras_loss_and_gradient(name, reduction):
    case = CASES[name]
    ours, theirs = (value_and_gradient(x, case) for x in pair_of(case, reduction=reduction))
    assert_equal(ours, theirs)


def weights_for(case, kind):
    """Return weights, and for Keras, which does not broadcast them where there is a mask."""
    values = pair_of(case, reduction="none")[0](case.y_true, case.y_pred)
    rng = np.random.default_rng(3)
    shape = {
        "scalar": (),
        "samples": (values.shape[0], *[1] * (values.ndim - 1)),
        "full": tuple(values.shape),
        "last axis": (*values.shape, 1),
    }[kind]
    weights = rng.uniform(0.0, 2.0, shape).astype("float32")
    masked = case.cls == "Circle" or "ignore_class" in case.arguments
    if masked and kind in ("scalar", "samples"):
        return weights, np.broadcast_to(weights, values.shape).copy()
    return weights, weights


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("kind", ["scalar", "samples", "full", "last axis"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_weighted_loss_is_keras(name, kind, reduction):
    case = CASES[name]
    pairs = zip(pair_of(case, reduction=reduction), weights_for(case, kind), strict=True)
    ours, theirs = (value_and_gradient(loss, case, sample_weight=w) for loss, w in pairs)
    assert_equal(ours, theirs)


@pytest.mark.parametrize(
    "weight", [[1.0, 0.0, 2.0], np.zeros(3), 0.5, [[1], [2], [3]], [True, False, True]]
)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_may_be_lists_zeros_and_numbers(weight, reduction):
    y_true, y_pred = np.zeros((3, 2)), np.arange(6.0).reshape(3, 2)
    ours, theirs = (
        module.MeanSquaredError(reduction=reduction)(y_true, y_pred, sample_weight=weight)
        for module in (losses, keras.losses)
    )
    torch.testing.assert_close(ours, theirs)


SHAPES = [
    ((3,), (3,)), ((3,), (3, 1)), ((3, 1), (3,)), ((3, 4), (3, 4, 1)), ((3, 4, 1), (3, 4)),
    ((3, 1), (3, 4)), ((3, 4), (1, 4)), ((), ()), ((1,), ()), ((0,), (0,)), ((0, 3), (0, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("true_shape", "pred_shape"), SHAPES)
@pytest.mark.parametrize("cls", ["MeanSquaredError", "MeanAbsoluteError", "Huber"])
def test_shapes_are_brought_together_as_in_keras(cls, true_shape, pred_shape):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=true_shape), rng.normal(size=pred_shape)
    ours, theirs = (getattr(m, cls)()(y_true, y_pred) for m in (losses, keras.losses))
    torch.testing.assert_close(ours, theirs, equal_nan=True)


@pytest.mark.parametrize("true_shape", [(6,), (6, 1)])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32", "float64"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_class_numbers_of_any_dtype(from_logits, dtype, true_shape):
    y_true = CASES["scce"].y_true.reshape(true_shape).astype(dtype)
    y_pred = CASES["scce"].y_pred
    ours, theirs = (
        m.SparseCategoricalCrossentropy(from_logits=from_logits)(y_true, y_pred)
        for m in (losses, keras.losses)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("from_logits", [True, False])
def test_label_minus_100_loses_nothing_and_counts(from_logits):
    y_true, y_pred = np.array([1, -100, 0]), np.array([[0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])
    ours, theirs = (
        m.SparseCategoricalCrossentropy(from_logits=from_logits)(y_true, y_pred)
        for m in (losses, keras.losses)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
@pytest.mark.parametrize(
    "cls", ["MeanSquaredError", "BinaryCrossentropy", "CategoricalCrossentropy"]
)
def test_loss_is_computed_in_its_dtype(cls, dtype):
    case = CASES["cce"]
    ours, theirs = (
        getattr(m, cls)(dtype=dtype)(case.y_true, case.y_pred) for m in (losses, keras.losses)
    )
    assert ours.dtype == theirs.dtype
    torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_predictions_of_other_dtypes_are_made_float32(dtype):
    y_pred = torch.randn(4, 3).to(dtype)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)(
        torch.tensor([0, 1, 2, 0]), y_pred
    )
    assert loss.dtype == torch.float32


@pytest.mark.parametrize("name", ["bce", "cce", "scce", "kl", "poisson", "msle"])
@pytest.mark.parametrize("y_pred", [0.0, 1.0])
def test_certain_predictions_are_clipped_as_in_keras(name, y_pred):
    case = CASES[name]
    predictions = torch.full(case.shape, y_pred)
    predictions[:, 0] = 1.0 - y_pred
    ours, theirs = (
        getattr(m, case.cls)(reduction="none")(case.y_true, predictions)
        for m in (losses, keras.losses)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_nan_predictions_give_nan():
    loss = losses.BinaryCrossentropy()
    assert loss(torch.ones(2, 1), torch.full((2, 1), torch.nan)).isnan()


def test_zero_vector_has_a_cosine_and_a_gradient_of_zero():
    y_pred = torch.zeros(1, 3, requires_grad=True)
    losses.CosineSimilarity()(torch.ones(1, 3), y_pred).backward()
    assert y_pred.grad.isfinite().all()


@pytest.mark.parametrize("name", ["mse", "cce logits", "scce", "bce", "huber", "dice"])
def test_arrays_lists_and_tensors_give_the_same(name):
    case = CASES[name]
    loss = getattr(losses, case.cls)(**case.arguments)
    y_true, y_pred = case.y_true, case.y_pred
    expected = loss(torch.tensor(y_true), torch.tensor(y_pred))
    torch.testing.assert_close(loss(y_true, y_pred), expected)
    torch.testing.assert_close(loss(y_true.tolist(), y_pred.tolist()), expected)
    function = getattr(losses, case.fn)
    values = function(y_true.tolist(), y_pred.tolist(), **case.arguments)
    torch.testing.assert_close(values.mean(), expected)


def test_function_keeps_the_dtype_of_arrays():
    assert losses.mean_squared_error(np.zeros((2, 3)), np.ones((2, 3))).dtype == torch.float64
    assert losses.mean_squared_error([[0.0]], [[1.0]]).dtype == torch.float32
    assert losses.mean_squared_error([[0]], [[1]]).dtype == torch.float32


def test_gradient_reaches_the_targets():
    y_true = torch.rand(3, 4, requires_grad=True)
    for name in ("mse", "cce logits", "bce", "bce logits", "kl"):
        case = CASES[name]
        loss = getattr(losses, case.cls)(**case.arguments)
        (gradient,) = torch.autograd.grad(loss(y_true, torch.rand(3, 4)), y_true)
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("dims", [(0, 1, 2, 3), (0, 3, 1, 2), (3, 2, 1, 0), (1, 0, 2, 3)])
def test_predictions_may_lie_in_memory_in_any_order(dims, from_logits):
    stored = torch.rand(4, 4, 4, 4, requires_grad=True)
    y_true = torch.randint(0, 4, (4, 4, 4))
    gradients = []
    for order in (lambda x: x.permute(dims), lambda x: x.permute(dims).reshape(-1, 4)):
        y_pred = order(stored)
        loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
        value = loss(y_true.reshape(y_pred.shape[:-1]), y_pred)
        gradients.append(torch.autograd.grad(value, stored)[0])
    torch.testing.assert_close(*gradients)


def test_float64_loss_stays_float64():
    loss = losses.MeanSquaredError(dtype="float64")
    assert loss(np.zeros(3), np.ones(3)).dtype == torch.float64
