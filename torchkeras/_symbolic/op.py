"""`@op`: one function that works on tensors and, recorded as one step, on symbols."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from torch import Tensor

from .spec import has_spec
from .tensor import record

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def op(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Make a function of tensors accept symbols, as one step of a functional model.

    Args:
        function: A function of tensors; the shape of its result is found by trial.
    """

    @functools.wraps(function)
    def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        if not kwargs and len(args) == 1 and type(args[0]) is Tensor:
            return function(args[0])  # type: ignore[call-arg, arg-type]
        if has_spec(args, kwargs):
            return record(call, args, kwargs)
        return function(*args, **kwargs)

    return call
