"""Functions that move values without changing them: shapes and axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.dtypes import TORCH_DTYPES, standardize_dtype
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, dim, dims


@op
def reshape(x: Any, newshape: Any) -> Tensor:
    """Return the values in another shape, one size of which may be -1.

    Args:
        x: A tensor.
        newshape: The shape.

    Raises:
        ValueError: If a size is negative, or -1 (or `None`) stands in it more than once.

    Example:
        >>> from torchkeras import ops
        >>> ops.reshape([1, 2, 3, 4], (2, -1)).tolist()
        [[1, 2], [3, 4]]
    """
    sizes = (
        (newshape,)
        if hasattr(newshape, "__index__") and not getattr(newshape, "ndim", 0)
        else tuple(newshape)
    )
    sizes = tuple(-1 if size is None else size for size in sizes)
    numbers = [size for size in sizes if isinstance(size, int)]
    if numbers.count(-1) > 1 or any(number < -1 for number in numbers):
        raise ValueError(
            "`newshape` must hold sizes from 0, and -1 at most once. Received: "
            f"newshape={newshape}."
        )
    return tensor(x).reshape(sizes)


@op
def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """Return the tensor with its axes in another order, reversed if none is given.

    Args:
        x: A tensor.
        axes: The order.

    Example:
        >>> from torchkeras import ops
        >>> ops.transpose([[1, 2], [3, 4]]).tolist()
        [[1, 3], [2, 4]]
    """
    value = tensor(x)
    return value.permute(tuple(reversed(range(value.dim()))) if axes is None else tuple(axes))


@op
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """Return the tensor with new axes of size 1.

    Args:
        x: A tensor.
        axis: Where the new axes are in the result.

    Raises:
        ValueError: If the result has no such axis.

    Example:
        >>> from torchkeras import ops
        >>> ops.expand_dims([1, 2], (0, -1)).shape
        torch.Size([1, 2, 1])
    """
    value = tensor(x)
    if not isinstance(axis, (int, tuple, list)):
        raise ValueError(
            f"`axis` must be a whole number, or a tuple or list of them. Received: axis={axis!r}."
        )
    places = (axis,) if isinstance(axis, int) else axis
    rank = value.dim() + len(places)
    for place in sorted(dim(place, rank) for place in places):
        value = value.unsqueeze(place)
    return value


@op
def squeeze(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Return the tensor without axes of size 1.

    Args:
        x: A tensor.
        axis: Which axes; all of size 1 if not given.

    Raises:
        ValueError: If a named axis has another size.

    Example:
        >>> from torchkeras import ops
        >>> ops.squeeze([[1, 2]]).tolist()
        [1, 2]
    """
    value = tensor(x)
    if axis is None:
        return value.squeeze()
    axes = dims(value, axis)
    if any(value.shape[a] != 1 for a in axes):
        raise ValueError(
            "`axis` must name axes of size 1. Received: "
            f"axis={axis} for shape {tuple(value.shape)}."
        )
    return value.squeeze(axes)


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """Return the tensor repeated as a whole.

    Args:
        x: A tensor.
        repeats: How often, for each axis.

    Example:
        >>> from torchkeras import ops
        >>> ops.tile([1, 2], 2).tolist()
        [1, 2, 1, 2]
    """
    counts = (repeats,) if isinstance(repeats, int) else tuple(int(n) for n in repeats)
    return torch.tile(tensor(x), counts)


@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Return the tensor with each value repeated in place.

    Args:
        x: A tensor.
        repeats: How often, for all values or for each.
        axis: The axis; the flat tensor if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.repeat([1, 2], 2).tolist()
        [1, 1, 2, 2]
    """
    value = tensor(x)
    if axis is None:
        value, axis = value.reshape(-1), 0
    if isinstance(repeats, Tensor):
        return torch.repeat_interleave(value, repeats.to(value.device).reshape(-1), dim=axis)
    numbers = repeats.ravel().tolist() if isinstance(repeats, np.ndarray) else repeats
    if hasattr(numbers, "__index__") or len(numbers) == 1:
        once = numbers.__index__() if hasattr(numbers, "__index__") else int(numbers[0])
        return torch.repeat_interleave(value, once, dim=axis)
    counts = beside(numbers, value).long()
    return torch.repeat_interleave(value, counts, dim=axis, output_size=sum(numbers))


@op
def flip(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Return the tensor reversed along axes, all if none is given.

    Args:
        x: A tensor.
        axis: The axes.

    Example:
        >>> from torchkeras import ops
        >>> ops.flip([1, 2, 3]).tolist()
        [3, 2, 1]
    """
    value = tensor(x)
    return torch.flip(value, dims(value, axis))


@op
def fliplr(x: Any) -> Tensor:
    """Return the tensor reversed along its second axis.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.fliplr([[1, 2], [3, 4]]).tolist()
        [[2, 1], [4, 3]]
    """
    value = tensor(x)
    if value.dim() < 2:
        raise ValueError(f"`x` must have at least two axes. Received: x={show(value)}.")
    return torch.fliplr(value)


@op
def flipud(x: Any) -> Tensor:
    """Return the tensor reversed along its first axis.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.flipud([[1, 2], [3, 4]]).tolist()
        [[3, 4], [1, 2]]
    """
    value = tensor(x)
    if not value.dim():
        raise ValueError(f"`x` must have at least one axis. Received: x={show(value)}.")
    return torch.flipud(value)


@op
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Return the tensor turned by so many right angles, from the first axis towards the second.

    Args:
        array: A tensor.
        k: How many right angles.
        axes: The two axes of the plane.

    Raises:
        ValueError: If there are no two such axes.

    Example:
        >>> from torchkeras import ops
        >>> ops.rot90([[1, 2], [3, 4]]).tolist()
        [[2, 4], [1, 3]]
    """
    value = tensor(array)
    plane = dims(value, axes) if value.dim() > 1 else ()
    if len(plane) != 2 or plane[0] == plane[1]:
        raise ValueError(
            "`axes` must be two different axes of `array`. Received: "
            f"axes={axes}, array={show(value)}."
        )
    return torch.rot90(value, k, plane)


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Return the tensor with values moved along axes, the last ones coming first.

    Args:
        x: A tensor.
        shift: How far, along all axes or along each.
        axis: The axes; the flat tensor if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.roll([1, 2, 3], 1).tolist()
        [3, 1, 2]
    """
    if isinstance(axis, (list, tuple)) and isinstance(shift, int):
        shift = [shift] * len(axis)
    return torch.roll(tensor(x), shift, axis)


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Return the tensor with axes moved to other places.

    Args:
        x: A tensor.
        source: The axes.
        destination: Their places.

    Example:
        >>> from torchkeras import ops
        >>> ops.moveaxis(ops.ones((2, 3, 4)), 0, -1).shape
        torch.Size([3, 4, 2])
    """
    return torch.movedim(tensor(x), source, destination)


@op
def view(x: Any, dtype: Any = None) -> Tensor:
    """Return the same memory read as another dtype; the last axis grows or shrinks with its size.

    Args:
        x: A tensor.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.view([1.0], "int32").tolist()
        [1065353216]
    """
    value = tensor(x)
    wanted = TORCH_DTYPES[standardize_dtype(dtype)]  # whose bits count
    return value if value.dtype is wanted else value.view(wanted)


def ndim(x: Any) -> int:
    """Return the number of axes.

    Args:
        x: A tensor or symbol.

    Example:
        >>> from torchkeras import ops
        >>> ops.ndim([[1, 2]])
        2
    """
    return len(x.shape) if hasattr(x, "shape") else tensor(x).dim()


@op
def size(x: Any) -> Tensor:
    """Return the number of values, as an int64 tensor.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.size([[1, 2], [3, 4]]).item()
        4
    """
    value = tensor(x)
    return torch.full((), value.numel(), dtype=torch.int64, device=value.device)


@op
def ravel(x: Any) -> Tensor:
    """Return the values as a vector.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.ravel([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return tensor(x).reshape(-1)


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Return the tensor with two axes exchanged.

    Args:
        x: A tensor.
        axis1: One axis.
        axis2: The other.

    Example:
        >>> from torchkeras import ops
        >>> ops.swapaxes(ops.ones((2, 3, 4)), 0, 1).shape
        torch.Size([3, 2, 4])
    """
    return tensor(x).transpose(axis1, axis2)


@op
def broadcast_to(x: Any, shape: Sequence[int]) -> Tensor:
    """Return the tensor broadcast to a shape.

    Args:
        x: A tensor.
        shape: The shape.

    Example:
        >>> from torchkeras import ops
        >>> ops.broadcast_to([1, 2], (2, 2)).tolist()
        [[1, 2], [1, 2]]
    """
    return tensor(x).broadcast_to((shape,) if isinstance(shape, int) else tuple(shape))
