"""Functions of single values made functions of tensors."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

_GROUP = r"\((?:\w+(?:,\w+)*)?\)"
_SIGNATURE = re.compile(rf"^{_GROUP}(?:,{_GROUP})*->{_GROUP}(?:,{_GROUP})*$")
Axes = tuple[str, ...]


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Sequence[int | str] | set[int | str] | None = None,
    signature: str | None = None,
) -> Callable[..., Any]:
    """Return a function of tensors that applies `pyfunc` to each of their values at once.

    Args:
        pyfunc: A function of tensors.
        excluded: The numbers and names of arguments that are passed on as they are.
        signature: The axes that `pyfunc` itself works on, such as `"(n),(n)->()"`; none if not
            given.

    Raises:
        ValueError: If the signature cannot be read, or arguments do not fit it.

    Example:
        >>> from torchkeras import ops
        >>> dot = ops.vectorize(lambda a, b: (a * b).sum(), signature="(n),(n)->()")
        >>> dot([[1, 2], [3, 4]], [1, 10]).tolist()
        [21, 43]
    """
    left_out = set(excluded or ())
    wrong = [key for key in left_out if not isinstance(key, (int, str))]
    if wrong:
        raise TypeError(
            f"`excluded` must hold numbers and names of arguments. Received: excluded={excluded!r}."
        )
    axes = None if signature is None else _read(signature)

    @op
    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        given: dict[int | str, Any] = dict(enumerate(args))
        given.update(kwargs)
        moving = [key for key in given if key not in left_out]

        def inner(*values: Tensor) -> Any:
            filled = {**given, **dict(zip(moving, values, strict=True))}
            return pyfunc(*(filled[i] for i in range(len(args))), **{k: filled[k] for k in kwargs})

        return _applied(inner, [tensor(given[key]) for key in moving], axes)

    return vectorized


def _applied(function: Callable[..., Any], values: list[Tensor], axes: list[Axes] | None) -> Any:
    """Apply a function to the core axes of values, for all others at once."""
    cores = [()] * len(values) if axes is None else axes
    if len(cores) != len(values):
        raise ValueError(
            f"`signature` names {len(cores)} arguments. Received: {len(values)} that are not "
            "excluded."
        )
    _check_sizes(values, cores)
    loops = [v.shape[: v.dim() - len(core)] for v, core in zip(values, cores, strict=True)]
    loop = torch.broadcast_shapes(*loops)  # type: ignore[no-untyped-call]
    if not loop:
        return tree.map_structure(tensor, function(*values))
    rows = [
        v.expand(*loop, *v.shape[v.dim() - len(core) :]).flatten(0, len(loop) - 1)
        for v, core in zip(values, cores, strict=True)
    ]
    result = torch.vmap(function)(*rows)
    return tree.map_structure(lambda leaf: leaf.unflatten(0, loop), result)


def _read(signature: str) -> list[Axes]:
    """Return the names of the core axes of each argument."""
    text = re.sub(r"\s+", "", signature)
    if not _SIGNATURE.match(text):
        raise ValueError(
            f"`signature` must be of the form '(m,n),(n)->(m)'. Received: signature={signature!r}."
        )
    groups = re.findall(_GROUP, text.partition("->")[0])
    return [tuple(filter(None, group[1:-1].split(","))) for group in groups]


def _check_sizes(values: list[Tensor], cores: Sequence[Axes]) -> None:
    sizes: dict[str, int] = {}
    for value, core in zip(values, cores, strict=True):
        if value.dim() < len(core):
            raise ValueError(
                f"An argument of `signature` has the axes {core}. Received: {show(value)}."
            )
        for name, size in zip(core, value.shape[value.dim() - len(core) :], strict=True):
            if sizes.setdefault(name, size) != size:
                raise ValueError(
                    f"The axis {name!r} of `signature` has one size only. Received: "
                    f"{sizes[name]} and {size}."
                )
