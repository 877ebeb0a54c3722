"""Shapes and dtypes by trial: run the function itself on tensors without memory.

Unknown sizes are tried with two different numbers; what differs between the two results is unknown
in the result. A function that refuses the small numbers (a wide kernel, say) is tried with large
ones, and with some that most numbers divide. If it refuses them all, as beside a known size,
unknown sizes get known ones.
"""

import functools
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    unset_fake_temporarily,
)

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.dtypes import NAMES, to_torch
from torchkeras._state.masked import mask_of, with_mask

from .fitting import Sizes, fits, place
from .spec import Spec, specs_in

# Far apart, so that a window with a long stride does not give the same number of outputs for both.
_SIZES = ((11, 67), (1021, 1531), (1680, 5040))
# What to add to an error in which those sizes may show.
TRIED = f"(The sizes {', '.join(str(n) for pair in _SIZES for n in pair)} stand for unknown ones.)"
ValueDependent = (DataDependentOutputException, DynamicOutputShapeException)


class UnknownSizeError(ValueError):
    """A size must be known, and no number may stand for it."""


_MOST_NUMBERS = 16
_LOG = logging.getLogger("torch._subclasses.fake_tensor")
_ACTIVE: ContextVar[bool] = ContextVar("torchkeras_probing", default=False)


def probing() -> bool:
    """Say whether a function is being tried on tensors without memory."""
    return not torch.compiler.is_compiling() and _ACTIVE.get()


def is_unknown(size: int) -> bool:
    """Say whether a size stands for an unknown one in a trial."""
    return probing() and any(size in pair for pair in _SIZES)


@contextmanager
def real_tensors() -> Iterator[None]:
    """Make real tensors inside the scope, even while probing (layers build their weights so)."""
    with unset_fake_temporarily(), torch.inference_mode(mode=False):
        yield


def probe(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    where: torch.device | None = None,
    most: int = 16,
) -> Any:
    """Return the result of `function`, with a `Spec` in place of each tensor.

    Args:
        function: A function of tensors.
        args: Positional arguments; specs among them stand for tensors.
        kwargs: Keyword arguments, likewise.
        where: The device that the tensors pretend to be on.
        most: How many trials there may be to fit unknown sizes to known ones.
    """
    where = where or device.creation()
    if all(None not in spec.shape for spec in specs_in((args, kwargs))):
        result = _run(function, args, kwargs, where, 1)
        return _merge_all(result, result)

    def tried(fixed: Sizes, sizes: tuple[int, int]) -> Any:
        results = [_run(function, args, kwargs, where, size, fixed) for size in sizes]
        return _merge_all(*results)

    failures = []
    for sizes in _SIZES:
        try:
            return tried({}, sizes)
        except (*ValueDependent, UnknownSizeError):
            raise
        except Exception as error:  # noqa: BLE001 - raised again below, if nothing fits
            failures.append(error)
    for trials in fits((args, kwargs), most):
        results = [specs for fixed in trials for specs in _attempt(tried, fixed, _SIZES[0])]
        agreed = results and _attempt(functools.reduce, _merge_all, results)
        if agreed:
            return agreed[0]
    raise failures[1]


def _attempt(trial: Callable[..., Any], *args: Any) -> list[Any]:
    """Return what a trial finds, or nothing if it fails."""
    try:
        return [trial(*args)]
    except Exception:  # noqa: BLE001 - sizes that do not fit are what is looked for
        return []


def _run(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    where: torch.device,
    size: int,
    fixed: Sizes | None = None,
) -> Any:
    def fake(leaf: Any) -> Any:
        if not isinstance(leaf, Spec):
            return leaf
        shape = [
            (fixed or {}).get(place(leaf, axis), size) if n is None else n
            for axis, n in enumerate(leaf.shape)
        ]
        made = torch.empty(shape, dtype=to_torch(leaf.dtype), device=where)
        return made if leaf.mask is None else with_mask(made, _fake_mask(leaf, made, size))

    token, quiet = _ACTIVE.set(True), _LOG.disabled
    _LOG.disabled = True  # torch logs the stack of an error, which is raised as well
    try:
        with _Trial(allow_non_fake_inputs=True), torch.no_grad():
            fake_args, fake_kwargs = tree.map_structure(fake, (args, kwargs))
            return function(*fake_args, **fake_kwargs)
    finally:
        _LOG.disabled = quiet
        _ACTIVE.reset(token)


def _fake_mask(leaf: Spec, made: torch.Tensor, size: int) -> torch.Tensor:
    """Return the mask of a fake tensor; sizes that are unknown in both are the same."""
    assert leaf.mask is not None
    pairs = itertools.zip_longest(leaf.mask.shape, leaf.shape[: len(leaf.mask.shape)])
    shape = [
        n if n is not None else made.shape[axis] if other is None else size
        for axis, (n, other) in enumerate(pairs)
    ]
    return made.new_empty(shape, dtype=torch.bool)


class _Trial(FakeTensorMode):  # type: ignore[no-untyped-call]
    """Torch's mode for tensors without memory, given parameters that have none either.

    Where it meets real ones it takes an operator apart, and looks up nothing that it knows already.
    A few numbers made of sizes alone (how often to repeat something, say) keep their values.
    """

    def may_turn_const(self, t: torch.Tensor) -> bool:
        """Say whether a tensor that was made of numbers keeps them; torch allows just one."""
        few = t.numel() <= _MOST_NUMBERS and not t.is_sparse
        return few and not isinstance(t, FakeTensor) and t.device.type != "meta"

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if any(type(arg) is nn.Parameter for arg in args):
            args = tuple(self.from_tensor(a) if type(a) is nn.Parameter else a for a in args)
        return super().__torch_dispatch__(func, types, args, kwargs or {})


def _merge_all(*results: Any) -> Any:
    return tree.map_structure(_merge, *results)


def _merge(first: Any, second: Any) -> Any:
    if not isinstance(first, (Spec, torch.Tensor)):
        return first if first == second else None
    sizes = zip(first.shape, second.shape, strict=True)
    dtype = first.dtype if isinstance(first, Spec) else NAMES[first.dtype]
    merged = Spec([a if a == b else None for a, b in sizes], dtype)
    masks = [x.mask if isinstance(x, Spec) else mask_of(x) for x in (first, second)]
    if masks[0] is not None and masks[1] is not None:
        merged.mask = _merge(*masks)
    return merged
