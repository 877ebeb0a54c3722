"""`PReLU`: a leaky rectified linear unit that learns its slopes."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import constraints, initializers, regularizers
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer


class PReLU(Layer):
    """A parametric rectified linear unit: `inputs` above zero, `alpha · inputs` below.

    Args:
        alpha_initializer: How the slopes start.
        alpha_regularizer: Adds a penalty on the slopes to the loss.
        alpha_constraint: Applied to the slopes after each optimizer step.
        shared_axes: The axes along which one slope serves for all; the axes of images in
            `(batch, height, width, channels)` are `(1, 2)`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any, of known sizes but for the batch and the shared axes.

    Output shape:
        The input's.

    Variables:
        alpha: The input's shape without the batch, with 1 for shared axes.

    Source:
        He et al. 2015, https://arxiv.org/abs/1502.01852

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.PReLU(alpha_initializer="ones", shared_axes=[1])
        >>> layer(torch.tensor([[-2.0, 2.0]])).tolist()
        [[-2.0, 2.0]]
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = _axes(shared_axes)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        rank, shared = len(input_shape), self.shared_axes or []
        if any(axis == 0 or not -rank <= axis < rank for axis in shared):
            raise ValueError(
                f"`shared_axes` must be axes of the input, but not the batch. "
                f"Received: shared_axes={shared}, input_shape={tuple(input_shape)}."
            )
        kept = set(range(1, rank)) - {axis % rank for axis in shared}
        sizes = [
            known_size(input_shape, axis, self) if axis in kept else 1 for axis in range(1, rank)
        ]
        self.alpha = self.add_weight(
            shape=sizes,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        axes = {axis: input_shape[axis] for axis in kept} if shared else {}
        self.input_spec = InputSpec(ndim=rank, axes=axes)

    def call(self, inputs: Tensor) -> Tensor:
        return torch.relu(inputs) - self.alpha.value * torch.relu(-inputs)


def _axes(shared_axes: Any) -> list[int] | None:
    if shared_axes is None:
        return None
    return list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
