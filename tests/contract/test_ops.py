"""Every row of the ops tables: Keras's numbers and dtypes, symbols, gradients, compilation."""

import inspect
import zlib
from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.ops import PROPERTIES, OpRow
from tests.cases.ops_numpy import ROWS
from tests.cases.row import Data
from torchkeras import ops, tree
from torchkeras._base.dtypes import standardize_dtype


def rows_for(name: str) -> list[Any]:
    reasons = {row.id: row.skip[name] for row in ROWS if name in row.skip}
    marks = {key: [pytest.mark.skip(reason=reason)] for key, reason in reasons.items()}
    return [pytest.param(row, id=row.id, marks=marks.get(row.id, ())) for row in ROWS]


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


def run(package: Any, row: OpRow) -> Any:
    args, kwargs = as_tensors(drawn(row))
    return getattr(package.ops, row.name)(*args, **kwargs)


@pytest.mark.parametrize("row", rows_for("numbers"))
def test_numbers(row):
    if row.oracle is None:
        expected = run(keras, row)
    else:
        args, kwargs = drawn(row)
        expected = row.oracle(*args, **kwargs)
    found = values(run(torchkeras, row))
    wanted = values(expected if row.oracle is None or isinstance(expected, list) else [expected])
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=row.tolerance, atol=row.tolerance)
        assert ours.shape == theirs.shape


@pytest.mark.parametrize("row", [p for p in rows_for("dtype") if p.values[0].oracle is None])
def test_dtype(row):
    assert dtypes(run(torchkeras, row)) == dtypes(run(keras, row))


@pytest.mark.parametrize("row", [p for p in rows_for("numbers") if p.values[0].oracle is None])
def test_arrays_count_as_tensors(row):
    args, kwargs = drawn(row)
    for ours, theirs in zip(
        values(getattr(ops, row.name)(*args, **kwargs)), values(run(torchkeras, row)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def has_arrays(row: OpRow) -> bool:
    return bool(oracle.arrays([list(row.args), dict(row.kwargs)]))


@pytest.mark.parametrize("row", [p for p in rows_for("symbolic") if has_arrays(p.values[0])])
def test_symbols_have_the_shape_and_dtype_of_the_result(row):
    args, kwargs = oracle.map_leaves(
        lambda x: torchkeras.KerasTensor(x.shape, x.dtype.name) if isinstance(x, np.ndarray) else x,
        drawn(row),
    )
    symbols = tree.flatten(getattr(ops, row.name)(*args, **kwargs))
    results = tree.flatten(run(torchkeras, row))
    assert [tuple(s.shape) for s in symbols] == [tuple(r.shape) for r in results]
    assert dtypes(symbols) == dtypes(results)


@pytest.mark.parametrize("row", [p for p in rows_for("symbolic") if has_arrays(p.values[0])])
def test_a_model_of_symbols_computes_the_result(row):
    args, kwargs = drawn(row)
    inputs: list[Any] = []
    arrays: list[np.ndarray] = []

    def make(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        arrays.append(x)
        inputs.append(torchkeras.Input(batch_shape=x.shape, dtype=x.dtype.name))
        return inputs[-1]

    made_args, made_kwargs = oracle.map_leaves(make, [args, kwargs])
    model = torchkeras.Model(inputs, getattr(ops, row.name)(*made_args, **made_kwargs))
    found = tree.flatten(model([torch.tensor(x) for x in arrays]))
    for ours, theirs in zip(found, tree.flatten(run(torchkeras, row)), strict=True):
        torch.testing.assert_close(ours, theirs, equal_nan=True)


def gradients(package: Any, row: OpRow) -> list[np.ndarray]:
    args, kwargs = as_tensors(drawn(row), grads=True)
    leaves = [x for x in tree.flatten([args, kwargs]) if isinstance(x, torch.Tensor)]
    inputs = [x for x in leaves if x.requires_grad]
    outputs = tree.flatten(getattr(package.ops, row.name)(*args, **kwargs))
    floats = [y for y in outputs if isinstance(y, torch.Tensor) and y.requires_grad]
    total = sum((y.real * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum() for y in floats)
    if not floats:
        return []
    found = torch.autograd.grad(total, inputs, allow_unused=True)
    return [np.zeros(()) if g is None else g.numpy() for g in found]


def differentiable(row: OpRow) -> bool:
    kinds = [x.dtype for x in oracle.arrays([list(row.args), dict(row.kwargs)])]
    return any(str(kind).startswith("float") for kind in kinds) and row.oracle is None


@pytest.mark.parametrize("row", [p for p in rows_for("gradients") if differentiable(p.values[0])])
def test_gradients(row):
    for ours, theirs in zip(gradients(torchkeras, row), gradients(keras, row), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("row", [p for p in rows_for("compile") if has_arrays(p.values[0])])
def test_compiles_as_one_graph(row):
    args, kwargs = as_tensors(drawn(row))
    function = getattr(ops, row.name)
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


PUBLIC = {name for name in dir(keras.ops) if callable(getattr(keras.ops, name))}
# Not built yet: take a name off when it is.
LATER = set(
    "associative_scan cdist cholesky cholesky_inverse det eig eigh erfc extract_sequences fft fft2 "
    "ifft2 inv irfft istft jvp logdet lstsq lu_factor matrix_rank pinv qr rearrange rfft scan "
    "segment_max segment_min segment_prod segment_sum solve solve_triangular stft svd "
    "switch".split()
)


def test_every_name_is_there():
    assert {name for name in PUBLIC if not hasattr(ops, name)} <= LATER


@pytest.mark.parametrize("name", sorted(PUBLIC - LATER))
def test_signature(name):
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(ops, name), getattr(keras.ops, name))
    )
    assert ours == theirs


# Their tests are in tests/unit/ops: what comes out is random, or comes of functions that go in.
WITHOUT_ROW = set("custom_gradient empty empty_like vectorize".split())


def test_every_function_of_the_numpy_family_has_a_row():
    family = {name for name in PUBLIC if getattr(keras.ops, name).__module__.endswith(".numpy")}
    core = set("saturate_cast custom_gradient".split())
    with_rows = {row.name for row in ROWS}
    assert (family | core) - WITHOUT_ROW - with_rows == set()
