"""Sums and means over batches, and the mean of any function of `y_true` and `y_pred`."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.registry import builtin_module
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.convert import tensor
from torchkeras._state.masked import mask_of
from torchkeras.losses.arguments import squeeze_or_expand_to_same_rank, to_tensor
from torchkeras.losses.reduction import apply_mask

from .metric import Metric, held

_Reduce = Callable[..., Tensor]


def reduce_to_samples(
    values: Any, sample_weight: Any, reduce: _Reduce, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None]:
    """Return one weighted value for each sample, and the weights that belong to them."""
    mask = mask_of(values)
    values = to_tensor(values, dtype)
    weight = None
    if sample_weight is not None:
        weight = to_tensor(sample_weight, dtype, values)
        weight = weight if mask is None else apply_mask(weight, mask, values, "sum")
        values, weight = squeeze_or_expand_to_same_rank(values, weight)
        values = _over(reduce, values, weight.ndim)
        _check_weight(weight, values)
        rank, weight = weight.ndim, weight.broadcast_to(values.shape)
        values, weight = values * weight, _over(reduce, weight, 1) if rank > 1 else weight
    return _over(reduce, values, 1), weight


def _over(reduce: _Reduce, values: Tensor, first: int) -> Tensor:
    """Reduce the axes from `first` on."""
    return reduce(values, list(range(first, values.ndim))) if values.ndim > first else values


def _check_weight(weight: Tensor, values: Tensor) -> None:
    sizes = zip(reversed(weight.shape), reversed(values.shape), strict=False)
    if weight.ndim > values.ndim or any(w not in (1, v) for w, v in sizes):
        raise ValueError(
            "`sample_weight` must have a shape that broadcasts with the values, "
            f"{tuple(values.shape)}. Received: sample_weight.shape={tuple(weight.shape)}."
        )


def _is_number(value: Any) -> bool:
    return type(value) in (float, int, bool)


class Sum(Metric):
    """The weighted sum of all values.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The sum so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.Sum()
        >>> metric.update_state([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0])
        >>> metric.result().item()
        4.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Args:
            values: Numbers, of any shape.
            sample_weight: Weights that broadcast with them.
        """
        values = tensor(values)
        self._follow(values.device)
        total = held(self.total)
        values, _ = reduce_to_samples(values, sample_weight, torch.sum, total.dtype)
        total.add_(values.sum())

    def result(self) -> Tensor:
        """Return the sum so far."""
        return held(self.total).clone()


class Mean(Metric):
    """The weighted mean of all values: their sum, divided by the sum of the weights.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.Mean()
        >>> metric.update_state([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0])
        >>> metric.result().item()
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values in.

        Args:
            values: Numbers; those of one sample, along the first axis, count as their mean.
            sample_weight: Weights that broadcast with them.
        """
        self._gather(values, sample_weight)

    def _gather(self, values: Any, sample_weight: Any) -> None:
        if not _is_number(values):
            values = tensor(values)
            if values.device != held(self.total).device:
                self._follow(values.device)
        total, count = held(self.total), held(self.count)
        if sample_weight is None:
            self._gather_unweighted(values, total, count)
        elif _is_number(sample_weight) and (_is_number(values) or values.ndim == 0):
            total.add_(values * sample_weight)
            count.add_(sample_weight)
        else:
            values, weight = reduce_to_samples(values, sample_weight, torch.mean, total.dtype)
            total.add_(values.sum())
            count.add_(1 if weight is None else weight.sum())

    def _gather_unweighted(self, values: Any, total: Tensor, count: Tensor) -> None:
        if _is_number(values) or values.ndim == 0:
            total.add_(values)
            count.add_(1)
            return
        samples, size = values.shape[0], values.numel()
        # The sum of the samples' means is the sum of all, divided by the values per sample.
        total.add_(values.sum(dtype=total.dtype), alpha=samples / size if size else 1)
        count.add_(samples)

    def result(self) -> Tensor:
        """Return the mean so far; 0 if nothing has come yet."""
        total, count = held(self.total), held(self.count)
        return torch.where(count == 0, 0.0, total / count)


class MeanMetricWrapper(Mean):
    """The weighted mean of a function of `y_true` and `y_pred`.

    Args:
        fn: A function of `y_true`, `y_pred` and keyword arguments that returns one value for each
            sample, or several, whose mean counts.
        name: The name; an automatic one if not given.
        dtype: As in `Metric`.
        **kwargs: Keyword arguments for `fn`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> def off_by(y_true, y_pred):
        ...     return (y_true - y_pred).abs()
        >>> metric = torchkeras.metrics.MeanMetricWrapper(off_by)
        >>> metric(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])).item()
        1.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs
        if inspect.isfunction(fn) and builtin_module(fn) == "keras.losses":
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take a batch in.

        Args:
            y_true: The targets.
            y_pred: The predictions. A mask that they carry leaves out the steps it hides.
            sample_weight: Weights that broadcast with what the function returns.
        """
        mask = mask_of(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, held(self.total), "sum")
        self._gather(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        arguments = serialize_keras_object(self._fn_kwargs)
        return {**super().get_config(), "fn": serialize_keras_object(self._fn), **arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MeanMetricWrapper":
        """Make a metric from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))


class BuiltinMetric(MeanMetricWrapper):
    """A metric of the library: the arguments of its function are its attributes and its config."""

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None,
        dtype: Any,
        direction: str = "down",
        **arguments: Any,
    ) -> None:
        super().__init__(fn, name, dtype, **arguments)
        self._direction = direction
        vars(self).update(arguments)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {**Metric.get_config(self), **self._fn_kwargs}
