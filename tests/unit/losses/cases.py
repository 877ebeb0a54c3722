"""The losses as rows: class, function, arguments, and targets that suit them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

BATCH, CLASSES = 6, 4


def _probabilities(shape, seed):
    raw = np.random.default_rng(seed).uniform(0.05, 1.0, shape)
    return (raw / raw.sum(-1, keepdims=True)).astype("float32")


def _numbers(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _labels(shape, seed):
    return np.random.default_rng(seed).integers(0, CLASSES, shape)


def _one_hot(shape, seed):
    return np.eye(CLASSES, dtype="float32")[_labels(shape[:-1], seed)]


def _binary(shape, seed):
    return (np.random.default_rng(seed).uniform(size=shape) > 0.5).astype("float32")


@dataclass
class Case:
    """One loss with its arguments, and the targets and predictions it is tried on."""

    cls: str
    fn: str
    arguments: dict[str, Any] = field(default_factory=dict)
    targets: Callable[..., np.ndarray] = _numbers
    predictions: Callable[..., np.ndarray] = _numbers
    shape: tuple[int, ...] = (BATCH, CLASSES)
    sparse: bool = False
    keras_has_gradient: bool = True

    @property
    def y_true(self) -> np.ndarray:
        shape = list(self.shape)
        if self.sparse:
            del shape[self.arguments.get("axis", -1)]
        return self.targets(tuple(shape), 1)

    @property
    def y_pred(self) -> np.ndarray:
        return self.predictions(self.shape, 2)

    def leaf(self) -> torch.Tensor:
        """The predictions as a tensor that gathers a gradient."""
        return torch.tensor(self.y_pred, requires_grad=True)


def _sparse(**arguments):
    logits = arguments.get("from_logits", False)
    return Case(
        "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", arguments,
        _labels, _numbers if logits else _probabilities, sparse=True,
    )  # fmt: skip


def _categorical(cls="CategoricalCrossentropy", fn="categorical_crossentropy", **arguments):
    logits = arguments.get("from_logits", False)
    return Case(cls, fn, arguments, _one_hot, _numbers if logits else _probabilities)


def _binary_case(cls="BinaryCrossentropy", fn="binary_crossentropy", **arguments):
    logits = arguments.get("from_logits", False)
    return Case(cls, fn, arguments, _binary, _numbers if logits else _probabilities)


def _without_keras_gradient(case):
    """Mark a loss whose gradient Keras fails to compute (torch's kernel wants contiguous input)."""
    case.keras_has_gradient = False
    return case


def _shaped(case, *shape):
    case.shape = shape
    return case


FOCAL = ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy")
BINARY_FOCAL = ("BinaryFocalCrossentropy", "binary_focal_crossentropy")

CASES = {
    "mse": Case("MeanSquaredError", "mean_squared_error"),
    "mse images": Case("MeanSquaredError", "mean_squared_error", shape=(2, 3, 4, 5)),
    "mae": Case("MeanAbsoluteError", "mean_absolute_error"),
    "mape": Case("MeanAbsolutePercentageError", "mean_absolute_percentage_error"),
    "msle": Case("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error"),
    "log_cosh": Case("LogCosh", "log_cosh"),
    "huber": Case("Huber", "huber"),
    "huber narrow": Case("Huber", "huber", {"delta": 0.3}),
    "cosine": Case("CosineSimilarity", "cosine_similarity"),
    "cosine axis": Case("CosineSimilarity", "cosine_similarity", {"axis": 1}, shape=(3, 4, 5)),
    "hinge": Case("Hinge", "hinge", targets=_binary),
    "hinge signs": Case("Hinge", "hinge", targets=lambda *a: 2 * _binary(*a) - 1),
    "squared_hinge": Case("SquaredHinge", "squared_hinge", targets=_binary),
    "categorical_hinge": Case("CategoricalHinge", "categorical_hinge", targets=_one_hot),
    "kl": Case("KLDivergence", "kl_divergence", {}, _probabilities, _probabilities),
    "poisson": Case("Poisson", "poisson", {}, _binary, _probabilities),
    "gce": Case(
        "CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy", {"q": 0.3},
        _labels, _probabilities, sparse=True,
    ),
    "dice": Case("Dice", "dice", {}, _binary, _probabilities),
    "dice axes": Case("Dice", "dice", {"axis": (1, 2)}, _binary, _probabilities, (2, 3, 4)),
    "tversky": Case("Tversky", "tversky", {"alpha": 0.3, "beta": 0.8}, _binary, _probabilities),
    "circle": Case("Circle", "circle", {"gamma": 3.0}, _labels, _probabilities, sparse=True),
    "bce": _binary_case(),
    "bce logits": _binary_case(from_logits=True),
    "bce smooth": _binary_case(label_smoothing=0.2),
    "bce logits smooth": _binary_case(from_logits=True, label_smoothing=0.2),
    "bce axis": _shaped(_binary_case(axis=1), 3, 4, 5),
    "binary focal": _binary_case(*BINARY_FOCAL),
    "binary focal balanced": _binary_case(*BINARY_FOCAL, apply_class_balancing=True, gamma=1.5),
    "binary focal logits": _binary_case(*BINARY_FOCAL, from_logits=True, label_smoothing=0.1),
    "cce": _categorical(),
    "cce logits": _categorical(from_logits=True),
    "cce smooth": _categorical(label_smoothing=0.2),
    "cce logits smooth": _categorical(from_logits=True, label_smoothing=0.2),
    "cce logits images": _shaped(_categorical(from_logits=True), 2, 3, 5, CLASSES),
    "cce images": _shaped(_categorical(), 2, 3, 5, CLASSES),
    "cce logits axis": _shaped(_categorical(from_logits=True, axis=1), 2, 3, CLASSES),
    "cce logits axis smooth": _shaped(
        _categorical(from_logits=True, axis=1, label_smoothing=0.1), 2, 3, CLASSES
    ),
    "categorical focal": _categorical(*FOCAL),
    "categorical focal weights": _categorical(*FOCAL, alpha=[0.1, 0.2, 0.3, 0.4], gamma=1.0),
    "categorical focal logits": _categorical(*FOCAL, from_logits=True, label_smoothing=0.1),
    "scce": _sparse(),
    "scce logits": _sparse(from_logits=True),
    "scce images": _without_keras_gradient(_shaped(_sparse(), 2, 3, 5, CLASSES)),
    "scce logits images": _shaped(_sparse(from_logits=True), 2, 3, 5, CLASSES),
    "scce logits axis": _shaped(_sparse(from_logits=True, axis=1), 2, CLASSES, 3, 5),
    "scce axis": _shaped(_sparse(axis=1), 2, CLASSES, 3),
    "scce logits axis 0": _shaped(_sparse(from_logits=True, axis=0), CLASSES, 3),
    "scce logits ignore": _sparse(from_logits=True, ignore_class=1),
    "scce ignore": _sparse(ignore_class=1),
    "scce ignore images": _without_keras_gradient(
        _shaped(_sparse(ignore_class=2), 2, 3, 5, CLASSES)
    ),
    "scce ignore axis": _shaped(_sparse(from_logits=True, ignore_class=2, axis=1), 2, CLASSES, 3),
}  # fmt: skip
