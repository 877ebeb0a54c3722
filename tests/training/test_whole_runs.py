"""Whole runs equal Keras's: History, final weights, and what `evaluate` and `predict` say then.

Each row is a run from equal weights over the same batches, shuffled as Keras shuffles.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.training import models
from tests.training.twins import (
    LABELS,
    ONE_HOT,
    TARGETS,
    WEIGHTS,
    X,
    assert_same_run,
    assert_same_state,
    mlp,
    twins,
)

pytestmark = [
    # What Keras itself does beside a newer NumPy.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist"),
]

RNG = np.random.default_rng(11)
IMAGES = RNG.random((50, 8, 8, 2)).astype("float32")
SMALL_IMAGES = IMAGES[:, :6, :6]
SIGNALS = RNG.normal(size=(50, 12, 3)).astype("float32")
TOKENS = RNG.integers(1, 7, (70, 5))
TOKENS[np.arange(5)[None] >= RNG.integers(1, 6, 70)[:, None]] = 0
SENTENCES = (TOKENS[:40], TARGETS[:40])
LEFT_PADDED = TOKENS[:40, ::-1].copy()
TAGS = RNG.integers(0, 3, (70, 5))
BINARY = (LABELS > 0).astype("float32")
SPARSE = "sparse_categorical_crossentropy"
CATEGORICAL = "categorical_crossentropy"

Compile = dict[str, Any] | Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """One row: a model, how it is compiled, and what `fit` gets."""

    name: str
    build: Callable[[Any], Any]
    compiled: Compile
    data: tuple[Any, ...] = (X, TARGETS)
    fit: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `fit`, with more than one batch and a partial last one."""
        return {"epochs": 3, "batch_size": 16, **self.fit}


def mse(**more: Any) -> Compile:
    return {"optimizer": "adam", "loss": "mse", **more}


def classes(loss: str = SPARSE, **more: Any) -> Compile:
    return {"optimizer": "adam", "loss": loss, "metrics": ["accuracy"], **more}


def sgd(**options: Any) -> Compile:
    """Return a way to compile with an SGD of such options."""
    return lambda package: mse(optimizer=package.optimizers.SGD(0.1, **options))


def scheduled(make: Callable[[Any], Any]) -> Compile:
    """Return a way to compile with a schedule."""
    return lambda package: mse(optimizer=package.optimizers.SGD(make(package.optimizers.schedules)))


def measured(package: Any) -> dict[str, Any]:
    """Return metrics of every kind of aggregation."""
    metrics = package.metrics
    return classes(
        metrics=["accuracy", SPARSE, metrics.SparseTopKCategoricalAccuracy(2, name="top")],
        weighted_metrics=["acc", metrics.SparseCategoricalCrossentropy(name="nll")],
    )


def measured_binary(package: Any) -> dict[str, Any]:
    metrics = package.metrics
    return classes(
        "binary_crossentropy",
        metrics=["accuracy", metrics.BinaryCrossentropy(label_smoothing=0.1), metrics.Hinge()],
        weighted_metrics=[metrics.BinaryAccuracy(threshold=0.6), "mae"],
    )


NUMBER_AND_KIND = (X, [TARGETS, LABELS])
NAMED = ({"features": X}, {"a": LABELS, "b": TARGETS})
NESTED = ({"a": X, "b": [X, X[::-1].copy()]}, {"x": TARGETS, "y": [TARGETS, -TARGETS]})
VALIDATION = (X[:23], TARGETS[:23])

RUNS = [
    # Nets
    Run("MLP", mlp(1), mse(metrics=["mae", "mse"]), fit={"validation_split": 0.3}),
    Run("MLP of classes", mlp(3, "softmax"), classes(), (X, LABELS), {"validation_split": 0.3}),
    Run("convnet", models.convnet, classes(), (IMAGES, LABELS[:50]), {"validation_split": 0.2}),
    Run("convnet with SGD", models.convnet, classes(optimizer="sgd"), (IMAGES, LABELS[:50])),
    Run("1D convnet", models.signal_net, mse(), (SIGNALS, TARGETS[:50])),
    Run("residual net", models.residual_net, classes(CATEGORICAL), (SMALL_IMAGES, ONE_HOT[:50])),
    Run("LSTM", models.recurrent("LSTM"), mse(), SENTENCES, {"validation_split": 0.3}),
    Run("LSTM, left", models.recurrent("LSTM", backwards=True), mse(), (LEFT_PADDED, TARGETS[:40])),
    Run("GRU", models.recurrent("GRU"), mse(), SENTENCES, {"validation_split": 0.3}),
    Run("GRU, left", models.recurrent("GRU", backwards=True), mse(), (LEFT_PADDED, TARGETS[:40])),
    Run("SimpleRNN", models.recurrent("SimpleRNN"), mse(), SENTENCES),
    Run("tagger", models.tagger, classes(weighted_metrics=["acc"]), (TOKENS, TAGS)),
    # With Adam, what rounds differently in a gradient of zero (that of the key's bias, that of a
    # bias before a batch normalization) would count.
    Run(
        "transformer",
        models.transformer,
        mse(optimizer="sgd"),
        SENTENCES,
        {"validation_split": 0.3},
    ),
    Run(
        "decoder",
        models.decoder,
        mse(optimizer="sgd"),
        (TOKENS, RNG.random((70, 5, 7)).astype("float32")),
    ),
    Run("subclassed", models.subclassed, mse(metrics=["mae"]), fit={"validation_split": 0.2}),
    Run(
        "subclassed of parts",
        models.subclassed_of_parts,
        mse(loss={"a": "mse", "b": SPARSE}),
        ({"x": X}, {"a": TARGETS, "b": LABELS}),
    ),
    Run("nested", models.nested, mse(optimizer="sgd"), fit={"validation_split": 0.2}),
    Run("two towers", models.two_towers, mse(), ([X, X[::-1].copy()], TARGETS)),
    Run("named inputs", models.two_inputs, mse(), ({"numbers": X, "words": TOKENS}, TARGETS)),
    Run("no dropout", models.without_dropout, mse(), fit={"validation_split": 0.2}),
    # Losses, weights, metrics
    Run("two outputs", models.two_outputs, mse(loss=["mse", SPARSE]), NUMBER_AND_KIND),
    Run(
        "two outputs, a list of weights",
        models.two_outputs,
        classes(["mse", SPARSE], loss_weights=[0.3, 2.0], metrics=[["mae"], ["accuracy"]]),
        NUMBER_AND_KIND,
        {"validation_split": 0.3},
    ),
    Run(
        "two outputs, a dictionary of weights",
        models.two_outputs,
        classes(
            {"kind": SPARSE, "number": "mse"},
            loss_weights={"kind": 2, "number": 0.3},
            metrics={"kind": ["accuracy", "acc"]},
        ),
        NUMBER_AND_KIND,
    ),
    Run(
        "two outputs, weighted metrics",
        models.two_outputs,
        mse(loss=["mse", SPARSE], metrics=["mse", "accuracy"], weighted_metrics=[["mse"], ["acc"]]),
        NUMBER_AND_KIND,
        {"sample_weight": [WEIGHTS, 1 - WEIGHTS]},
    ),
    Run("named outputs", models.two_named_outputs, mse(loss={"a": SPARSE, "b": "mse"}), NAMED),
    Run(
        "named outputs, weights",
        models.two_named_outputs,
        mse(
            loss={"a": SPARSE, "b": "mse"},
            loss_weights={"a": 0.5, "b": 2.0},
            metrics={"a": ["accuracy"], "b": ["mae", "mse"]},
        ),
        NAMED,
        {"validation_data": NAMED, "sample_weight": {"a": WEIGHTS, "b": 1 - WEIGHTS}},
    ),
    Run(
        "one loss for three",
        models.three_outputs,
        mse(metrics=["mae", "mse", "mae"]),
        (X, [TARGETS] * 3),
    ),
    Run("nested structures", models.nested_structures, mse(), NESTED, {"validation_split": 0.3}),
    Run(
        "nested losses and metrics",
        models.nested_structures,
        mse(
            loss={"x": "mse", "y": ["mae", "mse"]},
            loss_weights={"x": 1.0, "y": [0.5, 2.0]},
            metrics={"x": ["mae"], "y": [["mae"], ["mse"]]},
        ),
        NESTED,
        {"sample_weight": {"x": WEIGHTS, "y": [WEIGHTS, 1 - WEIGHTS]}},
    ),
    Run(
        "targets by the names of outputs",
        models.three_outputs,
        mse(loss={"a": "mse", "b": None, "c": "mae"}, metrics={"c": ["mae", "mse"]}),
        (X, {"a": TARGETS, "b": TARGETS, "c": -TARGETS}),
    ),
    Run("sample weights", mlp(1), mse(weighted_metrics=["mae"]), fit={"sample_weight": WEIGHTS}),
    Run(
        "validation with sample weights",
        mlp(1),
        mse(metrics=["mae"], weighted_metrics=["mae", "mse"]),
        fit={"validation_data": (*VALIDATION, WEIGHTS[:23]), "validation_batch_size": 7},
    ),
    Run(
        "a split with sample weights",
        mlp(1),
        mse(weighted_metrics=["mae"]),
        fit={"validation_split": 0.3, "sample_weight": WEIGHTS},
    ),
    Run(
        "class weights",
        mlp(3, "softmax"),
        classes(weighted_metrics=["accuracy"]),
        (X, LABELS),
        {"class_weight": {0: 0.5, 1: 1.0, 2: 3.0}, "validation_split": 0.3},
    ),
    Run(
        "class weights of one-hot targets",
        mlp(3, "softmax"),
        classes(CATEGORICAL),
        (X, ONE_HOT),
        {"class_weight": {0: 0.5, 2: 3.0}},
    ),
    Run("many metrics", mlp(3, "softmax"), measured, (X, LABELS), {"sample_weight": WEIGHTS}),
    Run(
        "binary metrics",
        mlp(1, "sigmoid"),
        measured_binary,
        (X, BINARY[:, None]),
        {"validation_split": 0.3},
    ),
    # What is added to the loss
    Run("regularizers", models.regularized, mse(), fit={"validation_split": 0.2}),
    Run("added losses", models.adding_losses, mse(), fit={"validation_split": 0.2}),
    Run("only added losses", models.adding_losses, mse(loss=None), (X,)),
    # Updates
    Run("decay", mlp(1), scheduled(lambda s: s.ExponentialDecay(0.1, 3, 0.7, staircase=True))),
    Run("cosine", mlp(1), scheduled(lambda s: s.CosineDecay(0.1, 8, alpha=0.1))),
    Run(
        "warm-up",
        mlp(1),
        scheduled(lambda s: s.CosineDecay(0.01, 6, warmup_target=0.2, warmup_steps=4)),
    ),
    Run("pieces", mlp(1), scheduled(lambda s: s.PiecewiseConstantDecay([3, 7], [0.1, 0.05, 0.01]))),
    Run("clipnorm", mlp(1), sgd(clipnorm=0.1, momentum=0.9)),
    Run("clipvalue", mlp(1), sgd(clipvalue=0.02, nesterov=True, momentum=0.5)),
    Run("global_clipnorm", mlp(1), sgd(global_clipnorm=0.2)),
    Run("weight decay", mlp(1), sgd(weight_decay=0.1)),
    Run("moving average", mlp(1), sgd(use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4)),
    Run("accumulation", mlp(1), sgd(gradient_accumulation_steps=2)),
    Run("constraints", models.constrained, mse(), (SMALL_IMAGES, ONE_HOT[:50])),
    Run("frozen", models.frozen, mse(), (SMALL_IMAGES, ONE_HOT[:50]), {"validation_split": 0.2}),
    Run("frozen inner model", models.frozen_later, mse(), fit={"validation_split": 0.2}),
    # The course of the epochs
    Run("in order", mlp(1), mse(), fit={"shuffle": False}),
    Run("shuffled batches", mlp(1), mse(), fit={"shuffle": "batch"}),
    Run("one batch", mlp(1), mse(), fit={"batch_size": 100}),
    Run("batches of one", mlp(1), mse(), (X[:9], TARGETS[:9]), {"batch_size": 1}),
    Run("the last batch has one", mlp(1), mse(metrics=["mae"]), (X[:33], TARGETS[:33])),
    Run("every second", mlp(1), mse(), fit={"validation_data": VALIDATION, "validation_freq": 2}),
    Run(
        "at two epochs",
        mlp(1),
        mse(),
        fit={"validation_data": VALIDATION, "validation_freq": [1, 3]},
    ),
    Run("a later first epoch", mlp(1), mse(), fit={"initial_epoch": 2, "epochs": 5}),
]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name.replace(" ", "-"))
def test_whole_run(run: Run) -> None:
    how = run.compiled
    pair = twins(run.build, how if callable(how) else lambda package: how)
    assert_same_run(pair, *run.data, **run.arguments)
    assert_same_state(pair, *run.data)


def test_rows_have_names_of_their_own() -> None:
    assert len({run.name for run in RUNS}) == len(RUNS)
