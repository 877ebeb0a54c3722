"""Functions that move values without changing them: shapes, axes, joining and splitting."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def reshape(x: Any, newshape: Any) -> Tensor:
    """Return the values in another shape, one size of which may be -1.

    Args:
        x: A tensor.
        newshape: The shape.
    """
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    return tensor(x).reshape([-1 if size is None else size for size in sizes])


@op
def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """Return the tensor with its axes in another order, reversed if none is given.

    Args:
        x: A tensor.
        axes: The order.
    """
    value = tensor(x)
    return value.permute(tuple(axes) if axes else tuple(reversed(range(value.dim()))))


@op
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """Return the tensor with new axes of size 1.

    Args:
        x: A tensor.
        axis: Where the new axes are in the result.
    """
    value = tensor(x)
    if isinstance(axis, int):
        return value.unsqueeze(axis)
    rank = value.dim() + len(axis)
    for place in sorted(a % rank for a in axis):
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
    """
    value = tensor(x)
    if axis is None:
        return value.squeeze()
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(value.shape[a] != 1 for a in axes):
        raise ValueError(
            "`axis` must name axes of size 1. Received: "
            f"axis={axis} for shape {tuple(value.shape)}."
        )
    return value.squeeze(axes)


@op
def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Return tensors joined along an axis.

    Args:
        xs: The tensors.
        axis: The axis.
    """
    return torch.cat([tensor(x) for x in xs], dim=axis)


@op
def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Return tensors joined along a new axis.

    Args:
        x: The tensors.
        axis: Where the new axis goes.
    """
    return torch.stack([tensor(item) for item in x], dim=axis)


@op
def vstack(xs: Sequence[Any]) -> Tensor:
    """Return tensors joined along the first axis, vectors as rows.

    Args:
        xs: The tensors.
    """
    return torch.vstack([tensor(x) for x in xs])


@op
def hstack(xs: Sequence[Any]) -> Tensor:
    """Return tensors joined along the second axis, or the first of vectors.

    Args:
        xs: The tensors.
    """
    return torch.hstack([tensor(x) for x in xs])


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return the pieces of a tensor along an axis.

    Args:
        x: A tensor.
        indices_or_sections: How many equal pieces, or where to cut.
        axis: The axis.

    Raises:
        ValueError: If the axis cannot be cut into so many equal pieces.
    """
    value = tensor(x)
    sections = indices_or_sections
    if isinstance(sections, int) and value.shape[axis] % sections:
        raise ValueError(
            f"Axis {axis} of size {value.shape[axis]} cannot be split into equal parts. Received: "
            f"indices_or_sections={sections}. Give the indices at which to cut."
        )
    cuts = sections if isinstance(sections, int) else tuple(int(i) for i in sections)
    return list(torch.tensor_split(value, cuts, dim=axis))


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """Return the tensor repeated as a whole.

    Args:
        x: A tensor.
        repeats: How often, for each axis.
    """
    return torch.tile(tensor(x), (repeats,) if isinstance(repeats, int) else tuple(repeats))


@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Return the tensor with each value repeated in place.

    Args:
        x: A tensor.
        repeats: How often, for all values or for each.
        axis: The axis; the flat tensor if not given.
    """
    count = repeats if isinstance(repeats, int) else tensor(repeats).long()
    return torch.repeat_interleave(tensor(x), count, dim=axis)


@op
def flip(x: Any, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Return the tensor reversed along axes, all if none is given.

    Args:
        x: A tensor.
        axis: The axes.
    """
    value = tensor(x)
    axes = range(value.dim()) if axis is None else (axis,) if isinstance(axis, int) else axis
    return torch.flip(value, tuple(axes))


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Return the tensor with values moved along axes, the last ones coming first.

    Args:
        x: A tensor.
        shift: How far.
        axis: The axes; the flat tensor if not given.
    """
    return torch.roll(tensor(x), shift, axis)


@op
def ravel(x: Any) -> Tensor:
    """Return the values as a vector.

    Args:
        x: A tensor.
    """
    return tensor(x).reshape(-1)


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Return the tensor with axes moved to other places.

    Args:
        x: A tensor.
        source: The axes.
        destination: Their places.
    """
    return torch.movedim(tensor(x), source, destination)


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Return the tensor with two axes exchanged.

    Args:
        x: A tensor.
        axis1: One axis.
        axis2: The other.
    """
    return tensor(x).transpose(axis1, axis2)


@op
def broadcast_to(x: Any, shape: Sequence[int]) -> Tensor:
    """Return the tensor broadcast to a shape.

    Args:
        x: A tensor.
        shape: The shape.
    """
    return tensor(x).broadcast_to(tuple(shape))


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Return the tensor with values added around it.

    Args:
        x: A tensor.
        pad_width: `(before, after)` for each axis, for all, or one number.
        mode: `"constant"`, `"reflect"`, `"edge"` (or torch's `"replicate"`) or `"wrap"`.
        constant_values: What is added in constant mode; 0 if not given.
    """
    value = tensor(x)
    widths = [(pad_width, pad_width)] if isinstance(pad_width, int) else list(pad_width)
    if len(widths) == 2 and all(isinstance(w, int) for w in widths):
        widths = [tuple(widths)]
    widths = widths * value.dim() if len(widths) == 1 else widths
    names = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    kind = names[one_of("mode", mode, names)]
    flat = [int(n) for before, after in reversed(widths) for n in (before, after)]
    if kind == "constant":
        return F.pad(value, flat, value=0 if constant_values is None else constant_values)
    return _pad_all_axes(value, widths, kind)


def _pad_all_axes(value: Tensor, widths: Sequence[Sequence[int]], kind: str) -> Tensor:
    """Pad axis by axis, as torch's other modes only take the last ones."""
    for axis, (before, after) in enumerate(widths):
        if before or after:
            moved = value.movedim(axis, -1)
            rows = moved.reshape(1, -1, moved.shape[-1])
            padded = F.pad(rows, (int(before), int(after)), mode=kind)
            value = padded.reshape(*moved.shape[:-1], -1).movedim(-1, axis)
    return value
