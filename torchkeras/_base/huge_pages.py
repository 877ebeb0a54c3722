"""Memory in huge pages: what is filled for the first time then costs a third on Linux."""

import ctypes
import functools
import mmap
import sys
from collections.abc import Callable
from typing import Any

from torch import Tensor

_HUGEPAGE = getattr(mmap, "MADV_HUGEPAGE", None)
_LARGE = 1 << 22  # as NumPy has it for its arrays


def advise(tensor: Tensor) -> None:
    """Let Linux give memory that was not touched yet in huge pages; elsewhere, do nothing.

    Args:
        tensor: A tensor over such memory.
    """
    if _HUGEPAGE is None or tensor.device.type != "cpu":
        return
    memory = tensor.untyped_storage()
    if memory.nbytes() < _LARGE or not sys.platform.startswith("linux"):
        return
    start = -(-memory.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    size = memory.data_ptr() + memory.nbytes() - start
    _madvise()(start, size, _HUGEPAGE)  # refused where the kernel has none, which does no harm


@functools.cache
def _madvise() -> Callable[..., Any]:
    function = ctypes.CDLL(None).madvise
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    found: Callable[..., Any] = function
    return found
