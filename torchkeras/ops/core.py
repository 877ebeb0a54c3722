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
from torchkeras._symbolic.spec import Spec


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """Return `x` as a tensor.

    Args:
        x: A number, nested list, array, tensor or variable.
        dtype: The dtype; that of `x` if not given (`floatx()` for Python's floats, int32 for ints).
        sparse: Not possible on torch.
        ragged: Not possible on torch.
    """
    if sparse or ragged:
        raise ValueError("Sparse and ragged tensors do not exist on torch.")
    made = tensor(x)
    return made if dtype is None else cast(made, dtype)


def convert_to_numpy(x: Any) -> "np.ndarray[Any, Any]":
    """Return a tensor's values as a NumPy array.

    Args:
        x: A tensor, variable, array or number.
    """
    if isinstance(x, Variable):
        return x.numpy()
    if not isinstance(x, Tensor):
        return np.asarray(x)
    host = x.detach().cpu().resolve_conj().as_subclass(Tensor)
    host = host.float() if host.dtype == torch.bfloat16 else host
    array: np.ndarray[Any, Any] = host.numpy()
    return array


def is_tensor(x: Any) -> bool:
    """Say whether `x` is a torch tensor or a symbol.

    Args:
        x: Anything.
    """
    return isinstance(x, (Tensor, Spec))


@op
def cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` in another dtype.

    Args:
        x: A tensor.
        dtype: The dtype.
    """
    return tensor(x).to(to_torch(dtype))


def dtype(x: Any) -> str:
    """Return the name of a tensor's dtype.

    Args:
        x: A tensor, symbol, variable or array.
    """
    return standardize_dtype(x.dtype)


def shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape of a tensor as a tuple; unknown sizes of symbols are `None`.

    Args:
        x: A tensor, symbol, variable or array.
    """
    return tuple(x.shape) if hasattr(x, "shape") else tuple(np.shape(x))


@op
def stop_gradient(variable: Any) -> Tensor:
    """Return a tensor through which no gradient flows.

    Args:
        variable: A tensor.
    """
    return tensor(variable).detach()


@op
def copy(x: Any) -> Tensor:
    """Return a copy of a tensor.

    Args:
        x: A tensor.
    """
    return tensor(x).clone()


@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices of a tensor along an axis, without that axis.

    Args:
        x: A tensor.
        num: How many slices there are; checked by torch.
        axis: The axis.
    """
    return tensor(x).unbind(axis)


@op
def slice(inputs: Any, start_indices: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Return the block of a tensor that begins at `start_indices` and has a given shape.

    Args:
        inputs: A tensor.
        start_indices: Where the block begins, for each axis.
        shape: The block's size, for each axis.
    """
    block = tensor(inputs)
    for axis, (start, size) in enumerate(zip(start_indices, shape, strict=True)):
        block = block.narrow(axis, int(start), int(size))
    return block


@op
def slice_update(inputs: Any, start_indices: Sequence[int], updates: Any) -> Tensor:
    """Return a copy of a tensor with a block replaced.

    Args:
        inputs: A tensor.
        start_indices: Where the block begins, for each axis.
        updates: The block.
    """
    result, block = tensor(inputs).clone(), tensor(updates)
    place = tuple(
        np.s_[int(start) : int(start) + size]
        for start, size in zip(start_indices, block.shape, strict=True)
    )
    result[place] = block.to(result.dtype)
    return result


@op
def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Tensor:
    """Return zeros of a shape with `values` added at `indices`.

    Args:
        indices: `(n, axes)` indices.
        values: `(n, ...)` values.
        shape: The result's shape.
    """
    values = tensor(values)
    result = torch.zeros(tuple(shape), dtype=values.dtype, device=values.device)
    places = tuple(tensor(indices).long().unbind(-1))
    return result.index_put(places, values, accumulate=True)


@op
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return a copy of a tensor with values at indices replaced, or combined with new ones.

    Args:
        inputs: A tensor.
        indices: `(n, axes)` indices.
        updates: `(n, ...)` values.
        reduction: `None` to replace, or `"add"`, `"mul"`, `"min"` or `"max"` to combine.
    """
    base = tensor(inputs)
    places, new = tensor(indices).long(), tensor(updates).to(base.dtype)
    one_of("reduction", reduction, (None, "add", *_REDUCTIONS))
    if reduction in (None, "add"):
        return base.index_put(tuple(places.unbind(-1)), new, accumulate=reduction == "add")
    return _scatter_reduce(base, places, new, _REDUCTIONS[reduction])


_REDUCTIONS = {"mul": "prod", "min": "amin", "max": "amax"}


def _scatter_reduce(base: Tensor, places: Tensor, new: Tensor, how: str) -> Tensor:
    """Combine rows of the leading, indexed axes by a flat index."""
    depth = places.shape[-1]
    flat = torch.zeros(places.shape[:-1], dtype=torch.long, device=base.device)
    for axis in range(depth):
        flat = flat * base.shape[axis] + places[..., axis]
    rows = base.reshape(-1, *base.shape[depth:])
    combined = rows.index_reduce(0, flat.reshape(-1), new.reshape(-1, *base.shape[depth:]), how)
    return combined.reshape(base.shape)
