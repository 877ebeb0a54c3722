"""How well predicted regions cover the true ones: the confusion matrix of classes."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import positive_int, show
from torchkeras._base.settings import epsilon
from torchkeras._state.variable import Variable
from torchkeras.losses.arguments import to_tensor

from .metric import Metric, held


class IoU(Metric):
    """The mean of `TP / (TP + FP + FN)` over some classes: the intersection over the union.

    Classes that neither occur nor are predicted do not count.

    Args:
        num_classes: The number of classes.
        target_class_ids: The classes over which the mean is taken.
        name: The name.
        dtype: The dtype of the confusion matrix; `"int32"` if not given, which cuts off the
            fractions of sample weights.
        ignore_class: A class number of targets that are left out, such as 255 or -1.
        sparse_y_true: Whether targets are class numbers; if not, they are one-hot.
        sparse_y_pred: Whether predictions are class numbers; if not, the largest one counts.
        axis: The axis of the classes in what is not class numbers.

    Variables:
        total_confusion_matrix: The weight of each true (row) and predicted (column) class.

    Raises:
        ValueError: If a target class is not below `num_classes`.

    Differs from Keras:
        With an `axis` other than -1 or 0 (classes before height and width, say), Keras fails when
        it takes the mean.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.IoU(num_classes=2, target_class_ids=[0])
        >>> round(metric([0, 0, 1, 1], [0, 1, 0, 1]).item(), 4)
        0.3333
    """

    _direction = "up"
    total_cm: Variable

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        self.num_classes = positive_int("num_classes", num_classes)
        self.target_class_ids = list(target_class_ids)
        if not all(0 <= target < num_classes for target in self.target_class_ids):
            raise ValueError(
                f"`target_class_ids` must be numbers from 0 to {num_classes - 1} (`num_classes` is "
                f"{num_classes}). Received: target_class_ids={show(target_class_ids)}."
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", self.dtype, name="total_confusion_matrix"
        )
        self._targets = torch.tensor(self.target_class_ids, dtype=torch.long, device="cpu")

    def _follow(self, device: torch.device) -> None:
        super()._follow(device)
        if self._targets.device != device:
            self._targets = self._targets.to(device)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The classes of the targets; those outside of the `num_classes` do not count.
            y_pred: The predicted classes.
            sample_weight: Weights: one number, or one for each target.
        """
        y_pred = to_tensor(y_pred, like=y_true)
        self._follow(y_pred.device)
        true = self._numbers(to_tensor(y_true, like=y_pred), self.sparse_y_true)
        predicted = self._numbers(y_pred, self.sparse_y_pred)
        if len(true) != len(predicted):
            raise ValueError(
                "`y_true` and `y_pred` must name a class for the same positions. Received: "
                f"{len(true)} classes in `y_true`, {len(predicted)} in `y_pred`."
            )
        self._gather(true, predicted, self._weights(sample_weight, true))

    def _numbers(self, classes: Tensor, is_sparse: bool) -> Tensor:
        """Return class numbers in one axis."""
        if not is_sparse:
            classes = classes.to(torch.uint8) if classes.dtype is torch.bool else classes
            classes = classes.argmax(self.axis)
        return classes.to(to_torch(self.dtype)).long().reshape(-1)

    def _weights(self, sample_weight: Any, true: Tensor) -> Tensor:
        """Return a weight for each position, in the dtype of the matrix."""
        dtype = to_torch(self.dtype)
        if sample_weight is None:
            return torch.ones_like(true, dtype=dtype)
        weight = to_tensor(sample_weight, like=true)
        if weight.is_floating_point() and not dtype.is_floating_point:
            warnings.warn(
                f"`sample_weight` holds fractions ({weight.dtype}), and {self.name!r} counts whole "
                f"numbers ({self.dtype}): the fractions are cut off. Pass `dtype='float32'` to "
                f"`{type(self).__name__}`.",
                stacklevel=4,
            )
        weight = weight.to(dtype).reshape(-1) if weight.ndim > 1 else weight.to(dtype)
        if weight.ndim == 1 and len(weight) not in (1, len(true)):
            raise ValueError(
                "`sample_weight` must be one number or one for each target. Received: "
                f"{len(weight)} weights for {len(true)} targets."
            )
        return weight.expand(len(true))

    def _gather(self, true: Tensor, predicted: Tensor, weight: Tensor) -> None:
        size = self.num_classes
        is_counted = (true >= 0) & (true < size) & (predicted >= 0) & (predicted < size)
        if self.ignore_class is not None:
            is_counted &= true != self.ignore_class
        cell = torch.where(is_counted, true * size + predicted, 0)
        weight = torch.where(is_counted, weight, 0)
        held(self.total_cm).view(-1).scatter_add_(0, cell, weight)

    def result(self) -> Tensor:
        """Return the mean over the target classes so far."""
        matrix = held(self.total_cm)
        right = matrix.diagonal()
        union = matrix.sum(0, dtype=matrix.dtype) + matrix.sum(1, dtype=matrix.dtype) - right
        right, union = right[self._targets].float(), union[self._targets].float()
        occurs = union > 1e-9
        found = torch.where(occurs, right / (union + epsilon()), 0.0)
        return found.sum() / (occurs.sum() + epsilon())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }

    def _config_without(self, *names: str) -> dict[str, Any]:
        return {key: value for key, value in IoU.get_config(self).items() if key not in names}


class BinaryIoU(IoU):
    """The mean of `TP / (TP + FP + FN)` over 0 and 1, a threshold telling them apart.

    Args:
        target_class_ids: The classes over which the mean is taken: 0, 1 or both.
        threshold: Predictions from it on count as 1.
        name: The name.
        dtype: The dtype of the confusion matrix; `"int32"` if not given, which cuts off the
            fractions of sample weights.

    Variables:
        total_confusion_matrix: The weight of each true (row) and predicted (column) class.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
        >>> round(metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).item(), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1.
            y_pred: The predictions, of the same shape.
            sample_weight: Weights: one number, or one for each target.
        """
        y_pred = to_tensor(y_pred, torch.float32, y_true)
        super().update_state(y_true, y_pred >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **Metric.get_config(self),
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
        }


class MeanIoU(IoU):
    """The mean of `TP / (TP + FP + FN)` over all classes.

    Args:
        num_classes: The number of classes.
        name: The name.
        dtype: The dtype of the confusion matrix; `"int32"` if not given, which cuts off the
            fractions of sample weights.
        ignore_class: A class number of targets that are left out, such as 255 or -1.
        sparse_y_true: Whether targets are class numbers; if not, they are one-hot.
        sparse_y_pred: Whether predictions are class numbers; if not, the largest one counts.
        axis: The axis of the classes in what is not class numbers.

    Variables:
        total_confusion_matrix: The weight of each true (row) and predicted (column) class.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.MeanIoU(num_classes=2)
        >>> round(metric([0, 0, 1, 1], [0, 1, 0, 1]).item(), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        classes = range(num_classes)
        super().__init__(
            num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """The mean of `TP / (TP + FP + FN)` over some classes, the targets being one-hot.

    Args:
        num_classes: The number of classes.
        target_class_ids: The classes over which the mean is taken.
        name: The name.
        dtype: The dtype of the confusion matrix; `"int32"` if not given, which cuts off the
            fractions of sample weights.
        ignore_class: A class number of targets that are left out.
        sparse_y_pred: Whether predictions are class numbers; if not, the largest one counts.
        axis: The axis of the classes.

    Variables:
        total_confusion_matrix: The weight of each true (row) and predicted (column) class.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.OneHotIoU(num_classes=2, target_class_ids=[1])
        >>> round(metric([[1, 0], [0, 1]], [[0.3, 0.7], [0.2, 0.8]]).item(), 4)
        0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """The mean of `TP / (TP + FP + FN)` over all classes, the targets being one-hot.

    Args:
        num_classes: The number of classes.
        name: The name.
        dtype: The dtype of the confusion matrix; `"int32"` if not given, which cuts off the
            fractions of sample weights.
        ignore_class: A class number of targets that are left out.
        sparse_y_pred: Whether predictions are class numbers; if not, the largest one counts.
        axis: The axis of the classes.

    Variables:
        total_confusion_matrix: The weight of each true (row) and predicted (column) class.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.OneHotMeanIoU(num_classes=2)
        >>> round(metric([[1, 0], [0, 1]], [[0.3, 0.7], [0.2, 0.8]]).item(), 4)
        0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return self._config_without("target_class_ids", "sparse_y_true")
