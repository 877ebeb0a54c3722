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


def any_numbers(shape, rng):
    """Class numbers, some of them out of bounds."""
    return rng.integers(-1, CLASSES + 1, shape)


def uniform(shape, rng):
    return rng.uniform(size=shape).astype("float32")


def tenths(shape, rng):
    """Predictions that often lie on a threshold."""
    return (rng.integers(0, 11, shape) / 10).astype("float32")


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

COLUMN, FLAT, IMAGE = (6, 1), (12,), (2, CLASSES, 3)
UNEVEN = {"thresholds": [0.7, 0.2, 0.2, 0.9]}
EVEN = {"thresholds": [0, 0.25, 0.5, 0.75, 1]}

COUNTING = {
    "true positives": Case("TruePositives", binary, uniform, shape=FLAT),
    "false positives": Case("FalsePositives", binary, uniform, {"thresholds": 0.2}, COLUMN),
    "true negatives uneven": Case("TrueNegatives", binary, tenths, UNEVEN),
    "false negatives even": Case("FalseNegatives", binary, tenths, EVEN),
    "precision": Case("Precision", binary, uniform),
    "precision column": Case("Precision", binary, uniform, {"thresholds": 0}, COLUMN),
    "precision sequence": Case("Precision", binary, uniform, UNEVEN, SEQUENCE),
    "precision even": Case("Precision", binary, tenths, EVEN, FLAT),
    "precision top k": Case("Precision", one_hot, probabilities, {"top_k": 2}),
    "precision top k class": Case("Precision", one_hot, probabilities, {"top_k": 2, "class_id": 1}),
    "precision top k thresholds": Case("Precision", one_hot, probabilities, {"top_k": 2, **UNEVEN}),
    "recall": Case("Recall", binary, uniform, shape=FLAT),
    "recall class": Case("Recall", one_hot, probabilities, {"class_id": 2, "thresholds": 0.3}),
    "recall even class": Case("Recall", one_hot, tenths, {"class_id": 0, **EVEN}),
    "recall top k": Case("Recall", one_hot, probabilities, {"top_k": 1}, SEQUENCE),
    "sensitivity": Case("SensitivityAtSpecificity", binary, uniform, {"specificity": 0.5}, (30,)),
    "specificity": Case(
        "SpecificityAtSensitivity", binary, tenths, {"sensitivity": 0.4, "num_thresholds": 11}
    ),
    "precision at recall": Case("PrecisionAtRecall", binary, uniform, {"recall": 0.6}),
    "recall at precision": Case(
        "RecallAtPrecision", binary, uniform, {"precision": 0.6, "class_id": 1}
    ),
    "recall at precision, one threshold": Case(
        "RecallAtPrecision", binary, uniform, {"precision": 0.2, "num_thresholds": 1}, COLUMN
    ),
    "recall out of reach": Case("RecallAtPrecision", binary, uniform, {"precision": 1.0}, (30,)),
    **{
        f"auc {curve} {method} {kind}": Case(
            "AUC", binary, predictions,
            {"curve": curve, "summation_method": method, **arguments}, (30, 3),
        )
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "majoring", "minoring")
        for kind, predictions, arguments in (
            ("even", uniform, {}),
            ("uneven", tenths, {"thresholds": [0.1, 0.25, 0.9]}),
            ("labels", tenths, {"multi_label": True, "num_thresholds": 11}),
        )
    },
    "auc": Case("AUC", binary, uniform, shape=(50,)),
    "auc column": Case("AUC", binary, uniform, {"num_thresholds": 2}, COLUMN),
    "auc logits": Case("AUC", binary, numbers, {"from_logits": True}, SEQUENCE),
    "auc even thresholds": Case("AUC", binary, tenths, {"thresholds": [0.5, 0.25, 0.75]}),
    "auc labels given": Case(
        "AUC", binary, uniform,
        {"multi_label": True, "num_labels": 4, "label_weights": [1.0, 2.0, 0.0, 3.0]},
    ),
    "auc labels uneven": Case(
        "AUC", binary, uniform,
        {"multi_label": True, "thresholds": [0.1, 0.3], "label_weights": [1.0, 2.0, 0.0, 3.0]},
    ),
    "auc label weights": Case("AUC", binary, uniform, {"label_weights": [1.0, 2.0, 0.0, 3.0]}),
    "auc label weights uneven": Case(
        "AUC", binary, uniform, {"label_weights": [1.0, 2.0, 0.0, 3.0], "thresholds": [0.1, 0.3]}
    ),
    **{
        f"f1 {average} {threshold}": Case(
            "F1Score", one_hot, probabilities, {"average": average, "threshold": threshold}
        )
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.3)
    },
    "f beta": Case("FBetaScore", binary, tenths, {"beta": 2.0, "threshold": 0.5}),
    "f beta float64": Case("FBetaScore", binary, tenths, {"beta": 0.5, "dtype": "float64"}),
    "iou": Case("IoU", any_numbers, any_numbers, {"num_classes": 4, "target_class_ids": [0, 2]}),
    "iou ignore": Case(
        "IoU", labels, labels,
        {"num_classes": 4, "target_class_ids": (1, 2, 3), "ignore_class": 1}, SEQUENCE,
    ),
    "iou one-hot predictions": Case(
        "IoU", labels, probabilities,
        {"num_classes": 4, "target_class_ids": [3], "sparse_y_pred": False, "dtype": "float32"},
    ),
    "mean iou": Case("MeanIoU", any_numbers, any_numbers, {"num_classes": 5}, IMAGE),
    "mean iou of few": Case("MeanIoU", any_numbers, any_numbers, {"num_classes": 2}, IMAGE),
    "binary iou": Case("BinaryIoU", binary, tenths, {"threshold": 0.3}),
    "binary iou of one": Case("BinaryIoU", binary, uniform, {"target_class_ids": [1]}, COLUMN),
    "one-hot iou": Case(
        "OneHotIoU", one_hot, probabilities, {"num_classes": 4, "target_class_ids": [0, 2]}
    ),
    "one-hot mean iou": Case(
        "OneHotMeanIoU", one_hot, probabilities, {"num_classes": 4, "ignore_class": 2}, SEQUENCE
    ),
    "pearson": Case("PearsonCorrelation", numbers, numbers),
    "pearson axes": Case("PearsonCorrelation", numbers, numbers, {"axis": (1, 2)}, SEQUENCE),
    "concordance": Case("ConcordanceCorrelation", numbers, numbers, shape=SEQUENCE),
    "concordance axis": Case("ConcordanceCorrelation", numbers, numbers, {"axis": 0}),
}  # fmt: skip

ALL = {**CASES, **COUNTING}
NEEDED = {
    "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,), "IoU": (3, [0]),
    "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,), "MeanIoU": (3,),
    "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,),
}  # fmt: skip
