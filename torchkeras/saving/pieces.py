"""Large values, a few rows at a time: laid out in another order without a copy of the whole."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._state.variable import SCOPES, Variable

_Array = np.ndarray[Any, Any]
_PIECE_BYTES = 1 << 22
_TILE = 256
_THREADS = 2


def host_view(value: Any) -> Any:
    """Return a variable or tensor as a plain tensor in the host's memory, in Keras's shape.

    It shares the memory of the parameter where that can be; bfloat16 comes as float32. What is
    neither is returned as it is.

    Args:
        value: A variable, tensor or anything else.
    """
    if isinstance(value, Variable):
        value = value.value
    if not isinstance(value, Tensor):
        return value
    plain = value.detach().as_subclass(Tensor)
    host = plain if plain.device.type == "cpu" else plain.contiguous().cpu()
    return host.float() if host.dtype == torch.bfloat16 else host


def storage(target: Any) -> Tensor | None:
    """Return the memory of a variable in Keras's shape, if writing into it is all that is needed.

    Args:
        target: A variable, or anything else, which has none.
    """
    if not isinstance(target, Variable) or SCOPES or not target.writes_through:
        return None
    kept = all(key in owner._parameters or key in owner._buffers for owner, key in target.parts)
    value = target.value.detach().as_subclass(Tensor)
    return value if kept and value.device.type == "cpu" else None


def is_large(tensor: Tensor) -> bool:
    """Say whether a tensor is worth being handled in pieces."""
    return tensor.ndim > 1 and tensor.nbytes > _PIECE_BYTES


def read_pieces(view: Tensor) -> Iterator[tuple[slice, _Array]]:
    """Yield rows of a tensor as arrays without gaps; the next rows are copied meanwhile.

    An array is good until the next one is asked for.

    Args:
        view: A tensor in the host's memory.
    """
    spans, buffers = _spans(view), _buffers(view)

    def copied(index: int) -> Tensor:
        rows = view[spans[index]]
        buffer = buffers[index % len(buffers)][: len(rows)]
        _copy(buffer, rows)
        return buffer

    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = deque(pool.submit(copied, index) for index in range(min(_THREADS, len(spans))))
        for index, span in enumerate(spans):
            ready = waiting.popleft().result()
            yield span, ready.numpy()
            if index + _THREADS < len(spans):
                waiting.append(pool.submit(copied, index + _THREADS))


def write_pieces(view: Tensor, read: Callable[[slice, _Array], Any]) -> None:
    """Fill a tensor row by row; the rows before are copied meanwhile.

    Args:
        view: A tensor in the host's memory.
        read: Fills an array without gaps with the rows of a slice.
    """
    buffers = _buffers(view)
    waiting: deque[Any] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for index, span in enumerate(_spans(view)):
            rows = view[span]
            if len(waiting) == len(buffers):
                waiting.popleft().result()
            buffer = buffers[index % len(buffers)][: len(rows)]
            read(span, buffer.numpy())
            waiting.append(pool.submit(_copy, rows, buffer))
        for copying in waiting:
            copying.result()


def _spans(view: Tensor) -> list[slice]:
    rows = len(view)
    step = max(1, _PIECE_BYTES * rows // max(1, view.nbytes))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def _buffers(view: Tensor) -> list[Tensor]:
    rows = _spans(view)[0].stop
    shape = (rows, *view.shape[1:])
    return [torch.empty(shape, dtype=view.dtype, device="cpu") for _ in range(_THREADS + 1)]


def _copy(target: Tensor, source: Tensor) -> None:
    """Copy in tiles, which stay in the processor's cache while rows become columns."""
    with torch.no_grad():
        if target.ndim != 2:
            target.copy_(source)
            return
        for start in range(0, target.shape[1], _TILE):
            tile = slice(start, start + _TILE)
            target[:, tile].copy_(source[:, tile])
