"""Tensors that carry a mask, as Keras's `_keras_mask` does.

The mask rides on a subclass, so a plain tensor never pays for it: `type(x) is Tensor` says that
there is none. Every torch function on a masked tensor gives a plain one; layers pass masks on.
"""

from typing import Any

import torch
from torch import Tensor


class Masked(Tensor):
    """A tensor with a boolean mask in `_keras_mask`, `True` where a step counts."""

    _keras_mask: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return repr(self.as_subclass(Tensor))


def with_mask(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return `x` carrying `mask`, or plain if `mask` is `None`."""
    if mask is None:
        return plain(x)
    # Tensors of tracers (compile, export, shape inference) take the attribute, and no subclass.
    traced = torch.compiler.is_compiling() or type(x) not in (Tensor, Masked)
    masked = x.view_as(x) if traced else x.as_subclass(Masked)
    masked._keras_mask = mask  # type: ignore[attr-defined]
    return masked


def plain(x: Tensor) -> Tensor:
    """Return `x` without its mask."""
    if isinstance(x, Masked):
        return x.as_subclass(Tensor)
    return x if mask_of(x) is None else x.view_as(x)  # a tracer's tensor


def mask_of(x: Any) -> Tensor | None:
    """Return the mask that `x` carries, or `None`."""
    return getattr(x, "_keras_mask", None)
