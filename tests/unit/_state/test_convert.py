"""Whatever Keras takes for a tensor becomes one of Keras's dtype."""

import keras
import ml_dtypes
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras._base import settings
from torchkeras._state.convert import tensor
from torchkeras._state.variable import Variable
from torchkeras._symbolic.tensor import KerasTensor

VALUES = {
    "int": 3,
    "large int": 2**40,
    "float": 3.5,
    "bool": True,
    "complex": 1j,
    "ints": [1, 2],
    "mixed": [1, 2.5],
    "nested": [[1.0, 2.0], [3.0, 4.0]],
    "tuple": (1.0, 2),
    "bools": [True, False],
    "empty": [],
    "float32": np.float32([1, 2]),
    "float64": np.ones(2),
    "int64": np.arange(2),
    "uint8": np.uint8([1, 255]),
    "uint16": np.uint16([1, 2**16 - 1]),
    "uint32": np.uint32([1, 2**32 - 1]),
    "bfloat16": np.ones(2, ml_dtypes.bfloat16),
    "scalar": np.float64(3.5),
    "scalars": [np.float32(1), np.float32(2)],
    "scalars and ints": [np.float32(1), 2],
    "halves and floats": [np.float16(1), 1.0],
    "wide scalars": [np.float64(1), np.int64(2)],
    "wide integers": [np.int64(1), 2],
    "integers and floats": [np.int32(1), 2.5],
    "empty rows": [np.zeros(0, "int64")],
    "rows": [np.ones(2), np.zeros(2)],
    "tensors": [torch.ones(2), torch.zeros(2)],
}


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy.ndarrays")
@pytest.mark.parametrize("case", VALUES)
def test_values_become_keras_tensors(case):
    ours, theirs = tensor(VALUES[case]), keras.ops.convert_to_tensor(VALUES[case])
    assert ours.dtype == theirs.dtype
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
def test_dtypes_that_torch_hardly_computes_with_are_wider(dtype):
    for package in (torchkeras, keras):
        assert package.ops.cast([1, 2], dtype).dtype == tensor(np.ones(2, dtype)).dtype


def test_large_integers_in_a_list_become_int64():
    assert tensor([1, 2**40]).tolist() == [1, 2**40]
    assert tensor([-(2**31), 2**31 - 1]).dtype == torch.int32
    assert tensor([-(2**31) - 1]).dtype == torch.int64


def test_floats_of_python_follow_floatx():
    settings.set_floatx("bfloat16")
    try:
        assert tensor([1.0, 2.0]).dtype == torch.bfloat16
    finally:
        settings.set_floatx("float32")


def test_array_is_copied():
    array = np.zeros(2)
    made = tensor(array)
    array[0] = 1
    assert made.tolist() == [0.0, 0.0]


def test_tensors_and_symbols_stay_and_variables_give_their_value():
    for x in (torch.ones(2), KerasTensor((None, 2))):
        assert tensor(x) is x
    variable = Variable([1.0])
    assert tensor(variable) is variable.value
    assert torch.equal(tensor([variable, variable]), torch.ones(2, 1))


@pytest.mark.parametrize("value", ["text", None, ["a", "b"], {"a": 1}, [None, 1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="Only numbers can become a tensor"):
        tensor(value)


def test_sizes_that_an_export_leaves_open_become_tensors():
    class Sized(torch.nn.Module):
        def forward(self, x):
            rows = x.shape[0]
            return x * tensor(torch.sym_float(rows)), tensor([rows, 2 * rows]), tensor([[rows]])

    rows = {"x": {0: torch.export.Dim("rows")}}
    program = torch.export.export(Sized(), (torch.ones(4, 3),), dynamic_shapes=rows).module()
    scaled, listed, nested = program(torch.ones(5, 3))
    assert torch.equal(scaled, torch.full((5, 3), 5.0))
    assert (listed.dtype, listed.tolist(), nested.tolist()) == (torch.int64, [5, 10], [[5]])
