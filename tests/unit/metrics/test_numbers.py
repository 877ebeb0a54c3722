"""Metrics equal Keras's over several batches, with weights and masks."""

import keras
import numpy as np
import pytest
import torch
from keras.src.backend import set_keras_mask

from tests.unit.metrics.cases import ALL, CASES
from torchkeras import metrics
from torchkeras._state.masked import with_mask

CLOSE = {"rtol": 1e-5, "atol": 1e-6}
MODULES = (metrics, keras.metrics)


def pair_of(case):
    return [getattr(module, case.cls)(**case.arguments) for module in MODULES]


def tensors(*arrays):
    return [torch.tensor(array) for array in arrays]


@pytest.mark.parametrize("name", ALL)
def test_result_after_every_batch(name):
    case = ALL[name]
    ours, theirs = pair_of(case)
    for batch in case.batches():
        ours.update_state(*tensors(*batch))
        theirs.update_state(*tensors(*batch))
        torch.testing.assert_close(ours.result(), theirs.result(), **CLOSE)
    for our, their in zip(ours.variables, theirs.variables, strict=True):
        torch.testing.assert_close(our.value, their.value.data, **CLOSE)


def weights_like(batch, kind, case):
    rank = len(case.shape) if case.cls in ("Accuracy", "BinaryAccuracy") else len(case.shape) - 1
    shape = batch[1].shape[: 1 if kind == "samples" else rank]
    shape = (shape[0], 1) if kind == "column" else shape
    return np.random.default_rng(5).uniform(0, 2, () if kind == "number" else shape).astype("f")


@pytest.mark.parametrize("kind", ["samples", "full", "column", "number"])
@pytest.mark.parametrize("name", [n for n in CASES if n not in ("scce ignore", "cosine axis")])
def test_weighted_result(name, kind):
    case = CASES[name]
    ours, theirs = pair_of(case)
    for batch in case.batches():
        weight = weights_like(batch, kind, case)
        ours.update_state(*tensors(*batch), sample_weight=weight)
        theirs.update_state(*tensors(*batch), sample_weight=weight)
    torch.testing.assert_close(ours.result(), theirs.result(), **CLOSE)


def test_ignored_class_leaves_the_mean_only_where_there_are_weights():
    case = CASES["scce ignore"]
    ours, theirs = pair_of(case)
    for batch in case.batches():
        weight = np.ones(batch[0].shape, "float32")
        ours.update_state(*tensors(*batch), sample_weight=weight)
        theirs.update_state(*tensors(*batch), sample_weight=weight)
    torch.testing.assert_close(ours.result(), theirs.result(), **CLOSE)


def masked(module, x, mask):
    if module is metrics:
        return with_mask(torch.tensor(x), mask)
    x = torch.tensor(x)
    set_keras_mask(x, mask)
    return x


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("name", [n for n, case in CASES.items() if len(case.shape) == 3])
def test_masked_result(name, weighted):
    case = CASES[name]
    if "axis" in case.arguments:
        pytest.skip("the mask of steps does not fit what is left")
    ours, theirs = pair_of(case)
    for y_true, y_pred in case.batches():
        mask = torch.tensor(np.random.default_rng(1).uniform(size=y_pred.shape[:2]) > 0.4)
        weight = np.random.default_rng(2).uniform(size=y_pred.shape[:2]) if weighted else None
        for module, metric in zip(MODULES, (ours, theirs), strict=True):
            metric.update_state(torch.tensor(y_true), masked(module, y_pred, mask), weight)
    torch.testing.assert_close(ours.result(), theirs.result(), **CLOSE)


@pytest.mark.parametrize("name", ALL)
def test_arrays_and_lists_are_taken(name):
    case = ALL[name]
    from_tensors, from_arrays, from_lists = (pair_of(case)[0] for _ in range(3))
    for y_true, y_pred in case.batches():
        from_tensors.update_state(*tensors(y_true, y_pred))
        from_arrays.update_state(y_true, y_pred)
        from_lists.update_state(y_true.tolist(), y_pred.tolist())
    torch.testing.assert_close(from_arrays.result(), from_tensors.result())
    torch.testing.assert_close(from_lists.result(), from_tensors.result())


VALUES = [
    (3.0, None), (3.0, 2.0), (2, 3), ([1, 3, 5, 7], None), ([1.0, 3.0, 5.0], [1, 0, 2]),
    (np.arange(6.0).reshape(2, 3), None), (np.arange(6.0).reshape(2, 3), [1.0, 2.0]),
    (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)),
    (np.arange(6.0).reshape(2, 3), [[1.0], [2.0]]), (np.arange(3.0), 2.0), ([[1.0], [2.0]], [3, 4]),
    (np.arange(24.0).reshape(2, 3, 4), np.arange(6.0).reshape(2, 3)), ([True, False, True], None),
    ([1.0, 2.0], [0.0, 0.0]), (np.zeros((0,)), None), (torch.tensor(4.0), 8), ([1.0], [1.0]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "weight"), VALUES)
@pytest.mark.parametrize("cls", ["Mean", "Sum"])
def test_mean_and_sum(cls, values, weight):
    ours, theirs = (getattr(module, cls)() for module in MODULES)
    for _ in range(2):
        ours.update_state(values, sample_weight=weight)
        theirs.update_state(values, sample_weight=weight)
    torch.testing.assert_close(ours.result(), theirs.result())


FUNCTIONS = {
    "binary_accuracy": "binary sequence",
    "categorical_accuracy": "categorical sequence",
    "sparse_categorical_accuracy": "sparse sequence",
    "top_k_categorical_accuracy": "top k sequence",
    "sparse_top_k_categorical_accuracy": "sparse top k sequence",
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function(function):
    case = CASES[FUNCTIONS[function]]
    for batch in case.batches():
        ours, theirs = (
            getattr(module, function)(*tensors(*batch), **case.arguments) for module in MODULES
        )
        torch.testing.assert_close(ours, theirs)


SPARSE_SHAPES = [
    ((4,), (4, 3)), ((4, 1), (4, 3)), ((4, 2), (4, 2, 3)), ((4, 2, 1), (4, 2, 3)),
    ((4, 1), (4, 1, 3)), ((4, 1, 1), (4, 1, 3)), ((), (3,)), ((1,), (3,)),
]  # fmt: skip


@pytest.mark.parametrize(("true_shape", "pred_shape"), SPARSE_SHAPES)
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float32"])
def test_sparse_shapes_and_dtypes(dtype, true_shape, pred_shape, rng):
    y_true = rng.integers(0, 3, true_shape).astype(dtype)
    y_pred = rng.normal(size=pred_shape).astype("float32")
    ours, theirs = (module.sparse_categorical_accuracy(y_true, y_pred) for module in MODULES)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_ties_count_as_in_the_top_k(k):
    y_true, y_pred = (
        np.array([0, 1, 2, 2]),
        np.array([[1.0, 1, 1], [2, 1, 1], [3, 2, 1], [0, 0, 0]]),
    )
    ours, theirs = (m.sparse_top_k_categorical_accuracy(y_true, y_pred, k=k) for m in MODULES)
    torch.testing.assert_close(ours, theirs)


def test_nan_is_never_in_the_top_k():
    y_pred = np.array([[np.nan, 1.0, 2.0], [np.nan, 3.0, 2.0]])
    ours, theirs = (m.sparse_top_k_categorical_accuracy([0, 1], y_pred, k=1) for m in MODULES)
    torch.testing.assert_close(ours, theirs)


def test_more_than_all_classes_are_always_in_the_top_k():
    assert metrics.sparse_top_k_categorical_accuracy([2], [[0.1, 0.2, 0.3]], k=5).tolist() == [1.0]


def test_class_numbers_are_exact_in_bfloat16():
    y_pred = torch.zeros(1, 300, dtype=torch.bfloat16)
    y_pred[0, 257] = 1.0
    assert metrics.sparse_categorical_accuracy(torch.tensor([256]), y_pred).item() == 0.0


def test_half_predictions_are_summed_in_float32():
    metric = metrics.MeanSquaredError()
    metric.update_state(torch.zeros(4, 3), torch.full((4, 3), 2.0, dtype=torch.float16))
    assert metric.result().dtype == torch.float32
    assert metric.result().item() == 4.0


SHAPE_ERRORS = {
    "sparse given one-hot": ("SparseCategoricalAccuracy", (4, 3), (4, 3)),
    "sparse batch": ("SparseCategoricalAccuracy", (5,), (4, 3)),
    "categorical given numbers": ("CategoricalAccuracy", (4,), (4, 3)),
    "binary": ("BinaryAccuracy", (4, 2), (4, 3)),
    "accuracy": ("Accuracy", (4, 2), (4, 3)),
    "top k": ("SparseTopKCategoricalAccuracy", (5,), (4, 3)),
    "regression": ("MeanSquaredError", (4, 2), (4, 3)),
    "root": ("RootMeanSquaredError", (4, 2), (4, 3)),
}


@pytest.mark.parametrize("row", SHAPE_ERRORS)
def test_wrong_shapes_name_both_arguments_and_both_shapes(row):
    cls, true_shape, pred_shape = SHAPE_ERRORS[row]
    with pytest.raises(ValueError, match=r"y_true.*y_pred") as error:
        getattr(metrics, cls)().update_state(torch.zeros(true_shape), torch.ones(pred_shape))
    assert str(true_shape) in str(error.value)
    assert str(pred_shape) in str(error.value)


def test_weights_of_a_wrong_shape_are_named():
    with pytest.raises(ValueError, match=r"`sample_weight`.*\(4,\).*\(3,\)"):
        metrics.Mean().update_state(np.ones(4), sample_weight=np.ones(3))


@pytest.mark.parametrize(("samples", "message"), [(2, "More independent"), (3, "Division by zero")])
def test_adjusted_score_of_too_few_samples_is_the_plain_one(samples, message):
    y_true, y_pred = np.arange(samples * 1.0)[:, None], np.ones((samples, 1))
    plain, adjusted = metrics.R2Score(), metrics.R2Score(num_regressors=2)
    plain.update_state(y_true, y_pred)
    adjusted.update_state(y_true, y_pred)
    with pytest.warns(UserWarning, match=message):
        torch.testing.assert_close(adjusted.result(), plain.result())
