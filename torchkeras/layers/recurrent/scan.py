"""What the scans over time share: when they may run, and in what pieces.

On a CPU torch runs most recurrent modules as a dozen small differentiable operations a step. A scan
writes into memory made beforehand, with a gradient of its own. Its tensors lie features first,
batch last: every gate of a step is then one piece of memory, and a product is one plain `mm`.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from torchkeras.layers.base.plain import is_traced

# So many numbers of one gate stay in the cache while a piece of the sequence is worked on.
_PIECE = 2**16
_DTYPES = (torch.float32, torch.float64)
_PLAIN = (Tensor, nn.Parameter)


def may_scan(tensors: Sequence[Tensor | None]) -> bool:
    """Say whether plain CPU tensors run as they are: not traced, transformed or cast on the way."""
    dtype = tensors[0].dtype if tensors[0] is not None else None
    return (
        dtype in _DTYPES
        and all(t is None or _is_plain(t, dtype) for t in tensors)
        and not _is_watched()
    )


def _is_plain(tensor: Tensor, dtype: Any) -> bool:
    return (
        type(tensor) in _PLAIN
        and tensor.device.type == "cpu"
        and tensor.dtype is dtype
        and tensor.layout is torch.strided
        and tensor.numel() > 0
    )


def _is_watched() -> bool:
    """Whether somebody between Python and the kernels wants to see differentiable operations."""
    return (
        is_traced()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._functorch.peek_interpreter_stack() is not None
        or forward_ad._current_level >= 0
        or _is_autocast()
    )


def _is_autocast() -> bool:
    known = getattr(torch._C, "_is_any_autocast_enabled", None)
    return bool(torch.is_autocast_cpu_enabled() if known is None else known())


def is_differentiated(tensors: Sequence[Tensor | None]) -> bool:
    """Say whether somebody may ask for gradients."""
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)


def pieces(steps: int, size: int) -> list[slice]:
    """Return the parts of a sequence that are worked on one after the other.

    Args:
        steps: The number of steps.
        size: The numbers of one gate in one step.
    """
    length = max(4, _PIECE // size)
    return [slice(at, min(at + length, steps)) for at in range(0, steps, length)]


def turned(y: Any) -> Any:
    """Return (steps, a, b) as (steps, b, a), each step in one piece of memory; `None` as it is."""
    if y is None:
        return None
    y = y.transpose(1, 2)
    return y if y.is_contiguous() else y.transpose(1, 2).contiguous().transpose(1, 2).contiguous()


def before(y_THB: Tensor, first_HB: Tensor, piece: slice) -> Tensor:
    """Return the states that the steps of a piece start with."""
    if piece.start:
        return y_THB[piece.start - 1 : piece.stop - 1]
    return torch.cat([first_HB.unsqueeze(0), y_THB[: piece.stop - 1]])


def repeated(matrix: Tensor, piece: slice) -> Tensor:
    """Return a matrix once for each step of a piece."""
    return matrix.expand(piece.stop - piece.start, -1, -1)


def project(gates_TGB: Tensor, x_TFB: Tensor, w_GF: Tensor, bias_G1: Tensor | None) -> None:
    """Fill in what the inputs of several steps add to the gates.

    Args:
        gates_TGB: What is filled.
        x_TFB: The inputs.
        w_GF: The kernel.
        bias_G1: The bias, or `None`.
    """
    w_TGF = w_GF.expand(len(x_TFB), -1, -1)
    if bias_G1 is None:
        torch.bmm(w_TGF, x_TFB, out=gates_TGB)
    else:
        torch.baddbmm(bias_G1, w_TGF, x_TFB, out=gates_TGB)


class Sums:
    """The gradients of a recurrent layer's weights, gathered piece by piece."""

    def __init__(self, weights: Sequence[Tensor], needed: Sequence[bool]) -> None:
        self.found = [
            torch.zeros_like(weight) if wanted else None
            for weight, wanted in zip(weights, needed, strict=True)
        ]
        self._biased = any(grad is not None for grad in self.found[2:])

    def add_recurrent(self, d_TGB: Tensor, h_THB: Tensor) -> None:
        """Add what the gradients of the recurrent part say.

        Args:
            d_TGB: They.
            h_THB: The states before each step.
        """
        self._add(1, d_TGB, h_THB.transpose(1, 2))

    def add_input(self, d_TGB: Tensor, x_TBF: Tensor) -> None:
        """Add what the gradients of the input part say.

        Args:
            d_TGB: They.
            x_TBF: The inputs.
        """
        self._add(0, d_TGB, x_TBF)

    def _add(self, index: int, d_TGB: Tensor, other_TBX: Tensor) -> None:
        matrix, bias = self.found[index], self.found[2 + index] if self._biased else None
        if matrix is not None:
            matrix.addbmm_(d_TGB, other_TBX)
        if bias is not None:
            bias.add_(d_TGB.sum((0, 2)))


def gradients_of(
    outputs: Sequence[Tensor], given: Sequence[Any], inputs: Sequence[Any], needed: Sequence[bool]
) -> tuple[Any, ...]:
    """Return the gradients of the inputs that need one, themselves differentiable.

    Args:
        outputs: What was computed.
        given: The gradients of it, or `None` where nobody asks.
        inputs: What it was computed from.
        needed: Which of them need a gradient.
    """
    asked = [(y, d_y) for y, d_y in zip(outputs, given, strict=True) if d_y is not None]
    wanted = [x for x, is_needed in zip(inputs, needed, strict=True) if is_needed]
    if not asked:
        return (None,) * len(needed)
    made = torch.autograd.grad(
        [y for y, _ in asked],
        wanted,
        [d_y for _, d_y in asked],
        create_graph=True,
        allow_unused=True,
    )
    found = iter(made)
    return tuple(next(found) if is_needed else None for is_needed in needed)
