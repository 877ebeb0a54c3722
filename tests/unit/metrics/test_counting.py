"""AUC, precision, recall, F scores and IoU: weights, corner cases, errors, and in `fit`."""

import json

import keras
import numpy as np
import pytest
import torch

from tests.unit.metrics.cases import COUNTING
from torchkeras import Input, Sequential, layers, metrics

CLOSE = {"rtol": 1e-5, "atol": 1e-4}  # Keras takes weighted sums from others, and leaves rests
MODULES = (metrics, keras.metrics)
CORRELATIONS = ("PearsonCorrelation", "ConcordanceCorrelation")
INTEGERS = {
    n for n, case in COUNTING.items() if "IoU" in case.cls and "dtype" not in case.arguments
}


def pair_of(cls, *args, **kwargs):
    return [getattr(module, cls)(*args, **kwargs) for module in MODULES]


def update(pair, *batch, sample_weight=None):
    for metric in pair:
        metric.update_state(*map(torch.tensor, batch), sample_weight=sample_weight)


def assert_equal(pair):
    ours, theirs = pair
    torch.testing.assert_close(ours.result(), theirs.result(), **CLOSE)
    for mine, oracle in zip(ours.variables, theirs.variables, strict=True):
        torch.testing.assert_close(mine.value, oracle.value.data, **CLOSE)


@pytest.mark.parametrize("kind", ["samples", "full"])
@pytest.mark.parametrize("name", [n for n, c in COUNTING.items() if c.cls not in CORRELATIONS])
def test_weighted_result(name, kind):
    case = COUNTING[name]
    if "class_id" in case.arguments and kind == "full":
        pytest.skip("there is one class")
    if "FBeta" in case.cls or "F1" in case.cls:
        kind = "samples"
    pair = pair_of(case.cls, **case.arguments)
    rng = np.random.default_rng(3)
    for y_true, y_pred in case.batches():
        shape = y_pred.shape if kind == "full" else y_pred.shape[:-1] or y_pred.shape
        if "IoU" in case.cls:
            shape = y_true.shape[: -1 if case.targets.__name__ == "one_hot" else None]
        weight = torch.tensor(rng.uniform(0, 3, shape).astype("f"))
        update(pair, y_true, y_pred, sample_weight=weight.int() if name in INTEGERS else weight)
    assert_equal(pair)


@pytest.mark.parametrize("weight", [2.0, [1.0] * 4, [[1.0], [2.0], [0.0], [3.0]], np.eye(4)])
@pytest.mark.parametrize("cls", ["AUC", "Precision", "FalseNegatives"])
def test_shapes_of_weights(cls, weight):
    pair = pair_of(cls)
    shape = (4, 4) if np.ndim(weight) == 2 and np.shape(weight)[1] == 4 else (4, 1)
    y_true, y_pred = np.random.default_rng(0).uniform(size=(2, *shape)).round(1)
    update(pair, y_true > 0.5, y_pred, sample_weight=weight)
    assert_equal(pair)


@pytest.mark.parametrize("true_shape", [(4,), (4, 1)])
@pytest.mark.parametrize("pred_shape", [(4,), (4, 1)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cls", ["AUC", "Recall", "TruePositives"])
def test_a_column_is_a_row(cls, true_shape, pred_shape, weighted):
    pair = pair_of(cls)
    y_true, y_pred = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.6])
    weight = np.array([1.0, 2.0, 3.0, 4.0]) if weighted else None
    update(pair, y_true.reshape(true_shape), y_pred.reshape(pred_shape), sample_weight=weight)
    assert_equal(pair)


EXTREMES = np.array([-np.inf, -1.0, 0.0, 1e-9, 0.25, 0.5, 1.0 - 1e-7, 1.0, 2.0, np.inf])


@pytest.mark.parametrize("thresholds", [None, [0.25, 0.5, 0.75], [0.0, 1.0], [0.5, 0.1]])
@pytest.mark.parametrize("label", [0, 1])
def test_predictions_outside_of_0_to_1(thresholds, label):
    for cls in ("AUC", "Precision"):
        pair = pair_of(cls, thresholds=thresholds)
        update(pair, np.full(len(EXTREMES), label), EXTREMES)
        assert_equal(pair)


@pytest.mark.parametrize("thresholds", [None, [0.5, 0.1, 0.1], [0, 0.25, 0.5, 0.75, 1]])
def test_nan_is_above_no_threshold(thresholds):
    metric = metrics.Recall(thresholds=thresholds)
    metric.update_state([1, 1], [np.nan, 1.0])
    count = len(metric.thresholds)
    above = [0.0 if t == 1 else 1.0 for t in metric.thresholds]
    assert metric.true_positives.value.tolist() == above
    assert metric.false_negatives.value.tolist() == [2.0 - value for value in above]
    assert len(metric.false_negatives.value) == count
    auc = metrics.AUC()
    auc.update_state([1], [np.nan])
    assert auc.true_positives.value.sum() == 0.0


@pytest.mark.parametrize("num_thresholds", [2, 3, 7, 200, 1000])
def test_rounding_at_thresholds_is_that_of_keras(num_thresholds):
    pair = pair_of("AUC", num_thresholds)
    y_pred = np.arange(num_thresholds, dtype="float32") / np.float32(num_thresholds - 1)
    update(pair, np.arange(num_thresholds) % 2, y_pred)
    assert_equal(pair)


@pytest.mark.parametrize("curve", ["pr", "roc", "prgain"])
def test_names_in_small_letters(curve):
    pair = pair_of("AUC", curve=curve, summation_method="Majoring")
    update(pair, np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.6]))
    assert_equal(pair)
    configs = [{**metric.get_config(), "name": "auc"} for metric in pair]
    assert configs[0] == configs[1]


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
def test_one_kind_of_label(curve, label):
    pair = pair_of("AUC", curve=curve)
    update(pair, np.full(4, label), np.array([0.2, 0.7, 0.4, 0.6]))
    assert_equal(pair)


def test_auc_approaches_the_true_area():
    rng = np.random.default_rng(0)
    y_true = rng.uniform(size=500) > 0.5
    y_pred = np.clip(0.3 * y_true + rng.uniform(0, 0.7, 500), 0, 1)
    pairs = y_pred[y_true][:, None] - y_pred[~y_true]
    exact = (pairs > 0).mean()
    assert metrics.AUC(num_thresholds=2000)(y_true, y_pred).item() == pytest.approx(exact, abs=1e-3)


def test_memory_does_not_grow_with_the_thresholds():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        size = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            for tensor in out if isinstance(out, (list, tuple)) else [out]:
                if isinstance(tensor, torch.Tensor):
                    self.size = max(self.size, tensor.numel())
            return out

    for metric in (metrics.AUC(1000), metrics.Precision(list(np.linspace(0.01, 0.9, 1000)))):
        with Largest() as seen:
            metric.update_state(torch.ones(5000), torch.rand(5000))
        assert seen.size <= 5000


@pytest.mark.parametrize("name", COUNTING)
def test_reset_begins_anew(name):
    case = COUNTING[name]
    metric, expected = (getattr(metrics, case.cls)(**case.arguments) for _ in range(2))
    first, second, _ = case.batches()
    metric.update_state(*first)
    metric.reset_state()
    assert all((variable.value == 0).all() for variable in metric.variables)
    metric.update_state(*second)
    expected.update_state(*second)
    torch.testing.assert_close(metric.result(), expected.result(), equal_nan=True)


@pytest.mark.parametrize("cls", ["AUC", "FBetaScore"])
def test_nothing_yet_is_zero(cls):
    metric = metrics.AUC(multi_label=True) if cls == "AUC" else metrics.FBetaScore()
    assert metric.result().item() == 0.0
    metric.reset_state()


def test_config_keeps_weights_of_labels_as_a_list():
    metric = metrics.AUC(multi_label=True, label_weights=np.array([1.0, 2.0]))
    assert metric.get_config()["label_weights"] == [1.0, 2.0]
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.get_config() == metric.get_config()


def test_iou_over_an_axis_of_classes_in_front():
    images = np.random.default_rng(0).uniform(size=(2, 3, 4, 4)).astype("float32")
    numbers = images.argmax(1)
    first = metrics.MeanIoU(3, sparse_y_pred=False, axis=1)
    last = metrics.MeanIoU(3, sparse_y_pred=False)
    found = first(np.roll(numbers, 1), images)
    assert found == last(np.roll(numbers, 1), np.moveaxis(images, 1, -1))


def test_fractions_of_weights_are_cut_off_with_a_warning():
    for module in MODULES:
        metric = module.MeanIoU(2)
        with pytest.warns(UserWarning, match="weight"):
            metric.update_state([0, 1], [0, 1], sample_weight=torch.tensor([0.5, 2.5]))
        assert float(metric.result()) == pytest.approx(1.0)
        assert np.asarray(metric.total_cm.value.detach()).tolist() == [[0, 0], [0, 2]]


ERRORS = {
    "threshold": (lambda: metrics.Precision(thresholds=[0.5, 1.5]), "must be a number from 0 to 1"),
    "no threshold": (lambda: metrics.Recall(thresholds=[]), "`thresholds` must be a number"),
    "auc threshold": (lambda: metrics.AUC(thresholds=[2.0]), "`thresholds` must be numbers"),
    "few thresholds": (lambda: metrics.AUC(num_thresholds=1), "must be an integer above 1"),
    "curve": (lambda: metrics.AUC(curve="RC"), "`curve` must be one of.*Did you mean 'ROC'"),
    "method": (lambda: metrics.AUC(summation_method="minor"), "`summation_method` must be one of"),
    "labels": (lambda: metrics.AUC(num_labels=3), "where `multi_label` is True"),
    "rank": (
        lambda: metrics.AUC(multi_label=True)([1.0], [0.5]), r"axes \(batch, labels\)"
    ),
    "rate": (lambda: metrics.PrecisionAtRecall(1.5), "`recall` must be a number from 0 to 1"),
    "number": (lambda: metrics.RecallAtPrecision(0.5, 0), "`num_thresholds` must be a positive"),
    "shapes": (lambda: metrics.Recall()([1, 0, 1], [[0.1, 0.2]]), "must have the same shape"),
    "weights": (
        lambda: metrics.Recall()([1, 0], [0.1, 0.2], [1.0, 2.0, 3.0]), "`sample_weight` must be one"
    ),
    "class": (lambda: metrics.Recall(class_id=3)([[1, 0]], [[0.1, 0.2]]), "class_id=3"),
    "class of a row": (lambda: metrics.Recall(class_id=0)([1, 0], [0.1, 0.2]), "two axes or more"),
    "top k": (lambda: metrics.Recall(top_k=3)([[1, 0]], [[0.1, 0.2]]), "top_k=3"),
    "average": (lambda: metrics.F1Score(average="mean"), "`average` must be one of"),
    "beta": (lambda: metrics.FBetaScore(beta=2), "`beta` must be a float"),
    "f threshold": (lambda: metrics.F1Score(threshold=0.0), "`threshold` must be a float above 0"),
    "f rank": (lambda: metrics.F1Score()([1, 0], [0.1, 0.2]), r"the shape \(batch, classes\)"),
    "target": (lambda: metrics.IoU(2, [2]), "`target_class_ids` must be numbers from 0 to 1"),
    "positions": (lambda: metrics.MeanIoU(2)([1, 0], [1]), "a class for the same positions"),
    "iou weights": (lambda: metrics.MeanIoU(2)([1, 0], [1, 0], [1, 2, 3]), "3 weights for 2"),
}  # fmt: skip


@pytest.mark.parametrize("row", ERRORS)
def test_errors_name_argument_and_value(row):
    wrong, message = ERRORS[row]
    with pytest.raises(ValueError, match=message):
        wrong()


# In `fit`

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = (X[:, :1] + X[:, 1:2] > 0).astype("float32")
GIVEN = ["AUC", "Precision", "recall", "recall", "binary_io_u"]


def compiled(module, given):
    keras.utils.set_random_seed(0)
    model = module.Sequential([module.Input((4,)), module.layers.Dense(1, "sigmoid")])
    model.set_weights([np.full((4, 1), 0.1, "float32"), np.zeros(1, "float32")])
    model.compile(module.optimizers.SGD(0.5), "binary_crossentropy", metrics=given)
    return model


def test_by_name_in_fit():
    import torchkeras

    histories = [
        compiled(module, GIVEN).fit(X, Y, epochs=2, batch_size=16, shuffle=False, verbose=0).history
        for module in (torchkeras, keras)
    ]
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-4, err_msg=name)


def test_objects_in_fit_and_configs():
    import torchkeras

    given = [metrics.AUC(curve="PR", name="area"), metrics.PrecisionAtRecall(0.5)]
    model = compiled(torchkeras, given)
    found = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert not [key for key in model.state_dict() if "positives" in key]
    again = torchkeras.models.clone_model(model)
    again.set_weights(model.get_weights())
    again.compile_from_config(model.get_compile_config())
    assert again.evaluate(X, Y, verbose=0, return_dict=True) == found


def test_scores_of_classes_in_fit():
    model = Sequential([Input((4,)), layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["f1_score"])
    y = np.eye(3, dtype="float32")[np.arange(40) % 3]
    history = model.fit(X, y, epochs=1, verbose=0).history
    assert np.shape(history["f1_score"]) == (1, 3)
