"""Losses made of a function: the library's own, and any function of `y_true` and `y_pred`."""

import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from torchkeras import tree
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.logits import logits_of
from torchkeras._state.masked import mask_of, with_mask

from .arguments import squeeze_or_expand_to_same_rank, to_tensors
from .loss import Loss
from .reduction import MEANS

_Mean = Callable[..., Tensor | None]
_UNWEIGHTED_MEANS = (*MEANS, "mean_with_sample_weight")


@dataclass(frozen=True)
class _Kernel:
    """The mean of a loss over all its values, in few calls of torch; and what it is the loss of."""

    mean: _Mean
    takes_labels: bool
    of: str | None


_KERNELS: dict[Callable[..., Any], _Kernel] = {}


def mean_of(
    function: Callable[..., Any], takes_labels: bool = False, of: str | None = None
) -> Callable[[_Mean], _Mean]:
    """Let the decorated function stand in for the mean of `function` where nothing is weighted.

    It gets plain tensors on one device and returns `None` where it does not apply. A `function`
    that `takes_labels` gets the integers of `y_true` as they come, not as floats. One that takes
    the probabilities `of` an activation, or its logits with `from_logits`, is given the logits
    where a step knows them.
    """

    def register(mean: _Mean) -> _Mean:
        _KERNELS[function] = _Kernel(mean, takes_labels, of)
        return mean

    return register


class LossFunctionWrapper(Loss):
    """A loss made of a function.

    Args:
        fn: A function of `y_true`, `y_pred` and keyword arguments that returns the losses of the
            samples.
        reduction: As in `Loss`.
        name: The name; an automatic one if not given.
        dtype: As in `Loss`.
        **kwargs: Keyword arguments for `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        kernel = _KERNELS.get(fn) if inspect.isfunction(fn) else None
        self._takes_labels = kernel is not None and kernel.takes_labels
        self._mean: _Mean | None = None
        self._of: str | None = None
        self._twin: LossFunctionWrapper | None = None
        if kernel is not None and type(self).call is LossFunctionWrapper.call:
            self._mean = functools.partial(kernel.mean, **kwargs)
            self._of = None if kwargs.get("from_logits") else kernel.of

    @property
    def knows_logits(self) -> bool:
        """Whether the loss is that of probabilities, and better computed from their logits."""
        return self._of is not None

    def _logits(self, y_pred: Any) -> Tensor | None:
        """Return the logits of probabilities, with their mask, if the step that runs knows them."""
        axis = self._fn_kwargs.get("axis", -1) if self._of == "softmax" else None
        logits = logits_of(y_pred, self._of or "", axis)
        mask = None if logits is None else mask_of(y_pred)
        return logits if logits is None or mask is None else with_mask(logits, mask)

    def _of_logits(self) -> "LossFunctionWrapper":
        """Return the same loss of logits."""
        if self._twin is None:
            twin = self._twin = copy.copy(self)
            twin._fn_kwargs = {**self._fn_kwargs, "from_logits": True}
            twin._mean = functools.partial(_KERNELS[self.fn].mean, **twin._fn_kwargs)
            twin._of = None
        self._twin.reduction = self.reduction
        return self._twin

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        if self._of is not None:
            logits = self._logits(y_pred)
            if logits is not None:
                return self._of_logits()(y_true, logits, sample_weight)
        if (
            self._mean is not None
            and sample_weight is None
            and self.reduction in _UNWEIGHTED_MEANS
            and type(y_pred) is Tensor
            and type(y_true) is Tensor
            and y_pred.device == y_true.device
            and mask_of(y_pred) is None  # a compiler's plain tensors may carry one
        ):
            if y_pred.dtype is not self._float:
                y_pred = y_pred.to(self._float)
            mean = self._mean(y_true, y_pred)
            if mean is not None:
                return mean
        return super().__call__(y_true, y_pred, sample_weight)

    def _targets(self, y_true: Any, like: Tensor | None) -> Any:
        return to_tensors(y_true, None if self._takes_labels else self._float, like)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return what the function returns, `y_true` and `y_pred` brought to the same rank.

        Args:
            y_true: The targets.
            y_pred: The predictions.
        """
        if isinstance(y_true, Tensor) and isinstance(y_pred, Tensor):
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        else:
            y_true, y_pred = _same_ranks(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal loss."""
        written = {"fn": serialize_keras_object(self.fn), **serialize_keras_object(self._fn_kwargs)}
        return {**super().get_config(), **written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LossFunctionWrapper":
        """Make a loss from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


def _same_ranks(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Bring the arrays of two structures of one shape to the same ranks."""
    tree.assert_same_structure(y_true, y_pred)
    pairs = list(map(squeeze_or_expand_to_same_rank, tree.flatten(y_true), tree.flatten(y_pred)))
    trues, preds = zip(*pairs, strict=True)
    return tree.pack_sequence_as(y_true, trues), tree.pack_sequence_as(y_pred, preds)


class BuiltinLoss(LossFunctionWrapper):
    """A loss of the library: the arguments of its function are its attributes and its config."""

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None,
        name: str | None,
        dtype: Any,
        **arguments: Any,
    ) -> None:
        super().__init__(fn, reduction, name, dtype, **arguments)
        vars(self).update(arguments)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal loss."""
        return {**Loss.get_config(self), **self._fn_kwargs}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"<{type(self).__name__}({arguments})>"
