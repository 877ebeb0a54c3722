"""Functions that join tensors and take them apart."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import is_unknown

from .operands import beside, dim


@op
def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Return tensors joined along an axis.

    Args:
        xs: The tensors.
        axis: The axis.

    Example:
        >>> from torchkeras import ops
        >>> ops.concatenate([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    if axis is None:
        raise ValueError("`axis` must be a whole number. Received: axis=None.")
    return torch.cat(_all(xs), dim=axis)


@op
def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """Return two tensors joined along an axis.

    Args:
        x1: A tensor.
        x2: A tensor.
        axis: The axis; the flat tensors if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.append([1, 2], [[3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    first = tensor(x1)
    second = beside(x2, first)
    if axis is None:
        first, second, axis = first.reshape(-1), second.reshape(-1), 0
    return torch.cat((first, second), dim=axis)


@op
def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Return tensors joined along a new axis.

    Args:
        x: The tensors.
        axis: Where the new axis goes.

    Example:
        >>> from torchkeras import ops
        >>> ops.stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    return torch.stack(_all(x), dim=axis)


@op
def vstack(xs: Sequence[Any]) -> Tensor:
    """Return tensors joined along the first axis, vectors as rows.

    Args:
        xs: The tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.vstack([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
    """
    return torch.vstack(_all(xs))


@op
def hstack(xs: Sequence[Any]) -> Tensor:
    """Return tensors joined along the second axis, or the first of vectors.

    Args:
        xs: The tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.hstack([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return torch.hstack(_all(xs))


@op
def dstack(xs: Sequence[Any]) -> Tensor:
    """Return tensors joined along the third axis, vectors as columns.

    Args:
        xs: The tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.dstack([[1, 2], [3, 4]]).tolist()
        [[[1, 3], [2, 4]]]
    """
    return torch.dstack(_all(xs))


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return the pieces of a tensor along an axis.

    Args:
        x: A tensor.
        indices_or_sections: How many equal pieces, or where to cut.
        axis: The axis.

    Raises:
        ValueError: If the axis cannot be cut into so many equal pieces.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.split([1, 2, 3, 4], 2)]
        [[1, 2], [3, 4]]
    """
    value = tensor(x)
    along = dim(axis, value.dim())
    cuts = _cuts(indices_or_sections)
    size = value.shape[along]
    if isinstance(cuts, int) and size % cuts and not is_unknown(size):
        raise ValueError(
            f"Axis {axis} of size {size} cannot be split into equal parts. Received: "
            f"indices_or_sections={cuts}. Give the indices at which to cut, or use "
            "`ops.array_split`."
        )
    return list(torch.tensor_split(value, cuts, dim=along))


@op
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return the pieces of a tensor along an axis, the first ones larger if they cannot be equal.

    Args:
        x: A tensor.
        indices_or_sections: How many pieces, or where to cut.
        axis: The axis.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.array_split([1, 2, 3], 2)]
        [[1, 2], [3]]
    """
    value = tensor(x)
    cuts = _cuts(indices_or_sections)
    return list(torch.tensor_split(value, cuts, dim=dim(axis, value.dim())))


@op
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return the pieces of a tensor along the second axis, or the first of a vector.

    Args:
        x: A tensor.
        indices_or_sections: How many equal pieces, or where to cut.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.hsplit([[1, 2], [3, 4]], 2)]
        [[[1], [3]], [[2], [4]]]
    """
    value = _of_rank("hsplit", 1, x)
    return split(value, indices_or_sections, 1 if value.dim() > 1 else 0)


@op
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return the pieces of a tensor along the first axis.

    Args:
        x: A tensor.
        indices_or_sections: How many equal pieces, or where to cut.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.vsplit([[1, 2], [3, 4]], 2)]
        [[[1, 2]], [[3, 4]]]
    """
    return split(_of_rank("vsplit", 2, x), indices_or_sections, 0)


@op
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return the pieces of a tensor along the third axis.

    Args:
        x: A tensor.
        indices_or_sections: How many equal pieces, or where to cut.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.dsplit([[[1, 2]]], 2)]
        [[[[1]]], [[[2]]]]
    """
    return split(_of_rank("dsplit", 3, x), indices_or_sections, 2)


def _all(xs: Any) -> list[Tensor]:
    """Return a list of tensors; a tensor is the list of its slices."""
    if isinstance(xs, Tensor):
        return list(xs.unbind(0))
    values = list(xs)
    if not values:
        raise ValueError(f"There must be at least one tensor to join. Received: {xs!r}.")
    like = next((x for x in values if isinstance(x, Tensor)), None)
    return [tensor(x) if like is None else beside(x, like) for x in values]


def _cuts(sections: Any) -> Any:
    """Return a number of pieces, or a tuple of the indices at which they begin."""
    if hasattr(sections, "__index__") and not getattr(sections, "shape", ()):
        return sections.__index__()
    return tuple(int(index) for index in sections)


def _of_rank(function: str, least: int, x: Any) -> Tensor:
    value = tensor(x)
    if value.dim() < least:
        raise ValueError(
            f"`{function}` works on tensors of at least {least} dimensions. Received: "
            f"x={show(value)}."
        )
    return value
