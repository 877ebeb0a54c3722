"""`TorchMetric`: metrics of torchmetrics, which take the predictions first."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._base.messages import show
from torchkeras._base.naming import to_snake_case
from torchkeras._state.masked import mask_of, plain
from torchkeras.losses.arguments import squeeze_or_expand_to_same_rank, to_tensor
from torchkeras.losses.torch_loss import TorchLoss
from torchkeras.losses.torch_targets import classes_first

from .mean import MeanMetricWrapper
from .metric import Metric

_WEIGHTS = ("sample_weight", "sample_weights", "weight", "weights")


class TorchMetric(Metric):
    """A metric of torchmetrics, called as `metric.update(predictions, targets)`.

    Classes are on the last axis of the predictions, as everywhere in Keras. Metrics of
    classification get class numbers as integers, and a multiclass metric the class of a one-hot
    target. The steps that a mask of the predictions hides are left out.

    `compile(metrics=[...])` makes one of a metric of torchmetrics; a collection gives as many
    results as it holds metrics, under their own names.

    Args:
        metric: The metric, or a collection of them.
        name: The name; that of the class in snake case if not given.
        dtype: As in `Metric`.

    Raises:
        ValueError: If it lacks `update`, `compute` or `reset`, or is given sample weights that it
            does not take: torchmetrics has no place for them but in a few metrics.

    Example:
        >>> import torch, torchkeras
        >>> class Largest(torch.nn.Module):  # torchmetrics' protocol
        ...     def reset(self): self.largest = torch.tensor(0.0)
        ...     def update(self, preds, target): self.largest = preds.max()
        ...     def compute(self): return self.largest
        >>> metric = torchkeras.metrics.TorchMetric(Largest())
        >>> metric([0.0], [3.0]).item()
        3.0
    """

    def __init__(self, metric: Any, name: str | None = None, dtype: Any = None) -> None:
        metric = metric() if inspect.isclass(metric) else metric
        if not is_torch_metric(metric):
            raise ValueError(
                "`metric` must have `update(preds, target)`, `compute()` and `reset()`, as the "
                f"metrics of torchmetrics have. Received: {show(metric)}."
            )
        super().__init__(name=name or to_snake_case(type(metric).__name__), dtype=dtype)
        self.metric = metric
        self._weight_name = _weight_name(metric)
        self._has_met_data = False

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets.
            y_pred: The predictions. A mask that they carry leaves out the steps it hides.
            sample_weight: Weights, for a metric that takes some.
        """
        mask = mask_of(y_pred)
        y_pred = to_tensor(y_pred if mask is None else plain(y_pred))
        y_true = to_tensor(y_true, like=y_pred)
        kwargs = {} if sample_weight is None else self._weights(sample_weight, y_pred)
        if mask is not None:
            y_true, y_pred = y_true[mask], y_pred[mask]
            kwargs = {key: value[mask] for key, value in kwargs.items()}
        self._follow(y_pred.device)
        self.metric.update(*_fitted(self.metric, y_true, y_pred), **kwargs)
        self._has_met_data = True

    def _weights(self, sample_weight: Any, y_pred: Tensor) -> dict[str, Tensor]:
        if self._weight_name is None:
            raise ValueError(
                f"The metric {self.name!r} of torchmetrics takes no sample weights. Give it to "
                "`compile` in `metrics` in place of `weighted_metrics`."
            )
        return {self._weight_name: to_tensor(sample_weight, like=y_pred)}

    def _follow(self, device: torch.device) -> None:
        if getattr(self.metric, "device", device) != device:
            self.metric.to(device)

    def result(self) -> Any:
        """Return what the metric computes; 0 before the first batch."""
        return self.metric.compute() if self._has_met_data else torch.zeros(())

    def reset_state(self) -> None:
        """Begin again."""
        self.metric.reset()
        self._has_met_data = False

    def get_config(self) -> dict[str, Any]:
        """Refuse: a config cannot name classes of torchmetrics."""
        raise ValueError(
            f"The metric {self.name!r} of torchmetrics cannot be written into a config."
        )


def is_torch_metric(thing: Any) -> bool:
    """Say whether something is a metric of torchmetrics, or its class, or works like one."""
    is_module = issubclass(thing, nn.Module) if inspect.isclass(thing) else True
    is_module = is_module and (inspect.isclass(thing) or isinstance(thing, nn.Module))
    return is_module and all(hasattr(thing, name) for name in ("update", "compute", "reset"))


def with_keras_arguments(function: Any, name: str) -> MeanMetricWrapper:
    """Return the mean of a function, or of a loss of torch, that takes the predictions first.

    Args:
        function: The function or module.
        name: The name of the metric.
    """

    if isinstance(function, nn.Module) or inspect.isclass(function):
        return MeanMetricWrapper(TorchLoss(function).call, name=name)

    def swapped(y_true: Any, y_pred: Any) -> Any:
        return function(y_pred, y_true)

    return MeanMetricWrapper(swapped, name=name)


def _weight_name(metric: Any) -> str | None:
    """Return what a metric calls the weights of samples, or `None` if it takes none."""
    names = inspect.signature(metric.update).parameters
    return next((name for name in _WEIGHTS if name in names), None)


def _fitted(metric: Any, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Return predictions and targets as torchmetrics wants them."""
    if not _classifies(metric):
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        return y_pred, y_true
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 != y_pred.shape[-1]:
        y_true = y_true.squeeze(-1)
    elif "Multiclass" in type(metric).__name__ and _one_hot(y_true, y_pred):
        y_true = y_true.argmax(-1)
    elif y_true.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        y_pred = y_pred.squeeze(-1)
    y_true = y_true.long() if y_true.is_floating_point() else y_true
    return classes_first(y_true, y_pred) if y_true.ndim < y_pred.ndim else (y_pred, y_true)


def _one_hot(y_true: Tensor, y_pred: Tensor) -> bool:
    return y_true.shape == y_pred.shape and y_pred.ndim > 1 and y_pred.is_floating_point()


def _classifies(metric: Any) -> bool:
    """Say whether a metric is one of classification; a collection is if all of it is."""
    inner = list(metric.values()) if isinstance(metric, nn.ModuleDict) else [metric]
    return all(".classification" in type(each).__module__ for each in inner)
