"""What the names and functions given to `compile` stand for, once shapes are known."""

from collections.abc import Callable
from typing import Any

from torchkeras import losses, metrics, tree
from torchkeras._base.naming import to_snake_case
from torchkeras.losses.torch_loss import takes_predictions_first
from torchkeras.losses.wrapper import LossFunctionWrapper
from torchkeras.metrics.torch_metric import is_torch_metric, with_keras_arguments

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
    elif is_torch_metric(identifier):
        found = metrics.TorchMetric(identifier)
    elif takes_predictions_first(identifier):
        found = with_keras_arguments(identifier, losses.TorchLoss(identifier).name)
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
    name = getattr(found, "name", None)
    return str(name or to_snake_case(getattr(found, "__name__", type(found).__name__)))


def shapes_text(structure: Any) -> str:
    """Return a structure with a star for each leaf, for messages."""
    return str(tree.map_structure(lambda _: "*", structure))
