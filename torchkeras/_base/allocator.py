"""Freed memory is kept for the next batch, where glibc would give it back to the system."""

import ctypes
import functools
import os
import platform

LEAVE_ALONE = "TORCHKERAS_LEAVE_ALLOCATOR"
_USER_CHOICES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # more is refused on 64-bit machines
_NEVER_TRIM = 2**31 - 1


@functools.cache
def keep_freed_memory() -> bool:
    """Have malloc keep memory that tensors give back, once per process; say whether it does.

    A training step frees and asks for the same sizes again. As it comes, glibc hands blocks from
    128 KiB on to the system and gets them back empty, page by page, which costs a convnet more
    than half of its step. What is kept counts as used by the process until it ends.

    Nothing is changed without glibc, where the environment already chooses thresholds, or where it
    has `TORCHKERAS_LEAVE_ALLOCATOR`.
    """
    if platform.libc_ver()[0] != "glibc" or _is_chosen():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = [
        mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD),
        mallopt(_TRIM_THRESHOLD, _NEVER_TRIM),
    ]
    return all(kept)


def _is_chosen() -> bool:
    """Whether the environment says how memory is to be kept."""
    tunables = "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
    return tunables or any(name in os.environ for name in (LEAVE_ALONE, *_USER_CHOICES))
