"""Branches and loops over tensors, in Python; a branch that depends on a tensor reads its value."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import probing
from torchkeras._symbolic.spec import Spec


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return `true_fn()` if `pred` holds, else `false_fn()`.

    Args:
        pred: A boolean or a boolean scalar; reading a tensor waits for the device. Of a symbol,
            both functions are computed and one result is taken.
        true_fn: A function without arguments.
        false_fn: A function without arguments.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.cond(torchkeras.ops.convert_to_tensor(True), lambda: 1, lambda: 2)
        1
    """
    _check_callable(true_fn=true_fn, false_fn=false_fn)
    if isinstance(pred, Spec):
        return tree.map_structure(lambda a, b: _chosen(pred, a, b), true_fn(), false_fn())
    return true_fn() if bool(pred) else false_fn()


@op
def _chosen(pred: Any, yes: Any, no: Any) -> Tensor:
    return torch.where(pred.bool(), tensor(yes), tensor(no))


def _check_callable(**functions: Any) -> None:
    for name, function in functions.items():
        if not callable(function):
            raise TypeError(f"`{name}` must be a function. Received: {name}={function!r}.")


@op
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return `branches[index](*operands)`.

    Args:
        index: A whole number, moved to the nearest branch there is; reading a tensor waits for
            the device.
        branches: Functions whose results have one shape.
        *operands: What the chosen function is called with.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.switch(1, [torchkeras.ops.add, torchkeras.ops.subtract], 5.0, 3.0)
        tensor(2.)
    """
    if not branches:
        raise ValueError("`branches` must hold at least one function. Received: none.")
    number = 0 if probing() and isinstance(index, Tensor) else int(index)
    return branches[min(max(number, 0), len(branches) - 1)](*operands)


@op
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Run `body` on the loop variables while `cond` of them holds.

    Args:
        cond: Takes the loop variables; says whether to go on.
        body: Takes the loop variables; returns their next values, of the same shapes.
        loop_vars: A tuple or list of values, or one value.
        maximum_iterations: The most rounds, if not without limit.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.while_loop(lambda i: i < 10, lambda i: i * 2, 1)
        tensor(16, dtype=torch.int32)
    """
    _check_callable(cond=cond, body=body)
    single = not isinstance(loop_vars, (list, tuple))
    state = tree.map_structure(tensor, (loop_vars,) if single else tuple(loop_vars))
    rounds = 0
    while not probing() and rounds != maximum_iterations and bool(cond(*state)):
        result = body(*state)
        state = tuple(result) if isinstance(result, (list, tuple)) else (result,)
        rounds += 1
    return state[0] if single else state


@op
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Return `init_val` after `body_fun(i, value)` for each `i` from `lower` to below `upper`.

    Args:
        lower: The first index.
        upper: The index after the last.
        body_fun: Takes an index and the value; returns the next value.
        init_val: The first value.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.fori_loop(0, 4, lambda i, total: total + i, 0)
        6
    """
    _check_callable(body_fun=body_fun)
    value = init_val
    for index in range(int(lower), int(upper)):
        value = body_fun(index, value)
    return value


@op
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Apply a function to every slice along the first axis, all at once.

    Args:
        function: A function of tensors that torch can vectorize.
        elements: A tensor or a structure of tensors with one first size.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.vectorized_map(torchkeras.ops.sum, [[1.0, 2.0], [3.0, 4.0]])
        tensor([3., 7.])
    """
    _check_callable(function=function)
    return torch.vmap(function)(_tensors(elements))


def _tensors(structure: Any) -> Any:
    """Return a structure of tensors; a list of numbers is one tensor."""
    listed = isinstance(structure, (list, tuple))
    if listed and not any(hasattr(leaf, "shape") for leaf in tree.flatten(structure)):
        return tensor(structure)
    return tree.map_structure(tensor, structure)


@op
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Apply a function to every slice along the first axis, one by one.

    Args:
        f: A function of tensors.
        xs: A tensor or a structure of tensors with one first size.

    Returns:
        The results, stacked.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.map(lambda row: row.sum(), torchkeras.ops.ones((2, 3)))
        tensor([3., 3.])
    """
    _check_callable(f=f)
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@op
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Run a function over slices along the first axis, handing a value from each to the next.

    Args:
        f: Takes the value and a slice (`None` without `xs`); returns the next value and a result.
        init: The first value, a tensor or a structure of tensors.
        xs: A tensor or a structure of tensors with one first size.
        length: How many slices; needed without `xs`.
        reverse: Whether to begin with the last slice.
        unroll: Makes no difference on torch, where every loop is unrolled.

    Returns:
        The last value, and the results, stacked in the order of the slices.

    Raises:
        ValueError: If neither `xs` nor `length` is given.

    Example:
        >>> import torchkeras
        >>> def add(total, x):
        ...     return total + x, total + x
        >>> torchkeras.ops.scan(add, 0, [1, 2, 3])
        (tensor(6, dtype=torch.int32), tensor([1, 3, 6], dtype=torch.int32))
    """
    _check_callable(f=f)
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(
            f"`unroll` must be a positive integer or a boolean. Received: unroll={unroll!r}."
        )
    if xs is None and length is None:
        raise ValueError("`length` must be given where `xs` is not. Received: neither.")
    slices = None if xs is None else _tensors(xs)
    rounds = length if length is not None else _first_size(slices)
    carry = tree.map_structure(tensor, init)
    nothing = [torch.zeros_like(x) for x in tree.flatten(carry)]
    results: list[Any] = []
    order = range(int(rounds))
    for index in reversed(order) if reverse else order:
        carry, result = f(carry, None if slices is None else _slice(slices, index))
        results.append(nothing if result is None else result)
    if reverse:
        results.reverse()
    return carry, tree.map_structure(_stacked, *results)


def _stacked(*parts: Any) -> Tensor:
    return torch.stack([tensor(part) for part in parts])


def _first_size(structure: Any) -> int:
    return int(tree.flatten(structure)[0].shape[0])


def _slice(structure: Any, index: int) -> Any:
    return tree.map_structure(lambda x: x[index], structure)


@op
def associative_scan(
    f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Return the running combination along an axis, in a logarithmic number of rounds.

    Args:
        f: Combines two structures of tensors, slice by slice; it must be associative.
        elems: A tensor or a structure of tensors with one size along the axis.
        reverse: Whether to begin with the last slice.
        axis: The axis.

    Raises:
        ValueError: If the sizes along the axis differ.

    Source:
        Blelloch 1990, https://doi.org/10.1184/R1/6608579.v1

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.associative_scan(torchkeras.ops.add, [1, 2, 3, 4])
        tensor([ 1,  3,  6, 10], dtype=torch.int32)
    """
    _check_callable(f=f)
    structure = _tensors(elems)
    leaves = tree.flatten(structure)
    if len({x.shape[axis] for x in leaves}) > 1:
        raise ValueError(
            f"`elems` must have one size along axis {axis}. Received: shapes "
            f"{', '.join(str(tuple(x.shape)) for x in leaves)}."
        )

    def combine(first: list[Tensor], second: list[Tensor]) -> list[Tensor]:
        pair = (tree.pack_sequence_as(structure, side) for side in (first, second))
        return tree.flatten(f(*pair))

    flipped = [x.flip(axis) for x in leaves] if reverse else leaves
    found = _running(combine, flipped, axis)
    found = [x.flip(axis) for x in found] if reverse else found
    return tree.pack_sequence_as(structure, found)


_Combine = Callable[[list[Tensor], list[Tensor]], list[Tensor]]


def _running(combine: _Combine, xs: list[Tensor], axis: int) -> list[Tensor]:
    """Combine slices in pairs, run over the pairs, and fill in what lies between."""
    size = xs[0].shape[axis]
    if size < 2:
        return xs
    pairs = combine(_every(xs, axis, slice(0, -1, 2)), _every(xs, axis, slice(1, None, 2)))
    odd, even = _running(combine, pairs, axis), _every(xs, axis, slice(0, 1))
    if size > 2:
        before = _every(odd, axis, slice(0, -1)) if size % 2 == 0 else odd
        later = combine(before, _every(xs, axis, slice(2, None, 2)))
        even = [torch.cat(parts, axis) for parts in zip(even, later, strict=True)]
    return [_interleaved(*parts, axis) for parts in zip(even, odd, strict=True)]


def _every(xs: list[Tensor], axis: int, places: slice) -> list[Tensor]:
    return [x[(slice(None),) * (axis % x.dim()) + (places,)] for x in xs]


def _interleaved(even: Tensor, odd: Tensor, axis: int) -> Tensor:
    place, count = axis % odd.dim(), odd.shape[axis]
    both = torch.stack([even.narrow(place, 0, count), odd], place + 1).flatten(place, place + 1)
    rest = even.narrow(place, count, even.shape[place] - count)
    return torch.cat([both, rest], place)
