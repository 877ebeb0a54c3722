"""Activations and their gradients equal Keras's, for tensors, arrays, lists and symbols."""

import inspect

import keras
import numpy as np
import pytest
import torch

from torchkeras import activations
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.activations.lookup import kernel

PUBLIC = [name for name in dir(keras.activations) if not name.startswith("_")]
FUNCTIONS = [name for name in PUBLIC if name not in ("get", "serialize", "deserialize")]
ARGUMENTS = {
    "threshold": {"": {"threshold": 0.3, "default_value": 7.0}},
    "relu": {
        "slope": {"negative_slope": 0.2},
        "top": {"max_value": 2.0},
        "six": {"max_value": 6},
        "threshold": {"threshold": 1.0},
        "below": {"threshold": -1.0, "max_value": 2.0},
        "slope and top": {"negative_slope": 0.2, "max_value": 2.0},
        "slope and six": {"negative_slope": 0.2, "max_value": 6},
        "all": {"negative_slope": 0.2, "max_value": 2.0, "threshold": 0.5},
        "top and threshold six": {"max_value": 6, "threshold": 0.5},
    },
    "leaky_relu": {"slope": {"negative_slope": 0.4}},
    "elu": {"alpha": {"alpha": 0.5}},
    "celu": {"alpha": {"alpha": 0.5}},
    "gelu": {"approximate": {"approximate": True}},
    "glu": {"first": {"axis": 0}},
    "squareplus": {"b": {"b": 1}},
    "soft_shrink": {"threshold": {"threshold": 0.2}},
    "hard_shrink": {"threshold": {"threshold": 0.2}},
    "softmax": {"first": {"axis": 0}, "all": {"axis": None}, "two": {"axis": (0, 2)}},
    "log_softmax": {"first": {"axis": 0}, "all": {"axis": None}, "two": {"axis": (0, 2)}},
    "sparsemax": {"first": {"axis": 0}, "middle": {"axis": 1}},
}
CASES = {name: (name, {}) for name in FUNCTIONS if name != "threshold"}
for _name, _variants in ARGUMENTS.items():
    for _label, _kwargs in _variants.items():
        CASES[f"{_name} {_label}".strip()] = (_name, _kwargs)

# Among them the corners at which the piecewise functions bend.
VALUES = np.array(
    [-30, -6, -3, -2.5, -1, -0.5, -0.3, 0, 0.2, 0.3, 0.5, 1, 1.5, 2, 3, 4, 6, 7, 25, 30],
    dtype="float32",
).reshape(2, 5, 2)


def both(case):
    name, kwargs = CASES[case]
    return (
        lambda x: getattr(activations, name)(x, **kwargs),
        lambda x: getattr(keras.activations, name)(x, **kwargs),
    )


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_equal_keras(case):
    results = []
    # Where Keras clips, torch splits the gradient of the corner itself between both sides.
    clips = CASES[case][1].get("max_value") is not None and case != "relu six"
    for function in both(case):
        x = torch.tensor(VALUES + 0.01 if clips else VALUES, requires_grad=True)
        y = function(x)
        (y * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum().backward()
        results.append((y.detach(), x.grad))
    torch.testing.assert_close(results[0], results[1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_dtype_stays(case, dtype):
    ours, theirs = (
        function(torch.tensor(VALUES).to(getattr(torch, dtype))) for function in both(case)
    )
    assert ours.dtype == theirs.dtype == getattr(torch, dtype)
    tolerance = 1e-6 if dtype == "float64" else 0.02
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_arrays_and_lists_are_taken(case):
    ours, theirs = both(case)
    if case == "linear":
        assert ours(VALUES) is VALUES
        return
    torch.testing.assert_close(ours(VALUES), theirs(VALUES), rtol=1e-6, atol=1e-6)
    as_list = ours(VALUES.tolist())
    assert as_list.dtype == torch.float32
    torch.testing.assert_close(as_list, ours(torch.tensor(VALUES)))


@pytest.mark.parametrize("case", CASES)
def test_symbols_have_the_shape_of_the_result(case):
    ours, _ = both(case)
    # An axis that is halved must be even for every number that stands for an unknown size.
    shape = (2, None, 4) if case == "glu first" else (None, 5, 4)
    symbol = ours(KerasTensor(shape, dtype="bfloat16"))
    real = ours(torch.tensor(VALUES))
    assert isinstance(symbol, KerasTensor)
    assert symbol.dtype == "bfloat16"
    halved = {"glu": (None, 5, 2), "glu first": (1, None, 4)}
    assert symbol.shape == halved.get(case, shape)
    assert len(symbol.shape) == real.ndim


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_equals_keras(name):
    ours = inspect.signature(getattr(activations, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.activations, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "threshold"])
def test_kernel_does_the_same(name):
    function = getattr(activations, name)
    x = torch.tensor(VALUES)
    torch.testing.assert_close(kernel(function)(x), function(x), rtol=0, atol=0)


def test_kernel_of_a_foreign_function_is_itself():
    def relu(x):
        return x + 1

    assert kernel(relu) is relu
    assert kernel(torch.sin) is torch.sin


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays(name):
    if name in ("threshold", "hard_shrink", "soft_shrink", "sparsemax"):
        return  # comparisons decide there, in torch as in Keras
    x = torch.full((2, 4), torch.nan)
    assert getattr(activations, name)(x).isnan().all()


def test_softmax_over_one_entry_warns():
    with pytest.warns(UserWarning, match=r"axis -1 of a tensor of shape \(3, 1\).*mean a sigmoid"):
        assert activations.softmax(torch.ones(3, 1)).tolist() == [[1.0]] * 3


def test_softmax_takes_axes_from_the_end():
    x = torch.tensor(VALUES)
    assert torch.equal(activations.softmax(x, (0, -1)), activations.softmax(x, (0, 2)))


def test_softmax_of_a_number_is_one():
    assert float(activations.softmax(3.0)) == 1.0


@pytest.mark.parametrize("name", ["relu", "softmax", "sparsemax", "gelu"])
def test_compiles_into_one_graph(name):
    function = getattr(activations, name)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    x = torch.tensor(VALUES)
    torch.testing.assert_close(compiled(x), function(x))
