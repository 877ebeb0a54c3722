"""`class_weight` and `sample_weight`: one weight for each sample."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._base.settings import floatx

from .column import is_array
from .transfer import to_tensor


class ClassWeights:
    """A weight for each class, looked up for whole batches of labels at once.

    Args:
        class_weight: Class numbers to weights; classes that are missing weigh 1.
    """

    def __init__(self, class_weight: Any) -> None:
        weights = _checked(class_weight)
        classes = sorted(weights)
        self._classes = torch.tensor(classes, dtype=torch.int64, device="cpu")
        self._weights = torch.tensor(
            [weights[key] for key in classes], dtype=to_torch(floatx()), device="cpu"
        )

    def __call__(self, y: Any) -> Tensor:
        """Return the weight of each row of `y`, class numbers or one-hot rows."""
        labels = _labels(y)
        if len(self._classes) == 0:
            return torch.ones(labels.shape, dtype=self._weights.dtype, device=labels.device)
        classes, weights = (part.to(labels.device) for part in (self._classes, self._weights))
        place = torch.searchsorted(classes, labels).clamp_(max=len(classes) - 1)
        return torch.where(classes[place] == labels, weights[place], 1.0)


def _checked(class_weight: Any) -> dict[int, float]:
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            "`class_weight` must be a dictionary of class numbers to weights, such as "
            f"`{{0: 1.0, 1: 5.0}}`. Received: class_weight={show(class_weight)}."
        )
    weights: dict[int, float] = {}
    for key, value in class_weight.items():
        if isinstance(key, bool) or not _is_whole(key):
            raise ValueError(
                "The keys of `class_weight` must be class numbers (integers). Received the key "
                f"{key!r}. Labels that are names must be turned into numbers, as in `y`."
            )
        weight = float(value)
        if math.isnan(weight):
            raise ValueError(
                f"`class_weight` must hold numbers. Received: {value!r} for class {key}."
            )
        weights[int(key)] = weight
    return weights


def _is_whole(key: Any) -> bool:
    return hasattr(key, "__index__") or (hasattr(key, "is_integer") and key.is_integer())


def _labels(y: Any) -> Tensor:
    if tree.is_nested(y):
        raise ValueError(
            "`class_weight` needs a model with one output and one array of labels. Received: "
            f"y={tree.map_structure(show, y)!r}. Pass `sample_weight` with one array per output."
        )
    if y is None:
        raise ValueError(
            "`class_weight` needs labels. Received: y=None. Pass `y`, or data that yields `(x, y)`."
        )
    labels: Tensor = to_tensor(y, "y")
    if labels.ndim > 1:
        labels = labels.squeeze(-1) if labels.shape[-1] == 1 else labels.argmax(-1)
    if labels.ndim > 1:
        raise ValueError(
            "`class_weight` needs one label per sample: class numbers of shape (n,) or (n, 1), or "
            f"one-hot rows of shape (n, classes). Received: y={show(y)}. Pass `sample_weight` of "
            "the same shape as the labels instead."
        )
    return (labels.round() if labels.is_floating_point() else labels).to(torch.int64)


def per_output(sample_weight: Any, y: Any) -> Any:
    """Return sample weights in the structure of `y`: one array serves every output."""
    if sample_weight is None or not tree.is_nested(y):
        return sample_weight
    if not is_array(sample_weight):
        return _matching(sample_weight, y)
    shape = tuple(sample_weight.shape)
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        return tree.map_structure(lambda _: sample_weight, y)
    raise ValueError(
        "For several outputs a single `sample_weight` must hold one number per sample, shape "
        f"(n,) or (n, 1). Received: sample_weight={show(sample_weight)}. Pass one array per "
        "output, in the structure of `y`."
    )


def _matching(sample_weight: Any, y: Any) -> Any:
    try:
        tree.assert_same_structure(tree.lists_to_tuples(y), tree.lists_to_tuples(sample_weight))
    except ValueError:
        raise ValueError(
            "`sample_weight` must have one array per output, in the structure of `y`. Received: "
            f"y={tree.map_structure(show, y)!r}, "
            f"sample_weight={tree.map_structure(show, sample_weight)!r}."
        ) from None
    return sample_weight


def refuse_both(class_weight: Any, sample_weight: Any) -> None:
    """Raise if weights came both by class and by sample."""
    if class_weight is not None and sample_weight is not None:
        raise ValueError(
            "`class_weight` and `sample_weight` cannot be given together. Multiply them yourself: "
            "`sample_weight * np.array([class_weight[c] for c in y])`."
        )


def class_weight_to_sample_weights(y: Any, class_weight: Any) -> "np.ndarray[Any, Any]":
    """Return the weight of each sample as a NumPy array."""
    array: np.ndarray[Any, Any] = ClassWeights(class_weight)(y).cpu().numpy()
    return array
