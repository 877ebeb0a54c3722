"""Tracebacks without the frames that no user can change."""

import functools
import os
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from .switches import is_traceback_filtering_enabled

_P = ParamSpec("_P")
_R = TypeVar("_R")
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_CALLS = os.path.join("torch", "nn", "modules", "module.py")


def filtered(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let what a function raises show the user's frames, and the one that raised.

    Args:
        function: A public function.
    """

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if is_traceback_filtering_enabled():
                error.__traceback__ = _shortened(error.__traceback__)
            raise

    return call


def _shortened(traceback: TracebackType | None) -> TracebackType | None:
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    short: TracebackType | None = None
    for entry in reversed(frames):
        if entry is frames[-1] or _is_users(entry.tb_frame.f_code.co_filename):
            short = TracebackType(short, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return short


def _is_users(filename: str) -> bool:
    is_inner = filename.startswith((_PACKAGE, "<eval_with_key>")) or filename.endswith(_CALLS)
    return not is_inner
