"""`Concatenate`: the inputs one after the other along an axis."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .merge import Merge, Shape, check_list, checked_masks


class Concatenate(Merge):
    """Join the inputs along an axis.

    Args:
        axis: The axis.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors with equal sizes but for `axis`.

    Output shape:
        The inputs', with the sum of their sizes at `axis`.

    Raises:
        ValueError: If the inputs are no list, or sizes other than those at `axis` differ.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Concatenate()([torch.ones(1, 2), torch.zeros(1, 1)])
        tensor([[1., 1., 0.]])
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        check_list(self, input_shape)
        self._merged_shape(input_shape)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(inputs), self.axis)

    def _merged_shape(self, shapes: list[Shape]) -> Shape:
        ranks = {len(shape) for shape in shapes}
        rank = max(ranks)
        if len(ranks) > 1 or not -rank <= self.axis < rank:
            self._refuse(shapes)
        joined: list[int | None] = []
        for axis, sizes in enumerate(zip(*shapes, strict=True)):
            if axis == self.axis % rank:
                joined.append(None if None in sizes else sum(sizes))
            elif len(set(sizes) - {None}) > 1:
                self._refuse(shapes)
            else:
                joined.append(shapes[0][axis])
        return tuple(joined)

    def _refuse(self, shapes: list[Shape]) -> None:
        raise ValueError(
            f"Layer {self.name!r} (Concatenate) requires inputs with equal numbers of axes, and "
            f"equal sizes but for axis {self.axis}. Received inputs of shapes {list(shapes)}."
        )

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        masks = checked_masks(inputs, previous_mask)
        if all(mask is None for mask in masks):
            return None
        pairs = zip(inputs, masks, strict=True)
        return torch.cat([_wide_mask(x, mask) for x, mask in pairs], self.axis).any(-1)


def _wide_mask(x: Any, mask: Tensor | None) -> Tensor:
    if mask is None:
        return torch.ones(x.shape, dtype=torch.bool, device=x.device)
    return mask.bool().unsqueeze(-1).expand(x.shape) if mask.dim() < len(x.shape) else mask.bool()


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return several tensors or symbols joined along an axis, by a `Concatenate` layer.

    Args:
        inputs: A list of tensors or symbols.
        axis: The axis.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.concatenate([torch.ones(1, 2), torch.zeros(1, 1)])
        tensor([[1., 1., 0.]])
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
