"""Every row of the ops tables: Keras's numbers and dtypes, symbols, gradients, compilation."""

import inspect
import operator
import os
import zlib
from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.ops import PROPERTIES, OpRow
from tests.cases.ops_image import ROWS as IMAGE
from tests.cases.ops_math import ROWS as MATH
from tests.cases.ops_nn import ROWS as NN
from tests.cases.ops_numpy import ROWS as NUMPY
from tests.cases.row import Data
from torchkeras import ops, tree
from torchkeras._base.dtypes import standardize_dtype

# Keras on torch uses these; the second is torch's own, when forward mode is loaded.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The use of `x.T` on tensors:UserWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning"),
]
ROWS = [*NUMPY, *NN, *MATH, *IMAGE]


def rows_for(name: str) -> list[Any]:
    reasons = {row.id: row.skip[name] for row in ROWS if name in row.skip}
    marks = {key: [pytest.mark.skip(reason=reason)] for key, reason in reasons.items()}
    return [pytest.param(row, id=row.id, marks=marks.get(row.id, ())) for row in ROWS]


def first_of(cases: list[Any]) -> list[Any]:
    """One row of each function, where that says enough; with EVERY_ROW=1 all of them."""
    if os.environ.get("EVERY_ROW"):
        return cases
    return list({case.values[0].name: case for case in reversed(cases)}.values())[::-1]


def drawn(row: OpRow) -> tuple[list[Any], dict[str, Any]]:
    """The row's arguments, with arrays in place of `Data`."""
    rng = np.random.default_rng(zlib.crc32(row.id.encode()))
    made = oracle.map_arrays(
        lambda x: x.draw(rng) if isinstance(x, Data) else x, [list(row.args), dict(row.kwargs)]
    )
    return made[0], made[1]


def as_tensors(structure: Any, grads: bool = False) -> Any:
    """The arguments with tensors in place of arrays; floats among them ask for a gradient."""

    def make(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        made = torch.tensor(x)
        return made.requires_grad_(grads and made.is_floating_point())

    return oracle.map_leaves(make, structure)


def values(structure: Any) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(leaf) for leaf in tree.flatten(structure)]


def dtypes(structure: Any) -> list[str]:
    return [standardize_dtype(leaf.dtype) for leaf in tree.flatten(structure)]


def function_of(package: Any, row: OpRow) -> Any:
    return operator.attrgetter(row.name)(package.ops)


def run(package: Any, row: OpRow) -> Any:
    args, kwargs = as_tensors(drawn(row))
    return function_of(package, row)(*args, **kwargs)


@pytest.mark.parametrize("call", rows_for("numbers"))
def test_numbers(call):
    if call.oracle is None:
        expected = run(keras, call)
    else:
        args, kwargs = drawn(call)
        expected = call.oracle(*args, **kwargs)
    found = values(run(torchkeras, call))
    wanted = values(expected if call.oracle is None or isinstance(expected, list) else [expected])
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=call.tolerance, atol=call.tolerance)
        assert ours.shape == theirs.shape


@pytest.mark.parametrize("call", [p for p in rows_for("dtype") if p.values[0].oracle is None])
def test_dtype(call):
    assert dtypes(run(torchkeras, call)) == dtypes(run(keras, call))


@pytest.mark.parametrize("call", [p for p in rows_for("numbers") if p.values[0].oracle is None])
def test_arrays_count_as_tensors(call):
    args, kwargs = drawn(call)
    for ours, theirs in zip(
        values(function_of(torchkeras, call)(*args, **kwargs)),
        values(run(torchkeras, call)),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def has_arrays(row: OpRow) -> bool:
    return bool(oracle.arrays([list(row.args), dict(row.kwargs)]))


@pytest.mark.parametrize("call", [p for p in rows_for("symbolic") if has_arrays(p.values[0])])
def test_symbols_have_the_shape_and_dtype_of_the_result(call):
    args, kwargs = oracle.map_leaves(
        lambda x: torchkeras.KerasTensor(x.shape, x.dtype.name) if isinstance(x, np.ndarray) else x,
        drawn(call),
    )
    symbols = tree.flatten(function_of(torchkeras, call)(*args, **kwargs))
    results = tree.flatten(run(torchkeras, call))
    assert [tuple(s.shape) for s in symbols] == [tuple(r.shape) for r in results]
    assert dtypes(symbols) == dtypes(results)


def batched(row: OpRow) -> bool:
    has_axis = any(x.ndim > 1 for x in oracle.arrays(list(drawn(row))))
    return "batch" not in row.skip and row.batch != 0 and has_axis


@pytest.mark.parametrize("call", [p for p in rows_for("symbolic") if batched(p.values[0])])
def test_an_unknown_batch_stays_unknown_or_is_none_of_the_result(call):
    args, kwargs = drawn(call)
    arrays = oracle.arrays([args, kwargs])
    rank = max(x.ndim for x in arrays)
    of_rank = [x for x in arrays if x.ndim == rank]
    unknown = {id(x) for x in (of_rank if call.batch is None else arrays[: call.batch])}

    def make(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        shape = (None, *x.shape[1:]) if id(x) in unknown else x.shape
        return torchkeras.KerasTensor(shape, x.dtype.name)

    args, kwargs = oracle.map_leaves(make, [args, kwargs])
    symbols = tree.flatten(function_of(torchkeras, call)(*args, **kwargs))
    results = tree.flatten(run(torchkeras, call))
    for symbol, result in zip(symbols, results, strict=True):
        assert len(symbol.shape) == result.dim()
        assert all(s in (None, r) for s, r in zip(symbol.shape, result.shape, strict=True))
        assert dtypes(symbol) == dtypes(result)


@pytest.mark.parametrize(
    "call", first_of([p for p in rows_for("symbolic") if has_arrays(p.values[0])])
)
def test_a_model_of_symbols_computes_the_result(call):
    args, kwargs = drawn(call)
    inputs: list[Any] = []
    arrays: list[np.ndarray] = []

    def make(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        arrays.append(x)
        inputs.append(torchkeras.Input(batch_shape=x.shape, dtype=x.dtype.name))
        return inputs[-1]

    made_args, made_kwargs = oracle.map_leaves(make, [args, kwargs])
    model = torchkeras.Model(inputs, function_of(torchkeras, call)(*made_args, **made_kwargs))
    found = tree.flatten(model([torch.tensor(x) for x in arrays]))
    for ours, theirs in zip(found, tree.flatten(run(torchkeras, call)), strict=True):
        torch.testing.assert_close(ours, theirs, equal_nan=True)


def gradients(package: Any, row: OpRow) -> list[np.ndarray]:
    args, kwargs = as_tensors(drawn(row), grads=True)
    leaves = [x for x in tree.flatten([args, kwargs]) if isinstance(x, torch.Tensor)]
    inputs = [x for x in leaves if x.requires_grad]
    outputs = tree.flatten(function_of(package, row)(*args, **kwargs))
    floats = [y for y in outputs if isinstance(y, torch.Tensor) and y.requires_grad]
    total = sum((y.real * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum() for y in floats)
    if not floats:
        return []
    found = torch.autograd.grad(total, inputs, allow_unused=True)
    return [np.zeros(()) if g is None else g.numpy() for g in found]


def differentiable(row: OpRow) -> bool:
    kinds = [x.dtype for x in oracle.arrays([list(row.args), dict(row.kwargs)])]
    return any(str(kind).startswith("float") for kind in kinds) and row.oracle is None


@pytest.mark.parametrize("call", [p for p in rows_for("gradients") if differentiable(p.values[0])])
def test_gradients(call):
    for ours, theirs in zip(gradients(torchkeras, call), gradients(keras, call), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call", first_of([p for p in rows_for("compile") if has_arrays(p.values[0])])
)
def test_compiles_as_one_graph(call):
    args, kwargs = as_tensors(drawn(call))
    function = function_of(torchkeras, call)
    torch.compiler.reset()
    compiled = torch.compile(
        lambda args, kwargs: function(*args, **kwargs), backend="eager", fullgraph=True
    )
    found, expected = compiled(args, kwargs), function(*args, **kwargs)
    for ours, theirs in zip(tree.flatten(found), tree.flatten(expected), strict=True):
        torch.testing.assert_close(ours, theirs, equal_nan=True)


def test_ids_are_unique_and_skips_have_a_name_and_a_reason():
    ids = [row.id for row in ROWS]
    assert sorted(ids) == sorted(set(ids))
    assert all(name in PROPERTIES and reason for row in ROWS for name, reason in row.skip.items())


# Not built yet: take a name off when it is.
LATER: set[str] = set()
NAMESPACES = {"", "image", "linalg", "nn", "numpy"}


def space(package: Any, name: str) -> Any:
    return getattr(package.ops, name) if name else package.ops


def public(module: Any) -> set[str]:
    return {name for name in dir(module) if callable(getattr(module, name))} - {"_"}


@pytest.mark.parametrize("name", sorted(NAMESPACES - LATER))
def test_every_name_is_there(name):
    assert public(space(keras, name)) - public(space(torchkeras, name)) - LATER == set()


PUBLIC = public(keras.ops)


@pytest.mark.parametrize("name", sorted(PUBLIC - LATER))
def test_signature(name):
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(ops, name), getattr(keras.ops, name))
    )
    assert ours == theirs


# Their tests are in tests/unit/ops: what comes out is random, or comes of functions that go in.
WITHOUT_ROW = set(
    "cond convert_to_numpy custom_gradient dtype empty empty_like image.elastic_transform "
    "is_tensor shape vectorize".split()
)


def test_every_function_has_a_row():
    images = {f"image.{name}" for name in public(keras.ops.image)}
    with_rows = {row.name for row in ROWS}
    assert (PUBLIC | images) - WITHOUT_ROW - with_rows == set()
