"""Operations that torch cannot write as ONNX, in simpler ones."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

_ATEN = torch.ops.aten


def in_onnx_forms(program: ExportedProgram) -> ExportedProgram:
    """Return a program in which the operations of the table are taken apart.

    Args:
        program: The program.
    """
    found = {n.target for n in program.graph.nodes if n.op == "call_function" and _is_known(n)}
    table = {target: _FORMS[target] for target in found}
    return program.run_decompositions(table) if table else program


def _is_known(node: torch.fx.Node) -> bool:
    """Say whether the table has an operation, of which nobody asks for positions of the largest."""
    if node.target not in _FORMS:
        return False
    parts = [user for user in node.users if user.target is operator.getitem]
    return not any(part.args[1] == 1 and part.users for part in parts)


def _largest(x: Tensor, output_size: Sequence[int]) -> tuple[Tensor, Tensor]:
    pooled = _pooled(x, output_size, torch.amax)
    return pooled, torch.zeros_like(pooled, dtype=torch.int64)


def _mean(x: Tensor, output_size: Sequence[int]) -> Tensor:
    return _pooled(x, output_size, torch.mean)


def _pooled(x: Tensor, output_size: Sequence[int], reduce: Callable[..., Tensor]) -> Tensor:
    """Cut the windows out and reduce one axis after the other, as a window has sides."""
    for dim, count in enumerate(output_size, start=x.dim() - len(output_size)):
        size = int(x.shape[dim])
        bounds = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        pieces = [reduce(x.narrow(dim, a, b - a), dim=dim, keepdim=True) for a, b in bounds]
        x = torch.cat(pieces, dim)
    return x


def _searchsorted(
    keys: Tensor,
    x: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Search in halves; the number of steps is known, as the number of keys is."""
    if keys.dim() != 1 or sorter is not None:
        return NotImplemented
    count, found = int(keys.shape[0]), torch.zeros_like(x, dtype=torch.int64)
    step = 1 << count.bit_length() >> 1
    while step:
        further = found + step
        key = keys[(further - 1).clamp(max=count - 1)]
        below = key <= x if right or side == "right" else key < x
        found = torch.where((further <= count) & below, further, found)
        step >>= 1
    return found.to(torch.int32) if out_int32 else found


_FORMS: dict[Any, Callable[..., Any]] = {
    _ATEN.adaptive_max_pool2d.default: _largest,
    _ATEN.adaptive_max_pool3d.default: _largest,
    _ATEN._adaptive_avg_pool3d.default: _mean,
    _ATEN.adaptive_avg_pool3d.default: _mean,
    _ATEN.searchsorted.Tensor: _searchsorted,
}
