"""`Dot`: products of the samples of two inputs, summed over one axis of each."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon

from .merge import Merge, Shape, check_list


class Dot(Merge):
    """Multiply each sample of one input with that of another, and sum over an axis of each.

    Args:
        axes: The axis to sum over, or one for each input.
        normalize: Whether the inputs are first scaled to length 1 along that axis, so that the
            output is their cosine.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of two tensors with a batch and at least one more axis, with equal sizes at `axes`.

    Output shape:
        The first input's without its axis, then the second's without batch and its axis; `(batch,
        1)` if nothing else is left.

    Raises:
        TypeError: If `axes` is neither an integer nor a list.
        ValueError: If `axes` does not hold two integers, or the inputs do not fit.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[1.0, 2.0]])
        >>> torchkeras.layers.Dot(axes=1)([x, x])
        tensor([[5.]])
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes = _checked(axes)
        self.normalize = normalize

    def build(self, input_shape: Any) -> None:
        check_list(self, input_shape, 2)
        first, second = input_shape
        one, other = self._axes_for(first, second)
        if first[one] != second[other]:
            raise ValueError(
                f"The inputs of layer {self.name!r} (Dot) must have equal sizes at `axes`. "
                f"Received: axes={self.axes}, inputs of shapes {tuple(first)} and {tuple(second)} "
                f"(sizes {first[one]} and {second[other]})."
            )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        x, y = inputs
        one, other = self._axes_for(x.shape, y.shape)
        if self.normalize:
            x, y = _normalized(x, one), _normalized(y, other)
        x, y = x.movedim(one, -1), y.movedim(other, 1)
        kept = (*x.shape[1:-1], *y.shape[2:])
        product = torch.bmm(x.unsqueeze(1).flatten(1, -2), y.unsqueeze(-1).flatten(2))
        return product.reshape(x.shape[0], *(kept or (1,)))

    def _axes_for(self, first: Sequence[Any], second: Sequence[Any]) -> tuple[int, int]:
        """Return the two axes, counted from the beginning."""
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        found = []
        for axis, shape in zip(axes, (first, second), strict=True):
            rank = len(shape)
            if rank < 2 or not -rank <= axis < rank or axis % rank == 0:
                raise ValueError(
                    f"`axes` of layer {self.name!r} (Dot) must be axes of the inputs, but not the "
                    f"batch. Received: axes={self.axes}, inputs of shapes {tuple(first)} and "
                    f"{tuple(second)}."
                )
            found.append(axis % rank)
        return found[0], found[1]

    def _merged_shape(self, shapes: list[Shape]) -> Shape:
        first, second = shapes
        one, other = self._axes_for(first, second)
        kept = [size for axis, size in enumerate(first) if axis not in (0, one)]
        kept += [size for axis, size in enumerate(second) if axis not in (0, other)]
        return (first[0], *(kept or [1]))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None


def dot(inputs: Any, axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Return the product of two tensors or symbols, summed over an axis, by a `Dot` layer.

    Args:
        inputs: A list of two tensors or symbols.
        axes: The axis to sum over, or one for each input.
        **kwargs: `normalize`, and the keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[1.0, 2.0]])
        >>> torchkeras.layers.dot([x, x])
        tensor([[5.]])
    """
    return Dot(axes=axes, **kwargs)(inputs)


def _normalized(x: Tensor, dim: int) -> Tensor:
    lowest = max(epsilon() ** 2, torch.finfo(x.dtype).tiny)
    return x * x.square().sum(dim, keepdim=True).clamp(min=lowest).rsqrt()


def _checked(axes: Any) -> int | Sequence[int]:
    if isinstance(axes, int):
        return axes
    if not isinstance(axes, (list, tuple)):
        raise TypeError(f"`axes` must be an integer or a list of two. Received: axes={axes!r}.")
    if len(axes) != 2 or not all(isinstance(axis, int) for axis in axes):
        raise ValueError(f"`axes` must hold two integers. Received: axes={axes!r}.")
    return axes
