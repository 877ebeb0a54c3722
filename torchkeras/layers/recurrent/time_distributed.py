"""`TimeDistributed`: one layer on every step of a sequence."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.masked import plain
from torchkeras.layers.core.wrapper import Wrapper
from torchkeras.layers.layer import Layer
from torchkeras.random import SeedGenerator

from .cell import RecurrentCell

# What stands here takes every sample for itself, unless it says otherwise below.
_SAMPLEWISE = ("torchkeras.layers.", "torchkeras.models.sequential")
_OPAQUE = {"Lambda", "TorchModuleWrapper"}


class TimeDistributed(Wrapper):
    """The same layer, with the same weights, on every step of a sequence.

    Args:
        layer: The layer, which sees `(batch, ...)`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, ...)`; the mask, if any, `(batch, steps)`, is handed on.

    Output shape:
        `(batch, steps, ...)`, where `...` is what the layer makes of it.

    Raises:
        ValueError: If `layer` is no layer, or the inputs have fewer than three axes.

    Differs from Keras:
        Where the layer takes every sample for itself, all steps run as one batch; with the same
        numbers, and many times quicker. Elsewhere they run one by one.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.TimeDistributed(torchkeras.layers.Dense(4))
        >>> tuple(layer(torch.ones(2, 5, 3)).shape)
        (2, 5, 4)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        super().build(_shape_of_step(input_shape))

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Any:
        x = plain(inputs)
        if mask is not None:
            _check_mask(mask, x)
        if not (mask is not None and self.layer.call_spec.takes_mask):
            mask = None
        if not is_samplewise(self.layer, bool(training)):
            return self._step_by_step(x, mask)
        given = {} if mask is None else {"mask": mask.flatten(0, 1)}
        y = self.layer(x.flatten(0, 1), **given)
        return y.reshape(x.shape[0], x.shape[1], *y.shape[1:])

    def _step_by_step(self, x: Tensor, mask: Tensor | None) -> Tensor:
        given: list[dict[str, Any]] = [{} for _ in range(x.shape[1])]
        if mask is not None:
            given = [{"mask": step} for step in mask.unbind(1)]
        pairs = zip(x.unbind(1), given, strict=True)
        return torch.stack([self.layer(step, **more) for step, more in pairs], 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the inputs.
        """
        shape = self.layer.compute_output_shape(_shape_of_step(input_shape))
        return (shape[0], input_shape[1], *shape[1:])


def _shape_of_step(shape: Any) -> tuple[int | None, ...]:
    if not isinstance(shape, (tuple, list)) or len(shape) < 3:
        raise ValueError(
            "`TimeDistributed` needs inputs with at least three axes, (batch, steps, ...). "
            f"Received: input_shape={shape}."
        )
    return (shape[0], *shape[2:])


def _check_mask(mask: Tensor, x: Tensor) -> None:
    if mask.dim() < 2 or tuple(mask.shape[:2]) != tuple(x.shape[:2]):
        raise ValueError(
            "`mask` must have the inputs' first two sizes, (batch, steps). "
            f"Received: mask={show(mask)}, inputs={show(x)}."
        )


def is_samplewise(layer: Layer, training: bool) -> bool:
    """Say whether a layer does the same to a sample whatever else is in the batch, and how often.

    Args:
        layer: The layer.
        training: Whether it trains: then batch statistics and random numbers count.
    """
    layers = [module for module in layer.modules() if isinstance(module, Layer)]
    return all(_is_samplewise(single, training) for single in layers)


def _is_samplewise(layer: Layer, training: bool) -> bool:
    known = type(layer).__module__.startswith(_SAMPLEWISE) and type(layer).__name__ not in _OPAQUE
    if not known or getattr(layer, "stateful", False) or layer.activity_regularizer is not None:
        return False
    axis = getattr(layer, "axis", None)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if any(isinstance(a, int) and (a == 0 or a < -1) for a in axes):
        return False
    return not training or not (_draws(layer) or _keeps_statistics(layer))


def _draws(layer: Layer) -> bool:
    if isinstance(layer, RecurrentCell):
        return bool(layer.dropout or layer.recurrent_dropout)
    return any(isinstance(child, SeedGenerator) for child in layer.children())


def _keeps_statistics(layer: Layer) -> bool:
    return any(
        not variable.born_trainable and variable.name != "seed_generator_state"
        for variable in layer.own_variables()
    )
