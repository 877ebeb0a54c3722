"""The metrics as rows: class, arguments, and data that suit it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

CLASSES = 4


def probabilities(shape, rng):
    raw = rng.uniform(0.05, 1.0, shape)
    return (raw / raw.sum(-1, keepdims=True)).astype("float32")


def numbers(shape, rng):
    return rng.normal(size=shape).astype("float32")


def labels(shape, rng):
    return rng.integers(0, CLASSES, shape[:-1])


def one_hot(shape, rng):
    return np.eye(CLASSES, dtype="float32")[labels(shape, rng)]


def binary(shape, rng):
    return (rng.uniform(size=shape) > 0.5).astype("float32")


def whole(shape, rng):
    return rng.integers(0, 3, shape).astype("float32")


def sorted_ids(shape, rng):
    return np.argsort(rng.uniform(size=shape), -1)


@dataclass
class Case:
    """One metric with its arguments, and the kinds of its targets and predictions."""

    cls: str
    targets: Any
    predictions: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = (6, CLASSES)

    def batches(self, count=3):
        """Batches of targets and predictions, the same on every call."""
        rng = np.random.default_rng(7)
        shapes = [(self.shape[0] + i, *self.shape[1:]) for i in range(count)]
        return [(self.targets(s, rng), self.predictions(s, rng)) for s in shapes]


SEQUENCE = (2, 3, CLASSES)

CASES = {
    "accuracy": Case("Accuracy", whole, whole),
    "accuracy sequence": Case("Accuracy", whole, whole, shape=SEQUENCE),
    "binary": Case("BinaryAccuracy", binary, probabilities),
    "binary column": Case("BinaryAccuracy", binary, probabilities, {"threshold": 0.2}, (5, 1)),
    "binary sequence": Case("BinaryAccuracy", binary, probabilities, {"threshold": 0.3}, SEQUENCE),
    "categorical": Case("CategoricalAccuracy", one_hot, probabilities),
    "categorical sequence": Case("CategoricalAccuracy", one_hot, probabilities, shape=SEQUENCE),
    "sparse": Case("SparseCategoricalAccuracy", labels, probabilities),
    "sparse column": Case(
        "SparseCategoricalAccuracy", lambda s, r: labels(s, r)[..., None], probabilities
    ),
    "sparse sequence": Case("SparseCategoricalAccuracy", labels, probabilities, shape=SEQUENCE),
    "top k": Case("TopKCategoricalAccuracy", one_hot, probabilities, {"k": 2}),
    "top k sequence": Case("TopKCategoricalAccuracy", one_hot, probabilities, {"k": 3}, SEQUENCE),
    "sparse top k": Case("SparseTopKCategoricalAccuracy", labels, probabilities, {"k": 2}),
    "sparse top k sequence": Case(
        "SparseTopKCategoricalAccuracy", labels, probabilities, {"k": 2}, SEQUENCE
    ),
    "sorted top k": Case(
        "SparseTopKCategoricalAccuracy", labels, sorted_ids, {"k": 2, "from_sorted_ids": True}
    ),
    "sorted top k sequence": Case(
        "SparseTopKCategoricalAccuracy", labels, sorted_ids, {"k": 1, "from_sorted_ids": True},
        SEQUENCE,
    ),
    "mse": Case("MeanSquaredError", numbers, numbers),
    "mse sequence": Case("MeanSquaredError", numbers, numbers, shape=SEQUENCE),
    "rmse": Case("RootMeanSquaredError", numbers, numbers),
    "rmse sequence": Case("RootMeanSquaredError", numbers, numbers, shape=SEQUENCE),
    "mae": Case("MeanAbsoluteError", numbers, numbers),
    "mape": Case("MeanAbsolutePercentageError", numbers, numbers),
    "msle": Case("MeanSquaredLogarithmicError", numbers, numbers),
    "cosine": Case("CosineSimilarity", numbers, numbers),
    "cosine axis": Case("CosineSimilarity", numbers, numbers, {"axis": 1}, SEQUENCE),
    "log cosh": Case("LogCoshError", numbers, numbers),
    "r2": Case("R2Score", numbers, numbers),
    "r2 of each": Case("R2Score", numbers, numbers, {"class_aggregation": None}),
    "r2 adjusted": Case(
        "R2Score", numbers, numbers,
        {"class_aggregation": "variance_weighted_average", "num_regressors": 2},
    ),
    "kl": Case("KLDivergence", probabilities, probabilities),
    "poisson": Case("Poisson", whole, probabilities),
    "hinge": Case("Hinge", binary, numbers),
    "squared hinge": Case("SquaredHinge", binary, numbers),
    "categorical hinge": Case("CategoricalHinge", one_hot, numbers),
    "bce": Case("BinaryCrossentropy", binary, probabilities, {"label_smoothing": 0.1}),
    "bce logits": Case("BinaryCrossentropy", binary, numbers, {"from_logits": True}),
    "cce": Case("CategoricalCrossentropy", one_hot, probabilities),
    "cce logits": Case(
        "CategoricalCrossentropy", one_hot, numbers, {"from_logits": True, "label_smoothing": 0.2}
    ),
    "scce": Case("SparseCategoricalCrossentropy", labels, probabilities),
    "scce logits": Case("SparseCategoricalCrossentropy", labels, numbers, {"from_logits": True}),
    "scce ignore": Case(
        "SparseCategoricalCrossentropy", labels, probabilities, {"ignore_class": 1}, SEQUENCE
    ),
}  # fmt: skip
