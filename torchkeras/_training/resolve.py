"""What the names and functions given to `compile` stand for, once shapes are known."""

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.loss import _Loss

from torchkeras import losses, metrics, tree
from torchkeras.losses.wrapper import LossFunctionWrapper

_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


def kind_of_labels(y_true: Any, y_pred: Any) -> str:
    """Return `"binary"`, `"sparse_categorical"` or `"categorical"`, as the shapes suggest."""
    target, output = tuple(y_true.shape), tuple(y_pred.shape)
    if output[-1:] == (1,):
        return "binary"
    if len(target) < len(output) or (target[-1:] == (1,) and output[-1] > 1):
        return "sparse_categorical"
    return "categorical"


def loss_of(identifier: Any, y_true: Any, y_pred: Any) -> losses.Loss | None:
    """Return the loss object for what was given to `compile`."""
    if identifier is None or isinstance(identifier, losses.Loss):
        return identifier
    if isinstance(identifier, _Loss):
        return TorchLoss(identifier)
    if isinstance(identifier, str) and identifier.lower() in _CROSSENTROPY:
        found: Any = losses.get(f"{kind_of_labels(y_true, y_pred)}_crossentropy")
    else:
        found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    return LossFunctionWrapper(found, name=_name_of(identifier, found))


def metric_of(identifier: Any, y_true: Any, y_pred: Any) -> metrics.Metric:
    """Return the metric object for what was given to `compile`, under the name it was given by."""
    if identifier is None:
        raise ValueError(
            "`metrics` must hold names, functions or `Metric` objects. Received: None."
        )
    if isinstance(identifier, str) and identifier.lower() in _ACCURACY:
        found = _accuracy(y_true, y_pred)(name=identifier)
    else:
        found = metrics.get(identifier)
    name = _name_of(identifier, found)
    if not isinstance(found, metrics.Metric):
        found = metrics.MeanMetricWrapper(found, name=name)
    found.name = name
    return found


def _accuracy(y_true: Any, y_pred: Any) -> Callable[..., metrics.Metric]:
    classes = {
        "binary": metrics.BinaryAccuracy,
        "sparse_categorical": metrics.SparseCategoricalAccuracy,
        "categorical": metrics.CategoricalAccuracy,
    }
    return classes[kind_of_labels(y_true, y_pred)]


def _name_of(identifier: Any, found: Any) -> str:
    if isinstance(identifier, str):
        return identifier
    name = getattr(found, "name", None) or getattr(found, "__name__", None)
    return str(name or type(found).__name__)


class TorchLoss(losses.Loss):
    """A loss module of torch, which takes the predictions first.

    Without sample weights it computes exactly what it does in torch; with them it computes the
    loss of each sample, and weighs and averages those as Keras does.

    Args:
        module: A module such as `nn.CrossEntropyLoss()`.
    """

    def __init__(self, module: _Loss) -> None:
        super().__init__(name=type(module).__name__, reduction=_REDUCTIONS[module.reduction])
        self.module = module
        self._each = copy.copy(module)
        self._each.reduction = "none"

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        if sample_weight is None:
            return self._on_device(self.module, y_pred)(y_pred, self._fit(y_true, y_pred))
        return super().__call__(y_true, y_pred, sample_weight)

    def _targets(self, y_true: Any, like: Tensor | None) -> Any:
        return y_true

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return the losses of the samples.

        Args:
            y_true: The targets.
            y_pred: The predictions.
        """
        return self._on_device(self._each, y_pred)(y_pred, self._fit(y_true, y_pred))

    def _on_device(self, module: _Loss, y_pred: Tensor) -> nn.Module:
        return module.to(y_pred.device)

    def _fit(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return targets as torch wants them: class numbers as int64, floats like the outputs."""
        if y_true.is_floating_point():
            return y_true.to(y_pred.dtype)
        if kind_of_labels(y_true, y_pred) != "sparse_categorical":
            return y_true.to(y_pred.dtype)
        return y_true.squeeze(-1).long() if y_true.ndim == y_pred.ndim else y_true.long()


_REDUCTIONS = {"mean": "sum_over_batch_size", "sum": "sum", "none": "none"}


def shapes_text(structure: Any) -> str:
    """Return a structure with a star for each leaf, for messages."""
    return str(tree.map_structure(lambda _: "*", structure))
