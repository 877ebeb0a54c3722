"""Conversion, dtypes and shapes of tensors, blocks and scattered places of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.dtypes import standardize_dtype, to_torch
from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor
from torchkeras._state.variable import Variable
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import UnknownSizeError, is_unknown

from .operands import beside, dim


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """Return `x` as a tensor.

    Args:
        x: A number, nested list, array, tensor or variable.
        dtype: The dtype; that of `x` if not given (`floatx()` for Python's floats, int32 for ints).
        sparse: Not possible on torch.
        ragged: Not possible on torch.

    Example:
        >>> from torchkeras import ops
        >>> ops.convert_to_tensor([1, 2], dtype="float32").tolist()
        [1.0, 2.0]
    """
    if sparse or ragged:
        raise ValueError(
            "Sparse and ragged tensors do not exist on torch. "
            f"Received: sparse={sparse}, ragged={ragged}."
        )
    made = tensor(x)
    return made if dtype is None else cast(made, dtype)


def convert_to_numpy(x: Any) -> "np.ndarray[Any, Any]":
    """Return a tensor's values as a NumPy array of its own.

    Args:
        x: A tensor, variable, array or number, or a list of them.

    Example:
        >>> from torchkeras import ops
        >>> ops.convert_to_numpy(ops.ones(2))
        array([1., 1.], dtype=float32)
    """
    if isinstance(x, Variable):
        return x.numpy()
    if isinstance(x, (list, tuple)):
        return np.array([convert_to_numpy(item) for item in x])
    if not isinstance(x, Tensor):
        return np.array(x)
    host = x.detach().cpu().resolve_conj().as_subclass(Tensor)
    host = host.float() if host.dtype == torch.bfloat16 else host
    return np.array(host.numpy())


def is_tensor(x: Any) -> bool:
    """Say whether `x` is a torch tensor; a symbol is none.

    Args:
        x: Anything.

    Example:
        >>> from torchkeras import ops
        >>> ops.is_tensor(ops.ones(2)), ops.is_tensor([1, 1])
        (True, False)
    """
    return isinstance(x, Tensor)


@op
def cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` in another dtype.

    Args:
        x: A tensor.
        dtype: The dtype.

    Example:
        >>> from torchkeras import ops
        >>> ops.cast([1.7, -1.7], "int32").tolist()
        [1, -1]
    """
    return tensor(x).to(to_torch(dtype))


def dtype(x: Any) -> str:
    """Return the name of a tensor's dtype.

    Args:
        x: A tensor, symbol, variable or array.

    Example:
        >>> from torchkeras import ops
        >>> ops.dtype(ops.ones(2))
        'float32'
    """
    return standardize_dtype(x.dtype)


def shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape of a tensor as a tuple; unknown sizes of symbols are `None`.

    Args:
        x: A tensor, symbol, variable or array.

    Example:
        >>> from torchkeras import ops
        >>> ops.shape(ops.ones((2, 3)))
        (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else tuple(np.shape(x))


@op
def stop_gradient(variable: Any) -> Tensor:
    """Return a tensor through which no gradient flows.

    Args:
        variable: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.stop_gradient([1.0]).requires_grad
        False
    """
    return tensor(variable).detach()


@op
def copy(x: Any) -> Tensor:
    """Return a copy of a tensor.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.copy([1, 2]).tolist()
        [1, 2]
    """
    return tensor(x).clone()


@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices of a tensor along an axis, without that axis.

    Args:
        x: A tensor.
        num: How many slices there are; only symbols of unknown size along the axis need it.
        axis: The axis.

    Raises:
        ValueError: If a symbol's size along the axis is unknown, and `num` is not given.

    Example:
        >>> from torchkeras import ops
        >>> [row.tolist() for row in ops.unstack([[1, 2], [3, 4]])]
        [[1, 2], [3, 4]]
    """
    value = tensor(x)
    axis = dim(axis, value.dim())
    if not is_unknown(value.shape[axis]):
        return value.unbind(axis)
    if num is None:
        raise UnknownSizeError(f"`num` must be given where the size of axis {axis} is not known.")
    return value.narrow(axis, 0, num).unbind(axis)


@op
def slice(inputs: Any, start_indices: Any, shape: Sequence[int]) -> Tensor:
    """Return the block of a tensor that begins at `start_indices` and has a given shape.

    Args:
        inputs: A tensor.
        start_indices: Where the block begins, for each axis; numbers or a tensor of them.
        shape: The block's size, for each axis; -1 for all that is left, after a number.

    Raises:
        ValueError: If these are not as many as there are axes.

    Example:
        >>> from torchkeras import ops
        >>> ops.slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2)).tolist()
        [[2, 3], [5, 6]]
    """
    block = tensor(inputs)
    starts, sizes = _starts(start_indices), tuple(int(size) for size in shape)
    if not block.dim() == len(starts) == len(sizes):
        raise ValueError(
            f"`start_indices` and `shape` must have one number for each of {block.dim()} axes. "
            f"Received: start_indices={start_indices}, shape={shape}."
        )
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        if isinstance(start, Tensor) and size != -1:
            block = block.index_select(axis, torch.arange(size, device=block.device) + start)
        else:
            start = int(start)
            left = block.shape[axis] - start % max(block.shape[axis], 1)
            block = block.narrow(axis, start, left if size == -1 else size)
    return block


@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """Return a copy of a tensor with a block replaced.

    Args:
        inputs: A tensor.
        start_indices: Where the block begins, for each axis; numbers or a tensor of them.
        updates: The block.

    Raises:
        ValueError: If these have not as many axes as the tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.slice_update([1, 2, 3, 4], (1,), [7, 8]).tolist()
        [1, 7, 8, 4]
    """
    result = tensor(inputs)
    block, starts = beside(updates, result).to(result.dtype), _starts(start_indices)
    if not result.dim() == block.dim() == len(starts):
        raise ValueError(
            f"`start_indices` and the axes of `updates` must be {result.dim()}, as many as the "
            f"axes of `inputs`. Received: start_indices={start_indices}, updates of shape "
            f"{tuple(block.shape)}."
        )
    places = [
        (torch.arange(size, device=result.device) + start).reshape(-1, *[1] * (block.dim() - 1 - i))
        for i, (start, size) in enumerate(zip(starts, block.shape, strict=True))
    ]
    return result.index_put(tuple(places), block)


@op
def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Tensor:
    """Return zeros of a shape with `values` added at `indices`.

    Args:
        indices: `(n, axes)` indices.
        values: `(n, ...)` values.
        shape: The result's shape.

    Example:
        >>> from torchkeras import ops
        >>> ops.scatter([[0], [2], [2]], [1, 2, 3], (4,)).tolist()
        [1, 0, 5, 0]
    """
    values = tensor(values)
    result = torch.zeros(tuple(shape), dtype=values.dtype, device=values.device)
    places = tuple(beside(indices, values).to(values.device, torch.long).unbind(-1))
    return result.index_put(places, values, accumulate=True)


@op
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return a copy of a tensor with values at indices replaced, or combined with new ones.

    Args:
        inputs: A tensor.
        indices: `(n, axes)` indices.
        updates: `(n, ...)` values.
        reduction: `None` to replace, or `"add"`, `"mul"`, `"min"` or `"max"` to combine.

    Example:
        >>> from torchkeras import ops
        >>> ops.scatter_update([1, 2, 3], [[0], [2]], [7, 8], reduction="add").tolist()
        [8, 2, 11]
    """
    base = tensor(inputs)
    places = beside(indices, base).to(base.device, torch.long)
    new = beside(updates, base).to(base.dtype)
    how = reduction.lower() if isinstance(reduction, str) else reduction
    one_of("reduction", how, (None, "add", *_REDUCTIONS))
    if how in (None, "add"):
        return base.index_put(tuple(places.unbind(-1)), new, accumulate=how == "add")
    return _scatter_reduce(base, places, new, _REDUCTIONS[how])


_REDUCTIONS = {"mul": "prod", "min": "amin", "max": "amax"}


def _scatter_reduce(base: Tensor, places: Tensor, new: Tensor, how: str) -> Tensor:
    """Combine rows of the leading, indexed axes by a flat index."""
    depth = places.shape[-1]
    flat = torch.zeros(places.shape[:-1], dtype=torch.long, device=base.device)
    for axis in range(depth):
        flat = flat * base.shape[axis] + places[..., axis]
    rows = base.reshape(-1, *base.shape[depth:])
    values = new.reshape(-1, *base.shape[depth:])
    index = flat.reshape(-1, *[1] * (values.dim() - 1)).expand_as(values)
    combined = rows.scatter_reduce(0, index, values, how)
    return combined.reshape(base.shape)


def _starts(start_indices: Any) -> tuple[Any, ...]:
    """Return where a block begins, for each axis: a number, or a tensor that nobody must read."""
    starts = start_indices if isinstance(start_indices, (list, tuple, Tensor)) else [*start_indices]
    return tuple(start if isinstance(start, Tensor) else int(start) for start in starts)
