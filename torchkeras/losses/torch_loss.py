"""`TorchLoss`: losses of torch, which take the predictions first."""

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.loss import _Loss

from torchkeras._base.messages import did_you_mean
from torchkeras._base.naming import to_snake_case
from torchkeras._base.serialization import deserialize_keras_object
from torchkeras._state.logits import logits_of
from torchkeras._state.masked import mask_of, plain

from .arguments import broadcasts, first_tensor, to_tensor
from .loss import Loss
from .reduction import divide_no_nan
from .torch_targets import fit_pair, shares

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(F.cross_entropy, F.nll_loss, F.multi_margin_loss, F.multilabel_margin_loss),
        *(F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.kl_div, F.poisson_nll_loss),
        *(F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.soft_margin_loss),
        *(F.multilabel_soft_margin_loss, F.hinge_embedding_loss),
    )
}
_FUNCTION_BY_MODULE: dict[type[nn.Module], str] = {
    nn.CrossEntropyLoss: "cross_entropy",
    nn.NLLLoss: "nll_loss",
    nn.MultiMarginLoss: "multi_margin_loss",
    nn.MultiLabelMarginLoss: "multilabel_margin_loss",
    nn.BCELoss: "binary_cross_entropy",
    nn.BCEWithLogitsLoss: "binary_cross_entropy_with_logits",
    nn.KLDivLoss: "kl_div",
    nn.PoissonNLLLoss: "poisson_nll_loss",
    nn.MSELoss: "mse_loss",
    nn.L1Loss: "l1_loss",
    nn.SmoothL1Loss: "smooth_l1_loss",
    nn.HuberLoss: "huber_loss",
    nn.SoftMarginLoss: "soft_margin_loss",
    nn.MultiLabelSoftMarginLoss: "multilabel_soft_margin_loss",
    nn.HingeEmbeddingLoss: "hinge_embedding_loss",
}
_MODULES = {module.__name__: module for module in _FUNCTION_BY_MODULE}
_OF_LOGITS = {"cross_entropy": "softmax", "binary_cross_entropy_with_logits": "sigmoid"}
_OLD = ("size_average", "reduce")  # old names for `reduction`
_PREDICTIONS = ("input", "inputs", "log_input", "pred", "preds")
_TARGETS = ("target", "targets")


class TorchLoss(Loss):
    """A loss of torch, called as `loss(predictions, targets)`.

    Without weights or masks it is what torch computes. With them it is the sum of the weighted
    losses over what torch would divide by without: weights of 1 change nothing, and a weight counts
    as in Keras. `reduction="none"` means the mean, since training needs one number.

    Classes are on the last axis of the predictions, as everywhere in Keras; class numbers whose
    shape only fits classes on the axis 1 say so. Class numbers may have any dtype.

    `compile(loss=...)` makes one of a module such as `nn.CrossEntropyLoss()`, of its class, and of
    a function whose first arguments are called as torch calls them, `input` and `target`.

    Args:
        loss: A module or its class, a function of `torch.nn.functional`, or what
            `functools.partial` makes of one.
        name: The name; made from the loss's if not given.
        dtype: As in `Loss`.

    Raises:
        ValueError: If the loss takes more than predictions and targets.

    Example:
        >>> import torch, torchkeras
        >>> loss = torchkeras.losses.TorchLoss(torch.nn.CrossEntropyLoss())
        >>> round(loss([1, 0], [[0.0, 1.0], [2.0, 0.0]]).item(), 4)
        0.2201
    """

    _keras_module = "torchkeras.losses"  # Keras has no such class

    def __init__(self, loss: Any, name: str | None = None, dtype: Any = None) -> None:
        loss = loss() if inspect.isclass(loss) else loss
        _check_arguments(loss)
        base = loss.func if isinstance(loss, functools.partial) else loss
        own = getattr(base, "__name__", None) or to_snake_case(type(base).__name__)
        super().__init__(name=name or own, dtype=dtype)
        self.loss = loss
        self._kind = _kind_of(base)
        self._settings = _settings_of(loss, self._kind)
        self.reduction = self._settings.get("reduction", "mean")
        self._each = _unreduced(loss)
        self._holds_tensors = isinstance(loss, nn.Module) and bool(loss.state_dict())
        self._has_met_data = False

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        mask = mask_of(y_pred)
        if not self._has_met_data:
            self._meet(y_pred)
        like = y_true if isinstance(y_true, Tensor) else first_tensor(y_true)
        y_pred = to_tensor(y_pred if mask is None else plain(y_pred), self._float, like)
        y_pred, y_true = self._fit(to_tensor(y_true, like=y_pred), y_pred)
        if sample_weight is None and mask is None and self.reduction != "none":
            value: Tensor = self.loss(y_pred, y_true)
            return value.mean() if value.ndim else value
        values = self._values(y_pred, y_true)
        weight = _weights(sample_weight, mask, values)
        return self._reduced(values, weight, mask, y_true)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return the losses, not reduced.

        Args:
            y_true: The targets.
            y_pred: The predictions.
        """
        y_pred, y_true = self._fit(y_true, y_pred)
        return self._values(y_pred, y_true)

    def _fit(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        if self._holds_tensors:
            _follow(self.loss, y_pred)
        return (y_pred, y_true) if self._kind is None else fit_pair(self._kind, y_true, y_pred)

    def _values(self, y_pred: Tensor, y_true: Tensor) -> Tensor:
        values: Tensor = self._each(y_pred, y_true)
        if not values.ndim:
            raise ValueError(
                "`sample_weight`, `class_weight` and masks need the loss of each sample. The loss "
                f"{self.name!r} returned one number for all. Let it return one value per sample, "
                'or take `reduction="none"`.'
            )
        return values

    def _reduced(
        self, values: Tensor, weight: Tensor | None, mask: Tensor | None, target: Tensor
    ) -> Tensor:
        """Add weighted losses up, and divide by what torch divides by where nothing is weighted."""
        total = (values if weight is None else values * weight).sum()
        if self.reduction == "sum":
            return total
        if self.reduction == "batchmean":
            return total / max(values.shape[0], 1)
        share = shares(self._kind or "", target, values, self._settings)
        if mask is not None:
            share = share * _as_weights(mask, values)
        return divide_no_nan(total, share.sum())

    def _meet(self, y_pred: Any) -> None:
        """Warn, once, of probabilities where the loss takes logits."""
        self._has_met_data = True
        activation = _OF_LOGITS.get(self._kind or "")
        axis = -1 if activation == "softmax" else None
        if activation is not None and logits_of(y_pred, activation, axis) is not None:
            warnings.warn(
                f"The loss {self.name!r} takes logits, and the output comes from a {activation}. "
                f"Take the {activation} away, or use a crossentropy of `torchkeras.losses`.",
                stacklevel=2,
            )

    def get_config(self) -> dict[str, Any]:
        """Return plain values from which `from_config` makes an equal loss.

        Raises:
            ValueError: If the loss is none of torch's own.
        """
        base = self.loss.func if isinstance(self.loss, functools.partial) else self.loss
        written = getattr(base, "__name__", type(base).__name__)
        if _FUNCTIONS.get(written) is not base and type(base) not in _FUNCTION_BY_MODULE:
            raise ValueError(
                f"The loss {self.name!r} is none of torch's own, so a config cannot name it."
            )
        return {"loss": written, "arguments": dict(self._settings), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TorchLoss":
        """Make a loss from what `get_config` returned; only losses of torch can be named.

        Args:
            config: The values.
        """
        name, arguments = config["loss"], deserialize_keras_object(config.get("arguments") or {})
        if not isinstance(arguments, Mapping):
            raise ValueError(f"`arguments` must be a dictionary. Received: {arguments!r}.")
        if name in _MODULES:
            return cls(_MODULES[name](**arguments), name=config.get("name"))
        if name in _FUNCTIONS:
            return cls(functools.partial(_FUNCTIONS[name], **arguments), name=config.get("name"))
        known = [*_MODULES, *_FUNCTIONS]
        raise ValueError(f"Unknown loss of torch: {name!r}.{did_you_mean(name, known)}")

    def __repr__(self) -> str:
        return f"<TorchLoss({self.loss})>"


def takes_predictions_first(thing: Any) -> bool:
    """Say whether a loss or metric is called as torch's are, `thing(predictions, targets)`.

    A module is, unless its `forward` begins with `y_true`; a function is if its first arguments
    are called `input` (or `preds`) and `target`.
    """
    if inspect.isclass(thing):
        return issubclass(thing, nn.Module)
    if isinstance(thing, nn.Module):
        return _names(thing.forward)[:1] != ["y_true"]
    if not callable(thing):
        return False
    first, second = [*_names(thing), "", ""][:2]
    return first in _PREDICTIONS and second in _TARGETS


def _names(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # functions written in C have none
        return []


def _check_arguments(loss: Any) -> None:
    function = loss.forward if isinstance(loss, nn.Module) else loss
    if not callable(function):
        raise ValueError(f"`loss` must be a loss of torch. Received: loss={loss!r}.")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if len(needed) > 2:
        name = getattr(loss, "__name__", type(loss).__name__)
        raise ValueError(
            f"`loss` must take predictions and targets. {name} takes {needed}. Compute it in a "
            "function of `y_true` and `y_pred`, or override `compute_loss`."
        )


def _kind_of(base: Any) -> str | None:
    """Return the name of torch's function that a loss computes, or `None` for others."""
    name = getattr(base, "__name__", "")
    if _FUNCTIONS.get(name) is base:
        return str(name)
    kinds = (kind for cls, kind in _FUNCTION_BY_MODULE.items() if isinstance(base, cls))
    return next(kinds, None)


def _settings_of(loss: Any, kind: str | None) -> dict[str, Any]:
    """Return the arguments that a loss was made with, its reduction among them."""
    if isinstance(loss, functools.partial):
        return dict(loss.keywords)
    if kind is None or not isinstance(loss, nn.Module):
        return {"reduction": loss.reduction} if isinstance(loss, _Loss) else {}
    known = inspect.signature(type(loss).__init__).parameters
    return {name: getattr(loss, name) for name in known if name not in (*_OLD, "self")}


def _unreduced(loss: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a loss without its reduction, or as it is if it has none."""
    if isinstance(loss, nn.Module):
        each = copy.copy(loss)
        if hasattr(each, "reduction"):
            vars(each)["reduction"] = "none"
        return each
    base = loss.func if isinstance(loss, functools.partial) else loss
    return functools.partial(loss, reduction="none") if "reduction" in _names(base) else loss


def _follow(module: nn.Module, like: Tensor) -> None:
    """Bring the tensors of a loss, class weights mostly, to the device of the predictions."""
    if any(tensor.device != like.device for tensor in (*module.buffers(), *module.parameters())):
        module.to(like.device)


def _weights(sample_weight: Any, mask: Tensor | None, values: Tensor) -> Tensor | None:
    """Return what the losses are multiplied by, or `None`."""
    weight = None
    if sample_weight is not None:
        weight = _as_weights(to_tensor(sample_weight, values.dtype, values), values)
    if mask is None:
        return weight
    kept = _as_weights(mask, values)
    return kept if weight is None else weight * kept


def _as_weights(given: Tensor, values: Tensor) -> Tensor:
    """Return weights whose first axes are those of the losses."""
    weight = given.to(values.dtype)
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    if weight.ndim < values.ndim:
        weight = weight.reshape(*weight.shape, *[1] * (values.ndim - weight.ndim))
    if weight.ndim > values.ndim or not broadcasts(weight, values):
        raise ValueError(
            "`sample_weight` must have a shape that goes with the losses, "
            f"{tuple(values.shape)}. Received: sample_weight of shape {tuple(given.shape)}."
        )
    return weight.expand(values.shape)
