"""What losses and metrics are given, as tensors of one dtype, device and rank."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.device import device
from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor


def to_tensor(x: Any, dtype: torch.dtype | None = None, like: Any = None) -> Tensor:
    """Return `x` as a tensor of `dtype`, if given, on the device of `like`, if that has one."""
    if not isinstance(like, Tensor):
        x = tensor(x)
    elif not isinstance(x, Tensor):
        with device(like.device):
            x = tensor(x)
    elif x.device != like.device:
        return x.to(like.device, dtype)
    return x if dtype is None or x.dtype is dtype else x.to(dtype)


def to_tensors(x: Any, dtype: torch.dtype | None, like: Any = None) -> Any:
    """Convert `x`, or each array of a nested structure; nested lists of numbers are one array."""

    def convert(node: Any) -> Tensor | None:
        is_structure = tree.is_nested(node) and not _holds_numbers(node)
        return None if is_structure else to_tensor(node, dtype, like)

    return convert(x) if isinstance(x, Tensor) else tree.traverse(convert, x)


def _holds_numbers(x: Any) -> bool:
    """Say whether a container is a list of Python's numbers, nested or not."""
    if not isinstance(x, (list, tuple)):
        return False
    return all(isinstance(leaf, (bool, int, float, complex)) for leaf in tree.flatten(x))


def first_tensor(*structures: Any) -> Tensor | None:
    """Return the first tensor among the leaves of nested structures."""
    leaves = tree.flatten(structures)
    return next((leaf for leaf in leaves if isinstance(leaf, Tensor)), None)


def to_float(x: Any, like: Any = None) -> Tensor:
    """Return `x` as a tensor; integers and booleans become `floatx()`."""
    x = to_tensor(x, like=like)
    return x if x.is_floating_point() or x.is_complex() else x.to(to_torch(None))


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Return both as tensors of the dtype and device of `y_pred`, which is made a float."""
    y_pred = to_float(y_pred, like=y_true)
    return to_tensor(y_true, y_pred.dtype, y_pred), y_pred


def matched(y_true: Any, y_pred: Any, same_rank: bool = True) -> tuple[Tensor, Tensor]:
    """Return both as tensors that broadcast, a last axis of size 1 squeezed or added if asked."""
    y_true, y_pred = pair(y_true, y_pred)
    if same_rank:
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        _check_broadcast(y_true, y_pred)
    return y_true, y_pred


def squeeze_or_expand_to_same_rank(
    x1: Tensor, x2: Tensor, expand_rank_1: bool = True
) -> tuple[Tensor, Tensor]:
    """Squeeze or add a last axis of size 1 where the ranks of two tensors differ by one."""
    difference = x1.ndim - x2.ndim
    if difference == 1 and x1.shape[-1] == 1:
        return (x1, x2.unsqueeze(-1)) if x2.ndim == 1 and expand_rank_1 else (x1.squeeze(-1), x2)
    if difference == -1 and x2.shape[-1] == 1:
        return (x1.unsqueeze(-1), x2) if x1.ndim == 1 and expand_rank_1 else (x1, x2.squeeze(-1))
    return x1, x2


def alike(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return both with one shape and dtype, or `None` if they have none or are empty."""
    if y_true.shape != y_pred.shape:
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape or y_pred.numel() == 0:
        return None
    return (y_true if y_true.dtype is y_pred.dtype else y_true.to(y_pred.dtype)), y_pred


def _check_broadcast(y_true: Tensor, y_pred: Tensor) -> None:
    if not broadcasts(y_true, y_pred):
        raise ValueError(
            "`y_true` and `y_pred` must have the same shape, or shapes that broadcast. "
            f"Received: {shapes(y_true, y_pred)}."
        )


def broadcasts(x1: Tensor, x2: Tensor) -> bool:
    """Say whether two tensors have shapes that go together in arithmetic."""
    sizes = zip(reversed(x1.shape), reversed(x2.shape), strict=False)
    return all(a == b or a == 1 or b == 1 for a, b in sizes)


def check_same_shape(y_true: Tensor, y_pred: Tensor) -> None:
    """Raise a `ValueError` if the two shapes differ."""
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"`y_true` and `y_pred` must have the same shape. Received: {shapes(y_true, y_pred)}."
        )


def shapes(y_true: Tensor, y_pred: Tensor) -> str:
    """Return the two shapes in words."""
    return f"y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
