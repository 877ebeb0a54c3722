"""Sums, products and the like of several inputs, entry by entry, as layers and functions."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import is_float
from torchkeras._state.masked import mask_of

from .merge import Merge, check_list


class Add(Merge):
    """The sum of the inputs.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors whose shapes broadcast; after the batch, missing axes are added.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Add()([torch.ones(1, 2), torch.ones(1, 2)])
        tensor([[2., 2.]])
    """

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        return _total(inputs)


class Subtract(Merge):
    """The first input minus the second.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of two tensors whose shapes broadcast.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list of two, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Subtract()([torch.ones(1, 2), torch.ones(1, 2)])
        tensor([[0., 0.]])
    """

    def build(self, input_shape: Any) -> None:
        check_list(self, input_shape, 2)
        super().build(input_shape)

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        first, second = inputs
        return first - second


class Multiply(Merge):
    """The product of the inputs; what a mask leaves out counts as 1.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors whose shapes broadcast; after the batch, missing axes are added.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Multiply()([torch.tensor([[2.0]]), torch.tensor([[3.0]])])
        tensor([[6.]])
    """

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        masks = [_wide_mask(x) for x in inputs]
        product: Any = None
        for x, mask in zip(inputs, masks, strict=True):
            factor = x if mask is None else torch.where(mask, x, 1)
            product = factor if product is None else product * factor
        counting = _any_of(masks)
        return product if counting is None else torch.where(counting, product, 0)


class Average(Merge):
    """The mean of the inputs.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors whose shapes broadcast; after the batch, missing axes are added.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Average()([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[2.]])
    """

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        return _total(inputs) / len(inputs)

    def _merged_dtype(self, inputs: Any) -> str:
        dtype = super()._merged_dtype(inputs)
        return dtype if is_float(dtype) else "float32"


class Maximum(Merge):
    """The largest of the inputs; what a mask leaves out does not count.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors whose shapes broadcast; after the batch, missing axes are added.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Maximum()([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[3.]])
    """

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        return _extreme(torch.maximum, inputs)


class Minimum(Merge):
    """The smallest of the inputs; what a mask leaves out does not count.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of tensors whose shapes broadcast; after the batch, missing axes are added.

    Output shape:
        The shape that the inputs broadcast to.

    Raises:
        ValueError: If the inputs are no list, or their shapes do not broadcast.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Minimum()([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[1.]])
    """

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        return _extreme(torch.minimum, inputs)


def add(inputs: Any, **kwargs: Any) -> Any:
    """Return the sum of several tensors or symbols, by an `Add` layer.

    Args:
        inputs: A list of tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.add([torch.ones(1, 2), torch.ones(1, 2)])
        tensor([[2., 2.]])
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return the first of two tensors or symbols minus the second, by a `Subtract` layer.

    Args:
        inputs: A list of two tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.subtract([torch.ones(1, 2), torch.ones(1, 2)])
        tensor([[0., 0.]])
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return the product of several tensors or symbols, by a `Multiply` layer.

    Args:
        inputs: A list of tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.multiply([torch.tensor([[2.0]]), torch.tensor([[3.0]])])
        tensor([[6.]])
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Return the mean of several tensors or symbols, by an `Average` layer.

    Args:
        inputs: A list of tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.average([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[2.]])
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return the largest of several tensors or symbols, by a `Maximum` layer.

    Args:
        inputs: A list of tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.maximum([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[3.]])
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return the smallest of several tensors or symbols, by a `Minimum` layer.

    Args:
        inputs: A list of tensors or symbols.
        **kwargs: The keyword arguments of `Layer`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.minimum([torch.tensor([[1.0]]), torch.tensor([[3.0]])])
        tensor([[1.]])
    """
    return Minimum(**kwargs)(inputs)


def _total(inputs: Sequence[Tensor]) -> Tensor:
    total, *others = inputs
    for x in others:
        total = total + x
    return total


def _extreme(choose: Callable[[Tensor, Tensor], Tensor], inputs: Sequence[Tensor]) -> Tensor:
    """Choose among the inputs; where a mask leaves out one of two, the other is taken."""
    chosen, *others = inputs
    counts = _wide_mask(chosen)
    for x in others:
        mask = _wide_mask(x)
        candidate = x if mask is None else torch.where(mask, x, chosen)
        if counts is not None:
            chosen = torch.where(counts, chosen, candidate)
        counts = _any_of([counts, mask])
        chosen = choose(chosen, candidate)
    return chosen


def _wide_mask(x: Tensor) -> Tensor | None:
    mask = mask_of(x)
    return None if mask is None else mask.unsqueeze(-1).expand(x.shape)


def _any_of(masks: Sequence[Tensor | None]) -> Tensor | None:
    """Return where any of the masks counts; `None` if one is missing."""
    known = [mask for mask in masks if mask is not None]
    if len(known) < len(masks):
        return None
    either, *others = known
    for mask in others:
        either = torch.logical_or(either, mask)
    return either
