"""Large values, a piece at a time, by several threads: laid out otherwise without a whole copy."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._state.variable import SCOPES, Variable

_Array = np.ndarray[Any, Any]
Move = Callable[[int, memoryview], Any]
_PIECE_BYTES, _LARGE_BYTES, _WAITING_BYTES = 1 << 23, 1 << 18, 1 << 25
_TILE = 512
_MOST_THREADS = 4
_INTEGERS = {1: torch.uint8, 2: torch.int16}  # in place of what NumPy does not know


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


def host_size(value: Any) -> int:
    """Return how many bytes `host_view` shows.

    Args:
        value: A variable, tensor, array or number.
    """
    if isinstance(value, Variable):
        value = value.value
    if not isinstance(value, Tensor):
        return np.asarray(value).nbytes
    return value.numel() * (4 if value.dtype == torch.bfloat16 else value.itemsize)


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
    return tensor.nbytes >= _LARGE_BYTES


class Movers:
    """Threads that move the pieces of large values; outside of `with`, all have arrived."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._moving: deque[Future[None]] = deque()
        self._bytes = 0
        self._buffers = threading.local()

    def __enter__(self) -> "Movers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)

    def wait(self) -> None:
        """Wait until all pieces have arrived.

        Raises:
            Exception: What moving the first of those that did not has raised.
        """
        while self._moving:
            self._moving.popleft().result()
        self._bytes = 0

    def send(self, view: Tensor, put: Move) -> None:
        """Hand the bytes of a tensor over piece by piece, as they lie in an array without gaps.

        Args:
            view: A tensor in the host's memory, which stays as it is until all have arrived.
            put: Takes the bytes from a place on; called by several threads, in any order.
        """
        self._move(view, put, self._send)

    def receive(self, view: Tensor, get: Move) -> None:
        """Fill a tensor piece by piece from an array without gaps.

        Args:
            view: A tensor in the host's memory.
            get: Fills a buffer with the bytes from a place on; called by several threads.
        """
        self._move(view, get, self._receive)
        torch.autograd.graph.increment_version(view)

    def _move(self, view: Tensor, move: Move, run: Callable[[_Array, int, Move], None]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))
        for at, piece in _pieces(_array(view)):
            self._moving.append(self._pool.submit(run, piece, at, move))
        self._bytes += view.nbytes
        if self._bytes > _WAITING_BYTES:  # nothing that is sent has to stay in memory for long
            self.wait()

    def _send(self, piece: _Array, at: int, put: Move) -> None:
        source = piece
        if not piece.flags.c_contiguous:
            source = self._buffer(piece)
            _copy(source, piece)
        put(at, _bytes(source))

    def _receive(self, piece: _Array, at: int, get: Move) -> None:
        if piece.flags.c_contiguous:
            get(at, _bytes(piece))
            return
        source = self._buffer(piece)
        get(at, _bytes(source))
        _copy(piece, source)

    def _buffer(self, like: _Array) -> _Array:
        """Return memory without gaps, which the thread uses again for its next piece."""
        kept: _Array | None = getattr(self._buffers, "kept", None)
        if kept is None or kept.nbytes < like.nbytes:
            kept = self._buffers.kept = np.empty(max(_PIECE_BYTES, like.nbytes), np.uint8)
        return kept[: like.nbytes].view(like.dtype).reshape(like.shape)


def _array(view: Tensor) -> _Array:
    unknown = view.dtype == torch.bfloat16 or "float8" in str(view.dtype)
    array: _Array = (view.view(_INTEGERS[view.itemsize]) if unknown else view).numpy()
    return array


def _bytes(array: _Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _pieces(array: _Array, at: int = 0) -> Iterator[tuple[int, _Array]]:
    """Yield parts that are each without gaps in the file, and where they begin there."""
    if array.ndim == 0 or array.nbytes <= _PIECE_BYTES:
        yield at, array
        return
    row = array.nbytes // len(array)
    if row > _PIECE_BYTES:
        for index in range(len(array)):
            yield from _pieces(array[index], at + index * row)
        return
    step = _PIECE_BYTES // row
    for start in range(0, len(array), step):
        yield at + start * row, array[start : start + step]


def _copy(target: _Array, source: _Array) -> None:
    """Copy in tiles, which stay in the processor's cache while rows become columns."""
    if target.ndim < 2 or target.shape[-1] < _TILE:
        np.copyto(target, source)
        return
    for start in range(0, target.shape[-1], _TILE):
        tile = (..., slice(start, start + _TILE))
        np.copyto(target[tile], source[tile])
