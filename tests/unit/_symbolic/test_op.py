"""`@op` functions stay plain functions and are one step of a functional model."""

import inspect

import pytest
import torch

from torchkeras import Input, Model
from torchkeras._symbolic.op import op


@op
def scaled(x, factor=2.0, *, shift=0.0):
    """Return `x * factor + shift`."""
    return x * factor + shift


@op
def joined(xs, axis=0):
    return torch.cat(list(xs), axis)


@op
def halves(x):
    return {"first": x[:, :1], "rest": [x[:, 1:]]}


def test_name_signature_and_docs_stay():
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Return `x * factor + shift`."
    assert list(inspect.signature(scaled).parameters) == ["x", "factor", "shift"]


def test_tensors_and_numbers_go_straight_through():
    assert scaled(torch.ones(1)).item() == 2
    assert scaled(3.0, 4.0, shift=1.0) == 13


def test_symbols_are_recorded_as_one_step():
    x = Input((3,))
    y = scaled(x, 3.0, shift=1.0)
    assert y.origin.target is scaled
    assert y.name.startswith("scaled")
    assert Model(x, y)(torch.ones(1, 3)).tolist() == [[4, 4, 4]]


@pytest.mark.parametrize("container", [list, tuple])
def test_symbols_in_containers(container):
    a, b = Input((2,)), Input((3,))
    y = joined(container([a, b]), axis=1)
    assert y.shape == (None, 5)
    assert Model([a, b], y)([torch.ones(1, 2), torch.zeros(1, 3)]).tolist() == [[1, 1, 0, 0, 0]]


def test_symbols_by_keyword():
    x = Input((3,))
    assert scaled(x=x).shape == (None, 3)
    assert scaled(torch.ones(3), factor=x).shape == (None, 3)


def test_nested_results():
    x = Input((3,))
    y = halves(x)
    assert (y["first"].shape, y["rest"][0].shape) == ((None, 1), (None, 2))
    found = Model(x, y)(torch.tensor([[1.0, 2.0, 3.0]]))
    assert found["rest"][0].tolist() == [[2, 3]]


def test_compiles():
    compiled = torch.compile(lambda x: scaled(x, 3.0), fullgraph=True, backend="eager")
    assert compiled(torch.ones(1)).item() == 3
