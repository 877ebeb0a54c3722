"""Whole runs of `fit` give Keras's numbers, shuffled as Keras shuffles."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.training.models import two_outputs
from tests.training.twins import (
    LABELS,
    ONE_HOT,
    TARGETS,
    WEIGHTS,
    X,
    assert_same_batches,
    assert_same_run,
    assert_same_values,
    mlp,
    twins,
)

# What Keras itself does beside a newer NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLASSES = {
    "sparse": (mlp(3, "softmax"), "sparse_categorical_crossentropy", LABELS),
    "sparse column": (mlp(3, "softmax"), "sparse_categorical_crossentropy", LABELS[:, None]),
    "one hot": (mlp(3, "softmax"), "categorical_crossentropy", ONE_HOT),
    "binary": (mlp(1, "sigmoid"), "binary_crossentropy", (LABELS > 0).astype("float32")),
    "by shape": (mlp(3, "softmax"), "crossentropy", LABELS),
}


@pytest.mark.parametrize("case", CLASSES)
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_fits_itself_to_the_shapes(case: str, name: str) -> None:
    build, loss, y = CLASSES[case]
    models = twins(build, optimizer="adam", loss=loss, metrics=[name])
    assert_same_run(models, X, y, epochs=3, batch_size=16, validation_split=0.3)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_regression(optimizer: str, shuffle: Any) -> None:
    models = twins(mlp(1), optimizer=optimizer, loss="mse", metrics=["mae", "mse"])
    assert_same_run(models, X, TARGETS, epochs=3, batch_size=16, shuffle=shuffle)


CROSSENTROPY = "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    "compiled",
    [
        {"loss": ["mse", CROSSENTROPY]},
        {"loss": ["mse", CROSSENTROPY], "loss_weights": [0.3, 2.0]},
        {"loss": {"kind": CROSSENTROPY, "number": "mse"}, "loss_weights": {"kind": 2, "number": 1}},
        {"loss": ["mse", CROSSENTROPY], "metrics": [["mae"], ["accuracy"]]},
        {"loss": ["mse", CROSSENTROPY], "metrics": {"kind": ["accuracy", "acc"]}},
        {
            "loss": ["mse", CROSSENTROPY],
            "metrics": ["mse", "accuracy"],
            "weighted_metrics": ["mse", None],
        },
    ],
)
def test_two_outputs(compiled: dict[str, Any]) -> None:
    models = twins(two_outputs, optimizer="adam", **compiled)
    assert_same_run(models, X, [TARGETS, LABELS], epochs=2, validation_split=0.3)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_an_output_without_a_loss() -> None:
    models = twins(two_outputs, optimizer="adam", loss=["mse", None])
    assert_same_run(models, X, [TARGETS, LABELS], epochs=2)


class Spread:
    """A metric that is neither a function nor of a package."""

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred).amax(-1)


def MyError(y_true: Any, y_pred: Any) -> Any:
    return (y_true - y_pred).square().mean(-1)


def test_functions_give_their_names() -> None:
    half = functools.partial(MyError)
    metrics = [MyError, Spread(), half, lambda y_true, y_pred: y_pred.sum(-1)]
    models = twins(mlp(1), optimizer="sgd", loss=MyError, metrics=metrics)
    assert_same_run(models, X, TARGETS, epochs=1)


def halve(package: Any) -> Any:
    return package.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.5)


def plateau(package: Any) -> Any:
    return package.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10.0)


def stop(package: Any) -> Any:
    return package.callbacks.EarlyStopping(monitor="val_loss", min_delta=10.0, patience=2)


@pytest.mark.parametrize("callback", [halve, plateau, stop])
def test_callbacks(callback: Callable[[Any], Any]) -> None:
    models = twins(mlp(1), optimizer="sgd", loss="mse")
    assert_same_run(
        models, X, TARGETS, epochs=6, batch_size=16, validation_split=0.3, callbacks=[callback]
    )


@pytest.mark.parametrize(
    "compiled",
    [
        {"loss": "mse"},
        {"loss": "mse", "metrics": []},
        {"loss": "mse", "metrics": ["mae", "mse"], "weighted_metrics": ["mae"]},
    ],
)
def test_single_batches(compiled: dict[str, Any]) -> None:
    models = twins(mlp(1), optimizer="adam", **compiled)
    for _ in range(2):
        assert_same_batches(models, X, TARGETS, WEIGHTS)


def test_single_batches_of_arrays_with_class_weights() -> None:
    pair = twins(mlp(3, "softmax"), optimizer="adam", loss=CROSSENTROPY, weighted_metrics=["acc"])
    weights = {0: 0.5, 1: 1.0, 2: 3.0}
    for options in ({}, {"class_weight": weights}, {"class_weight": weights, "return_dict": True}):
        found, expected = (model.train_on_batch(X, LABELS, **options) for model in pair)
        assert_same_values(found, expected, str(options))


def test_single_batches_of_two_outputs() -> None:
    metrics = [["mae"], ["acc"]]
    pair = twins(two_outputs, optimizer="adam", loss=["mse", CROSSENTROPY], metrics=metrics)
    y, weights = [TARGETS, LABELS], [WEIGHTS, 1 - WEIGHTS]
    for method in ("train_on_batch", "test_on_batch"):
        for options in ({}, {"sample_weight": weights, "return_dict": True}):
            found, expected = (getattr(model, method)(X, y, **options) for model in pair)
            assert_same_values(found, expected, method)


TOKENS = np.random.default_rng(3).integers(0, 6, (40, 5))
TOKENS[:, 0] = 1 + TOKENS[:, 0] % 5  # no row is all mask


def tagger(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    embedded = layers.Embedding(6, 4, mask_zero=True)(inputs)
    return package.Model(inputs, layers.Dense(3, activation="softmax")(embedded))


@pytest.mark.parametrize("weighted", [False, True])
def test_masks_reach_losses_and_metrics(weighted: bool) -> None:
    tags = np.random.default_rng(4).integers(0, 3, (40, 5))
    models = twins(
        tagger,
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        # Keras on torch multiplies the mask into the weights in place, before metrics see them.
        weighted_metrics=None if weighted else ["accuracy"],
    )
    weights = np.random.default_rng(5).random((40, 5)).astype("float32") if weighted else None
    assert_same_run(models, TOKENS, tags, sample_weight=weights, epochs=3, batch_size=16)


def test_masks_leave_sample_weights_as_they_are() -> None:
    """Keras on torch multiplies the mask and a factor into them before metrics see them."""
    tags = np.random.default_rng(4).integers(0, 3, (40, 5))
    weights = np.random.default_rng(5).random((40, 5)).astype("float32")
    pair = twins(tagger, optimizer=None, loss=CROSSENTROPY, weighted_metrics=["accuracy"])
    options = {"sample_weight": weights, "batch_size": 16, "verbose": 0, "return_dict": True}
    ours, theirs = (model.evaluate(TOKENS, tags, **options)["accuracy"] for model in pair)
    counted = weights * (TOKENS != 0)
    right = pair[0].predict(TOKENS, verbose=0).argmax(-1) == tags
    expected = (counted * right).sum() / counted.sum()
    assert ours == pytest.approx(expected, rel=1e-5)
    assert theirs != pytest.approx(expected, rel=1e-4)
