"""Metrics of torchmetrics in `compile` give torchmetrics's numbers."""

import functools
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import Input, Model, Sequential, layers, metrics
from torchkeras._state.masked import with_mask
from torchkeras.metrics import TorchMetric

torchmetrics = pytest.importorskip(
    "torchmetrics", reason="torchmetrics is optional: `pip install torchmetrics`"
)

RNG = np.random.default_rng(2)
X = RNG.normal(size=(30, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 30)
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
TARGETS = RNG.normal(size=(30, 1)).astype("float32")
accuracy = functools.partial(torchmetrics.classification.MulticlassAccuracy, 3)


def classifier(*given: Any, **compiled: Any) -> Any:
    model = Sequential([Input((4,)), layers.Dense(3, "softmax")])
    loss = compiled.pop("loss", "sparse_categorical_crossentropy")
    model.compile("sgd", loss, metrics=list(given), **compiled)
    return model


def regression(*given: Any, **compiled: Any) -> Any:
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=list(given), **compiled)
    return model


def test_fit_and_evaluate_show_it() -> None:
    model = classifier(accuracy(average="micro"), "accuracy")
    history = model.fit(X, LABELS, epochs=2, validation_split=0.2, verbose=0).history
    assert list(history) == [
        *("accuracy", "loss", "multiclass_accuracy"),
        *("val_accuracy", "val_loss", "val_multiclass_accuracy"),
    ]
    for name in ("", "val_"):
        found, expected = history[f"{name}multiclass_accuracy"], history[f"{name}accuracy"]
        assert found == pytest.approx(expected)
    _, torch_accuracy, ours = model.evaluate(X, LABELS, verbose=0)
    assert torch_accuracy == pytest.approx(ours)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("sparse_categorical_crossentropy", LABELS),
        ("sparse_categorical_crossentropy", LABELS[:, None]),
        ("sparse_categorical_crossentropy", LABELS.astype("float32")),
        ("categorical_crossentropy", ONE_HOT),
    ],
    ids=["numbers", "column", "floats", "one-hot"],
)
def test_targets_of_all_forms(loss: str, y: Any) -> None:
    model = classifier(accuracy(average="micro"), loss=loss)
    expected = (model.predict(X, verbose=0).argmax(-1) == LABELS).mean()
    assert model.evaluate(X, y, verbose=0)[1] == pytest.approx(expected)


@pytest.mark.parametrize("y", [TARGETS, TARGETS[:, 0]], ids=["column", "row"])
def test_regression(y: Any) -> None:
    model = regression(torchmetrics.MeanSquaredError(), torchmetrics.R2Score())
    found = model.evaluate(X, y, verbose=0, return_dict=True)
    assert found["mean_squared_error"] == pytest.approx(found["loss"], rel=1e-5)
    expected = 1 - found["loss"] / TARGETS.var()
    assert found["r2_score"] == pytest.approx(expected, rel=1e-4)


def test_binary() -> None:
    model = Sequential([Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=[torchmetrics.AUROC("binary"), "accuracy"])
    y = (LABELS > 0).astype("float32")
    for target in (y, y[:, None]):
        found = model.evaluate(X, target, verbose=0, return_dict=True)
        assert found["binary_auroc"] == pytest.approx(_auc(y, model.predict(X, verbose=0)[:, 0]))


def _auc(y: Any, score: Any) -> float:
    pairs = score[y == 1][:, None] - score[y == 0]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_a_collection_gives_each_result() -> None:
    collection = torchmetrics.MetricCollection(
        {"micro": accuracy(average="micro"), "macro": accuracy(average="macro")}
    )
    history = classifier(collection).fit(X, LABELS, epochs=2, verbose=0).history
    assert list(history) == ["loss", "macro", "micro"]


def test_a_class_is_made() -> None:
    found = regression(torchmetrics.MeanSquaredError).evaluate(X, TARGETS, verbose=0)
    assert found[1] == pytest.approx(found[0], rel=1e-5)


def test_classes_are_on_the_last_axis() -> None:
    output, target = torch.randn(2, 5, 3), torch.randint(0, 3, (2, 5))
    metric = TorchMetric(accuracy(average="micro"))
    assert metric(target, output) == (output.argmax(-1) == target).float().mean()


def test_a_mask_leaves_steps_out() -> None:
    output, target = torch.randn(2, 5, 3), torch.randint(0, 3, (2, 5))
    mask = torch.tensor([[True, True, False, False, False], [True] * 5])
    metric = TorchMetric(accuracy(average="micro"))
    found = metric(target, with_mask(output, mask))
    assert found == (output.argmax(-1) == target)[mask].float().mean()


def test_weights_reach_a_metric_that_takes_them() -> None:
    metric = TorchMetric(torchmetrics.RelativeSquaredError())
    with pytest.raises(ValueError, match=r"takes no sample weights.*in `metrics` in place of"):
        metric.update_state(TARGETS, TARGETS, np.ones(30, "float32"))

    class Weighted(torchmetrics.Metric):
        def __init__(self) -> None:
            super().__init__()
            self.add_state("total", torch.tensor(0.0))

        def update(self, preds: Tensor, target: Tensor, weight: Tensor) -> None:
            self.total += weight.sum()

        def compute(self) -> Tensor:
            return self.total

    model = regression(weighted_metrics=[Weighted()])
    weights = np.arange(30, dtype="float32")
    found = model.evaluate(X, TARGETS, sample_weight=weights, verbose=0, return_dict=True)
    assert found["weighted"] == weights.sum()


def test_metrics_of_outputs() -> None:
    inputs = Input((4,))
    outputs = [layers.Dense(3, "softmax", name="a")(inputs), layers.Dense(1, name="b")(inputs)]
    model = Model(inputs, outputs)
    model.compile(
        "sgd",
        ["sparse_categorical_crossentropy", "mse"],
        metrics={"a": [accuracy()], "b": [torchmetrics.MeanSquaredError()]},
    )
    found = model.evaluate(X, [LABELS, TARGETS], verbose=0, return_dict=True)
    assert found["b_mean_squared_error"] == pytest.approx(found["b_loss"], rel=1e-5)
    assert "a_multiclass_accuracy" in found


def test_before_the_first_batch_it_is_0() -> None:
    metric = TorchMetric(torchmetrics.MeanSquaredError())
    assert metric.result() == 0
    metric.update_state([1.0], [3.0])
    metric.reset_state()
    assert metric.result() == 0


@pytest.mark.parametrize(
    "given",
    [F.l1_loss, nn.L1Loss(), torchmetrics.functional.mean_absolute_error],
    ids=["function", "module", "torchmetrics"],
)
def test_functions_and_losses_of_torch_as_metrics(given: Any) -> None:
    found = regression(given, "mae").evaluate(X, TARGETS, verbose=0)
    assert found[1] == pytest.approx(found[2], rel=1e-5)


def test_a_loss_of_torch_as_weighted_metric() -> None:
    model = regression(weighted_metrics=[nn.L1Loss(), "mae"])
    weights = np.arange(30, dtype="float32")
    found = model.evaluate(X, TARGETS, sample_weight=weights, verbose=0)
    assert found[1] == pytest.approx(found[2], rel=1e-5)


def test_a_config_is_left_out_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"multiclass_accuracy.*cannot be written into a config"):
        assert classifier(TorchMetric(accuracy())).get_compile_config() == {}


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must have `update\(preds, target\)`"):
        TorchMetric(nn.Linear(1, 1))


def test_results_stay_on_the_device_until_they_are_read() -> None:
    metric = metrics.TorchMetric(torchmetrics.MeanSquaredError())
    assert isinstance(metric([1.0], [2.0]), Tensor)
