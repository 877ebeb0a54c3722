"""What the layers that merge several inputs share: shapes that broadcast, masks, errors."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.compiler import is_dynamo_compiling

from torchkeras._base.dtypes import NAMES, is_float, to_torch
from torchkeras._base.messages import show
from torchkeras._state.masked import mask_of
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base import calling
from torchkeras.layers.layer import Layer

Shape = tuple[int | None, ...]


class Merge(Layer):
    """A layer that makes one tensor of several, entry by entry; sizes of 1 are broadcast."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.forward = _with_short_cut(cls.forward)

    def build(self, input_shape: Any) -> None:
        check_list(self, input_shape)
        merged_shape(input_shape, self.name)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) must be called on a list of inputs. "
                f"Received: inputs={show(inputs)}."
            )
        ranks = [x.dim() for x in inputs]
        rank = max(ranks)
        if min(ranks) != rank:
            inputs = [_with_rank(x, rank) for x in inputs]
        return self._merge(inputs)

    def _merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """Merge tensors with the same number of axes."""
        raise NotImplementedError

    def finish_call(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        """Remember what a list of plain tensors looked like, for the short cut."""
        if previous_mask is None and self._may_cut_short:
            object.__setattr__(self, "_seen_dtype", inputs[0].dtype)
            object.__setattr__(self, "_seen_ndim", inputs[0].dim())
        return super().finish_call(inputs, previous_mask, outputs)

    def looks_known(self, inputs: list[Any]) -> bool:
        """Whether inputs are plain tensors of the dtype and number of axes seen before."""
        dtype, rank = self._seen_dtype, self._seen_ndim
        for x in inputs:
            if type(x) is not Tensor or x.dtype is not dtype or x.dim() != rank:
                return False
            if is_dynamo_compiling() and mask_of(x) is not None:
                return False
        return True

    def compute_output_spec(self, inputs: Any) -> Any:
        if not self.built:
            self.build_for((inputs,), {})
        shapes = [tuple(x.shape) for x in inputs]
        return KerasTensor(self._merged_shape(shapes), self._merged_dtype(inputs))

    def _merged_shape(self, shapes: list[Shape]) -> Shape:
        return merged_shape(shapes, self.name)

    def _merged_dtype(self, inputs: Any) -> str:
        names = [x.dtype for x in inputs]
        if any(is_float(name) for name in names):
            return self.compute_dtype
        dtype = to_torch(names[0])
        for name in names[1:]:
            dtype = torch.promote_types(dtype, to_torch(name))
        return NAMES[dtype]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        masks = checked_masks(inputs, previous_mask)
        known = [mask for mask in masks if mask is not None]
        if not known or len(known) < len(masks):
            return None
        first, *others = known
        for mask in others:
            first = torch.logical_or(first, mask)
        return first


def checked_masks(inputs: Any, masks: Any) -> list[Tensor | None]:
    """Return the masks of several inputs as tensors; nothing if there are none."""
    if masks is None:
        return []
    for argument, value in (("inputs", inputs), ("previous_mask", masks)):
        if not isinstance(value, (list, tuple)):
            raise ValueError(
                f"`{argument}` must be a list, as the layer has several inputs. "
                f"Received: {show(value)}."
            )
    if len(inputs) != len(masks):
        raise ValueError(
            "`previous_mask` must have a mask, or None, for each of the inputs. "
            f"Received: {len(masks)} masks for {len(inputs)} inputs."
        )
    return [None if mask is None else as_mask(mask) for mask in masks]


def as_mask(mask: Any) -> Tensor:
    """Return a mask, which may be an array or a variable, as a tensor."""
    found = getattr(mask, "value", mask)
    return found if isinstance(found, Tensor) else torch.as_tensor(found)


def _with_short_cut(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `forward` that goes straight to `call` with inputs like those seen before."""

    @functools.wraps(forward)
    def run(self: Merge, *args: Any, **kwargs: Any) -> Any:
        inputs = args[0] if len(args) == 1 and not kwargs else None
        if type(inputs) is not list or not self.looks_known(inputs):
            return forward(self, *args, **kwargs)
        try:
            return self.call(inputs)
        except Exception as error:
            calling.explain(self, (inputs,), error)
            raise

    return run


def check_list(layer: Layer, input_shape: Any, count: int | None = None) -> None:
    """Raise a `ValueError` if a layer was not called on a list of inputs (`count` of them)."""
    shapes = input_shape if isinstance(input_shape, (list, tuple)) else ()
    is_list = bool(shapes) and all(isinstance(shape, (list, tuple)) for shape in shapes)
    if not is_list or (count is not None and len(shapes) != count):
        wanted = "at least 1 input" if count is None else f"exactly {count} inputs"
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) must be called on a list of {wanted}. "
            f"Received inputs of shape {input_shape}."
        )


def merged_shape(shapes: Sequence[Any], layer_name: str) -> Shape:
    """Return the shape that comes out when tensors with equal batches are broadcast.

    Raises:
        ValueError: If batches or other sizes differ.
    """
    batches = {shape[0] for shape in shapes if shape} - {None}
    if len(batches) > 1:
        raise ValueError(
            f"Layer {layer_name!r} cannot merge inputs with different batch sizes. "
            f"Received inputs of shapes {list(shapes)}."
        )
    merged: list[int | None] = []
    for shape in shapes:
        sample = list(shape[1:])
        short, long = sorted((merged, sample), key=len)
        padded = [1] * (len(long) - len(short)) + short
        if any(
            a != b and 1 not in (a, b) and None not in (a, b)
            for a, b in zip(padded, long, strict=True)
        ):
            raise ValueError(
                f"Layer {layer_name!r} cannot merge inputs whose shapes do not broadcast: sizes "
                f"must be equal or 1. Received inputs of shapes {list(shapes)}."
            )
        merged = [_joint_size(a, b) for a, b in zip(padded, long, strict=True)]
    return (batches.pop() if batches else None, *merged)


def _joint_size(first: int | None, second: int | None) -> int | None:
    if first == 1:
        return second
    if second == 1:
        return first
    return None if first is None or second is None else first


def _with_rank(x: Tensor, rank: int) -> Tensor:
    """Add axes of size 1 after the batch."""
    return x[(slice(None), *(None,) * (rank - x.dim()))]
