"""A variable is Keras's name, path and rules over one torch tensor."""

import copy
import pickle
import warnings

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras._state.variable import Variable, autocast_scope

VALUES = {
    "ints": [1, 2],
    "int": 3,
    "large int": 2**40,
    "bool": True,
    "floats": [1.0, 2],
    "empty": [],
    "float16": np.float16([1]),
    "float64": np.ones(2),
    "int64": np.arange(3),
    "uint8": np.uint8([1]),
    "uint16": np.uint16([1]),
    "complex": 1j,
    "scalar": np.float64(1),
    "tensor of float64": torch.ones(2, dtype=torch.float64),
    "tensor of int64": torch.arange(3),
}


# First values


@pytest.mark.parametrize("case", VALUES)
def test_dtype_of_a_value_is_keras(case):
    ours, theirs = (p.Variable(VALUES[case], trainable=False) for p in (torchkeras, keras))
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)


def test_value_is_copied():
    array, tensor = np.ones(2, "float32"), torch.ones(2)
    variables = [Variable(array), Variable(tensor)]
    array[:] = 5
    tensor[:] = 5
    assert [v.value.tolist() for v in variables] == [[1, 1], [1, 1]]


def test_dtype_may_be_given():
    assert Variable([1.5], dtype="int32").value.tolist() == [1]
    assert Variable(torch.ones(2), dtype="float16").dtype == "float16"
    assert Variable(np.ones(2), dtype=torch.bfloat16).dtype == "bfloat16"


@pytest.mark.parametrize("initializer", ["ones", "Ones", torchkeras.initializers.Ones()])
def test_initializer_needs_a_shape(initializer):
    assert Variable(initializer, shape=[2, 1]).value.tolist() == [[1], [1]]
    assert Variable(initializer, shape=(2,), dtype="int32").dtype == "int32"
    with pytest.raises(ValueError, match=r"`shape` must be fully known.*shape=None"):
        Variable(initializer)
    with pytest.raises(ValueError, match=r"`shape` must be fully known.*shape=\(None, 2\)"):
        Variable(initializer, shape=(None, 2))


def test_function_as_initializer_may_return_an_array():
    made = Variable(lambda shape, dtype: np.full(shape, 2.0), shape=(3,))
    assert (made.dtype, made.value.tolist()) == ("float32", [2, 2, 2])


def test_function_that_makes_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2,\).*\(3,\)"):
        Variable(lambda shape, dtype: torch.ones(3), shape=(2,))


def test_unknown_initializer_is_refused():
    with pytest.raises(ValueError, match=r"initializer='glorot'.*Did you mean 'glorot_"):
        Variable("glorot", shape=(2,))


@pytest.mark.parametrize("value", [None, {"a": 1}, [None], ["a"]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="Only numbers can become a tensor"):
        Variable(value)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`name` must be a string without '/'.*'a/b'"):
        Variable([1.0], name="a/b")
    with pytest.raises(ValueError, match=r"`aggregation` must be one of.*Did you mean 'mean'"):
        Variable([1.0], aggregation="men")
    with pytest.raises(TypeError, match="does not take shap on torch"):
        Variable([1.0], shap=3)


# Names


def test_names_count_and_paths_follow_the_scope():
    torchkeras._base.naming.reset_names()
    assert [Variable(1.0).name for _ in range(2)] == ["variable", "variable_1"]
    with torchkeras.name_scope("outer"), torchkeras.name_scope("inner"):
        assert Variable(1.0, name="w").path == "outer/inner/w"
    assert Variable(1.0, name="w").path == "w"


def test_repr_tells_path_shape_dtype_and_value():
    text = "<Variable path=v, shape=(2,), dtype=float32, value=[1. 2.]>"
    assert repr(Variable([1.0, 2.0], name="v")) == text


def test_repr_shows_all_values_that_numpy_shows():
    values = np.arange(80.0, dtype="float32").reshape(8, 10)
    assert repr(Variable(values, name="v")).endswith(f"value={values}>")


# Assigning


def test_assign_writes_in_place_and_returns_the_value():
    v = Variable([1.0, 2.0])
    before = v.value
    assert torch.equal(v.assign([3, 4]), torch.tensor([3.0, 4.0]))
    assert v.value is before
    assert v.assign_add([1, 1]).tolist() == [4, 5]
    assert v.assign_sub(np.ones(2)).tolist() == [3, 4]
    assert v.assign(Variable([7.0, 8.0])).tolist() == [7, 8]


def test_assign_add_broadcasts_a_scalar():
    assert Variable([[1.0, 2.0]]).assign_add(1.0).tolist() == [[2, 3]]


def test_assigning_keeps_no_graph():
    v, x = Variable([1.0]), torch.ones(1, requires_grad=True)
    v.assign(x * 2)
    v.assign_add(x)
    assert v.value.is_leaf
    assert v.value.tolist() == [3]


@pytest.mark.parametrize("value", [1.0, [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_assign_refuses_another_shape(value):
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"must have the shape \(2,\) of variable 'v'. Received"):
        v.assign(value)
    assert v.value.tolist() == [1, 2]


@pytest.mark.parametrize("method", ["assign_add", "assign_sub"])
@pytest.mark.parametrize("value", [np.ones(3), np.ones((2, 2))])
def test_accumulating_refuses_what_does_not_broadcast(method, value):
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"broadcast to the shape \(2,\) of variable 'v'. Rec"):
        getattr(v, method)(value)
    assert v.value.tolist() == [1, 2]


def test_value_is_read_only_as_an_attribute():
    with pytest.raises(AttributeError):
        Variable([1.0]).value = torch.ones(1)


# Trainable


def test_requires_grad_follows_trainable():
    v = Variable([1.0])
    assert isinstance(v.value, nn.Parameter)
    v.trainable = False
    assert not v.value.requires_grad
    v.trainable = True
    assert v.value.requires_grad


def test_untrained_variable_becomes_a_parameter_when_it_is_trained():
    v = Variable([1.0], trainable=False)
    assert not isinstance(v.value, nn.Parameter)
    v.trainable = True
    assert isinstance(v.value, nn.Parameter)
    assert v.value.requires_grad


def test_integers_never_require_a_gradient():
    v = Variable([1, 2])
    v.trainable = True
    assert not v.value.requires_grad


def test_gradient_is_found_at_the_value():
    v = Variable([1.0, 2.0])
    (v * v).sum().backward()
    assert v.value.grad.tolist() == [2, 4]
    v.value.grad = None
    (grad,) = torch.autograd.grad((v**2).sum(), [v.value])
    assert grad.tolist() == [2, 4]


# As a tensor

BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "@": lambda a, b: a @ b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
ARRAY = np.float32([[1.5, 3.0], [2.0, 1.0]])
OTHERS = {"number": 2.0, "array": ARRAY + 1, "tensor": torch.tensor(ARRAY + 1)}


@pytest.mark.parametrize("operator", BINARY)
@pytest.mark.parametrize("other", [*OTHERS, "variable"])
@pytest.mark.parametrize("swapped", [False, True])
def test_operators_give_tensors(operator, other, swapped):
    apply, mine = BINARY[operator], Variable(ARRAY)
    if operator == "@" and other == "number":
        pytest.skip("no matrix product with a number")
    plain = OTHERS.get(other, ARRAY + 1)
    right = Variable(ARRAY + 1) if other == "variable" else plain
    pair = (right, mine) if swapped else (mine, right)
    numbers = (np.asarray(plain), ARRAY) if swapped else (ARRAY, np.asarray(plain))
    result = apply(*pair)
    assert isinstance(result, torch.Tensor)
    if result.is_floating_point() and operator != "//":
        assert result.requires_grad
    np.testing.assert_allclose(result.detach().numpy(), apply(*numbers), rtol=1e-6)


def test_unary_operators():
    v = Variable([1.25, -2.0])
    assert (-v).tolist() == [-1.25, 2]
    assert (+v).tolist() == [1.25, -2]
    assert abs(v).tolist() == [1.25, 2]
    assert round(v).tolist() == [1, -2]
    assert round(v, 1).tolist() == pytest.approx([1.2, -2])
    assert (~Variable([True, False])).tolist() == [False, True]


def test_logical_operators_of_booleans():
    v, other = Variable([True, False]), torch.tensor([True, True])
    assert (v & other).tolist() == (other & v).tolist() == [True, False]
    assert (v | other).tolist() == (other | v).tolist() == [True, True]
    assert (v ^ other).tolist() == (other ^ v).tolist() == [False, True]


def test_indexing_iterating_and_length():
    v = Variable([[1.0, 2.0], [3.0, 4.0]])
    assert v[0, 1].item() == 2
    assert v[..., 0].tolist() == [1, 3]
    assert [row.tolist() for row in v] == [[1, 2], [3, 4]]
    assert len(v) == 2
    assert v.ndim == 2


def test_torch_functions_take_variables():
    v, w = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    assert torch.sum(v).item() == 3
    assert torch.stack([v, w]).shape == (2, 2)
    assert torch.where(torch.tensor([True, False]), v, w).tolist() == [1, 4]
    assert torch.nn.functional.mse_loss(v, target=w).item() == 4
    assert torch.add(v, other=w).tolist() == [4, 6]


def test_keras_ops_take_variables():
    assert torchkeras.ops.sum(Variable([1.0, 2.0])).item() == 3
    assert torchkeras.ops.convert_to_tensor(Variable([1.0])).requires_grad


def test_python_numbers_come_without_warnings():
    v = Variable(2.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (float(v), int(v), bool(v)) == (2.5, 2, True)
    assert [0, 1, 2][Variable(1)] == 1


def test_float_is_no_index():
    with pytest.raises(TypeError):
        [0, 1, 2][Variable(1.0)]


def test_arrays_of_numpy():
    v = Variable([1.0, 2.0])
    assert np.asarray(v).tolist() == [1, 2]
    assert np.array(v, dtype="float64").dtype == np.float64
    assert np.sum(v) == 3
    copied = v.numpy()
    copied[:] = 9
    assert v.value.tolist() == [1, 2]


def test_bfloat16_shows_as_float32_in_numpy():
    assert Variable([1.0], dtype="bfloat16").numpy().dtype == np.float32


def test_variables_are_compared_by_value_and_hashed_by_identity():
    v, w = Variable([1.0]), Variable([1.0])
    assert (v == w).tolist() == [True]
    assert len({v, w}) == 2
    assert (v == None) is False  # noqa: E711
    assert (v != None) is True  # noqa: E711


def test_autocast_shows_floats_in_another_dtype():
    v, kept, whole = Variable([1.0]), Variable([1.0], autocast=False), Variable([1])
    with autocast_scope(torch.bfloat16):
        assert v.value.dtype is torch.bfloat16
        assert (v.dtype, kept.dtype, whole.dtype) == ("bfloat16", "float32", "int32")
        assert (v * 2).dtype is torch.bfloat16
        v.assign([2.0])
    assert v.value.dtype is torch.float32


# Copies


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_are_equal_and_apart(copied, trainable):
    v = Variable([1.0, 2.0], name="v", trainable=trainable)
    other = copied(v)
    v.assign([0.0, 0.0])
    assert other.value.tolist() == [1, 2]
    assert (other.name, other.path, other.trainable) == ("v", "v", trainable)
    assert other.value.requires_grad is trainable


def test_shallow_copy_shows_the_same_value():
    v = Variable([1.0])
    other = copy.copy(v)
    v.assign([2.0])
    assert other.value.tolist() == [2]


# Belonging to a layer


class Owner(torchkeras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = Variable([2.0], name="gain")
        self.shift = Variable([1.0], trainable=False, name="shift")

    def call(self, inputs):
        return inputs * self.scale + self.shift


def test_layer_adopts_variables_on_assignment():
    layer = Owner()
    assert list(layer.state_dict()) == ["gain", "shift"]
    assert [v.name for v in layer.weights] == ["gain", "shift"]
    assert layer.trainable_weights == [layer.scale]
    assert [name for name, _ in layer.named_parameters()] == ["gain"]
    assert [name for name, _ in layer.named_buffers()] == ["shift"]
    assert layer(torch.ones(1, 1)).item() == 3


def test_variables_of_one_name_get_keys_of_their_own():
    layer = torchkeras.layers.Layer()
    layer.a, layer.b = Variable([1.0], name="w"), Variable([2.0], name="w")
    assert list(layer.state_dict()) == ["w", "w_1"]
    assert [v.name for v in layer.weights] == ["w", "w"]


def test_variable_of_another_layer_is_shared_and_not_moved():
    first, second = Owner(), torchkeras.layers.Layer()
    second.borrowed = first.scale
    assert list(second.state_dict()) == []
    assert second.borrowed is first.scale
    assert list(first.state_dict()) == ["gain", "shift"]


def test_deleting_the_attribute_drops_the_variable():
    layer = Owner()
    del layer.scale
    assert list(layer.state_dict()) == ["shift"]
    assert [v.name for v in layer.weights] == ["shift"]


def test_assigning_another_variable_keeps_both_as_in_keras():
    layer, oracle = Owner(), keras.layers.Layer()
    layer.scale = Variable([5.0], name="gain")
    oracle.scale = keras.Variable([2.0])
    oracle.shift = keras.Variable([1.0], trainable=False)
    oracle.scale = keras.Variable([5.0])
    assert [v.value.item() for v in layer.weights] == [v.value.item() for v in oracle.weights]


def test_variable_follows_load_state_dict_and_moves():
    layer, other = Owner(), Owner()
    other.scale.assign([9.0])
    layer.load_state_dict(other.state_dict())
    assert layer.scale.value.item() == 9
    layer.double()
    assert layer.scale.dtype == "float64"


def test_copied_layer_has_variables_of_its_own():
    layer = Owner()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        other.scale.assign([5.0])
        assert layer.scale.value.item() == 2
        assert other.get_parameter("gain").item() == 5
        assert other.weights[0] is other.scale


DTYPES = ["bool", "uint8", "int32", "float16", "bfloat16", "float32"]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("name", ["__and__", "__or__", "__xor__", "__add__", "__matmul__"])
@pytest.mark.parametrize("first", DTYPES)
def test_dtypes_of_operators_equal_keras(name, first):
    seconds = DTYPES[1:] if (name, first) == ("__matmul__", "bool") else DTYPES
    for second in seconds:
        ours, theirs = (
            getattr(k.Variable([1, 0], dtype=first, trainable=False), name)(
                k.Variable([1, 1], dtype=second, trainable=False)
            )
            for k in (torchkeras, keras)
        )
        assert ours.dtype is theirs.dtype, (name, first, second)
        assert ours.tolist() == theirs.tolist()


def test_logical_operators_take_numbers_on_both_sides():
    v = torchkeras.Variable([2, 0], dtype="int32")
    assert (v | 1).tolist() == (1 | v).tolist() == [True, True]
    assert (v & np.array([1, 1])).tolist() == [True, False]


@pytest.mark.parametrize("convert", [bool, int, float])
def test_several_numbers_are_no_python_number(convert):
    with pytest.raises(TypeError, match=r"shape \(\)"):
        convert(torchkeras.Variable([1.0, 2.0]))


@pytest.mark.parametrize("attribute", ["regularizer", "constraint"])
def test_rules_can_be_called(attribute):
    v = torchkeras.Variable([1.0])
    setattr(v, attribute, abs)
    assert getattr(v, attribute) is abs
    with pytest.raises(ValueError, match=f"`{attribute}` must be"):
        setattr(v, attribute, "not callable")


def test_overwriting_is_true_or_false():
    v = torchkeras.Variable([1.0])
    v.overwrite_with_gradient = True
    with pytest.raises(TypeError, match="`overwrite_with_gradient`"):
        v.overwrite_with_gradient = "true"


@pytest.mark.parametrize("name", ["a/b", 4])
def test_names_of_scopes_have_no_slash(name):
    with pytest.raises(ValueError, match="`name` must be a string"):
        torchkeras.name_scope(name)
