"""Whole runs of `fit` give Keras's numbers, shuffled as Keras shuffles."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.training.twins import (
    LABELS,
    ONE_HOT,
    TARGETS,
    WEIGHTS,
    X,
    assert_same_run,
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


def test_sample_weights() -> None:
    models = twins(
        mlp(1), optimizer="adam", loss="mse", metrics=["mae"], weighted_metrics=["mae", "mse"]
    )
    validation = (X[:20], TARGETS[:20], WEIGHTS[:20])
    assert_same_run(models, X, TARGETS, sample_weight=WEIGHTS, epochs=3, validation_data=validation)


def test_class_weights() -> None:
    models = twins(
        mlp(3, "softmax"),
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    assert_same_run(models, X, LABELS, class_weight={0: 0.5, 2: 3.0}, epochs=3)


def test_regularizers_count_in_the_loss() -> None:
    build = mlp(1, kernel_regularizer="l2", activity_regularizer="l1", bias_regularizer="l1")
    models = twins(build, optimizer="sgd", loss="mse")
    assert_same_run(models, X, TARGETS, epochs=3, batch_size=16, validation_split=0.2)


def two_outputs(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((6,), name="features")
    hidden = layers.Dense(8, activation="tanh")(inputs)
    number = layers.Dense(1, name="number")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(hidden)
    return package.Model(inputs, [number, kind])


def two_named_outputs(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((6,), name="features")
    hidden = layers.Dense(8, activation="tanh")(inputs)
    outputs = {"b": layers.Dense(1)(hidden), "a": layers.Dense(3, activation="softmax")(hidden)}
    return package.Model({"features": inputs}, outputs)


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


def test_two_outputs_with_weights_for_each() -> None:
    models = twins(
        two_outputs, optimizer="adam", loss=["mse", CROSSENTROPY], weighted_metrics=["mae", "acc"]
    )
    weights = [WEIGHTS, 1 - WEIGHTS]
    assert_same_run(models, X, [TARGETS, LABELS], sample_weight=weights, epochs=2)


def test_dictionaries_of_inputs_and_outputs() -> None:
    models = twins(
        two_named_outputs,
        optimizer="adam",
        loss={"a": CROSSENTROPY, "b": "mse"},
        metrics={"a": ["accuracy"], "b": ["mae"]},
    )
    x, y = {"features": X}, {"a": LABELS, "b": TARGETS}
    assert_same_run(models, x, y, epochs=2, validation_data=(x, y))


def test_frozen_layers_stay() -> None:
    models = twins(mlp(1), optimizer="adam", loss="mse")
    for model in models:
        model.layers[0].trainable = False
        model.compile("adam", "mse")
    assert_same_run(models, X, TARGETS, epochs=2)


def test_steps_per_epoch_go_round_the_data() -> None:
    models = twins(mlp(1), optimizer="adam", loss="mse")
    assert_same_run(models, X, TARGETS, epochs=4, batch_size=7, steps_per_epoch=5, shuffle=False)


def test_initial_epoch_and_validation_frequency() -> None:
    models = twins(mlp(1), optimizer="adam", loss="mse")
    assert_same_run(
        models, X, TARGETS, initial_epoch=2, epochs=6, validation_split=0.3, validation_freq=[3, 6]
    )


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


def convnet(package: Any) -> Any:
    layers = package.layers
    return package.Sequential(
        [
            package.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, kernel_regularizer="l2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )


def test_convnet_with_batch_normalization() -> None:
    models = twins(convnet, optimizer="sgd", loss="mse", metrics=["accuracy"])
    images = np.random.default_rng(0).random((40, 8, 8, 1)).astype("float32")
    assert_same_run(models, images, ONE_HOT[:40], epochs=3, batch_size=16, validation_split=0.25)


def test_evaluate_and_predict_equal_keras() -> None:
    models = twins(
        two_outputs, optimizer="adam", loss=["mse", CROSSENTROPY], metrics=[["mae"], ["acc"]]
    )
    y = [TARGETS, LABELS]
    found, expected = (model.evaluate(X, y, verbose=0) for model in models)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    named, expected = (model.evaluate(X, y, verbose=0, return_dict=True) for model in models)
    assert list(named) == list(expected)
    for a, b in zip(*(model.predict(X, verbose=0) for model in models), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_single_batches_equal_keras() -> None:
    ours, theirs = twins(mlp(1), optimizer="adam", loss="mse", metrics=["mae"])
    for _ in range(3):
        found, expected = ours.train_on_batch(X, TARGETS), theirs.train_on_batch(X, TARGETS)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(
        ours.test_on_batch(X, TARGETS, sample_weight=WEIGHTS),
        theirs.test_on_batch(X, TARGETS, sample_weight=WEIGHTS),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        ours.predict_on_batch(X), theirs.predict_on_batch(X), rtol=1e-5, atol=1e-6
    )
    with_classes = {"class_weight": {0: 2.0}, "return_dict": True}
    assert list(ours.train_on_batch(X, TARGETS, **with_classes)) == ["loss", "mae"]


TOKENS = np.random.default_rng(3).integers(0, 6, (40, 5))
TOKENS[:, 0] = 1 + TOKENS[:, 0] % 5  # no row is all mask


def tagger(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    embedded = layers.Embedding(6, 4, mask_zero=True)(inputs)
    return package.Model(inputs, layers.Dense(3, activation="softmax")(embedded))


def pooled(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    embedded = layers.Embedding(6, 4, mask_zero=True)(inputs)
    return package.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(embedded)))


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


def test_masks_reach_poolings() -> None:
    models = twins(pooled, optimizer="adam", loss="mse")
    assert_same_run(models, TOKENS, TARGETS[:40], epochs=3, batch_size=16)


def subclassed(package: Any) -> Any:
    class Small(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = package.layers.Dense(8, activation="relu")
            self.last = package.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.last(self.hidden(inputs))

    model = Small()
    model(package.ops.zeros((1, 6)))
    return model


def test_a_subclassed_model() -> None:
    models = twins(subclassed, optimizer="adam", loss="mse", metrics=["mae"])
    assert_same_run(models, X, TARGETS, epochs=3, validation_split=0.2)
