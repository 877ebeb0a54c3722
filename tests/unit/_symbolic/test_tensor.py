"""Symbols take part in torch's functions, in operators and methods, and refuse to be numbers."""

import copy
import math
import pickle

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F

import torchkeras
from torchkeras import Input, KerasTensor, Model, ops, tree


def spec(symbol):
    return tree.map_structure(lambda s: (s.shape, s.dtype), symbol)


def agrees(compute, *shapes, dtype="float32", batch=3):
    """Check a computation on symbols: shape and dtype, and the model's numbers."""
    torch.manual_seed(0)
    symbols = [Input(shape, dtype=dtype) for shape in shapes]
    outputs = compute(*symbols)
    sizes = [[batch, *(5 if n is None else n for n in shape)] for shape in shapes]
    if dtype == "float32":
        values = [torch.rand(size) + 0.1 for size in sizes]
    else:
        values = [torch.randint(1, 3, size).to(getattr(torch, dtype)) for size in sizes]
    expected = compute(*[value.clone() for value in values])
    given = Model(symbols, outputs)(values if len(values) > 1 else values[0])
    pairs = zip(*(tree.flatten(x) for x in (outputs, given, expected)), strict=True)
    for symbol, found, wanted in pairs:
        assert torch.equal(found, wanted)
        assert symbol.dtype == str(wanted.dtype).removeprefix("torch.")
        assert len(symbol.shape) == wanted.dim()
        for known, size in zip(symbol.shape, wanted.shape, strict=True):
            assert known in (None, size)
    return outputs


# Operators

BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@pytest.mark.parametrize("operator", BINARY)
def test_binary_operators(operator):
    apply = BINARY[operator]
    agrees(apply, (3,), (3,))
    agrees(lambda x: apply(x, 2), (3,))
    agrees(lambda x: apply(2.5, x), (3,))
    agrees(lambda x: apply(x, torch.full((3,), 2.0)), (3,))
    agrees(lambda x: apply(torch.full((3,), 2.0), x), (3,))


@pytest.mark.parametrize("operator", BINARY)
def test_arrays_beside_symbols(operator):
    apply, array = BINARY[operator], np.float32([1, 2, 3])
    x, value = Input((3,)), torch.ones(2, 3)
    for compute in (lambda a, b: apply(a, b), lambda a, b: apply(b, a)):
        y = compute(x, array)
        assert y.shape == (None, 3)
        assert torch.equal(Model(x, y)(value), compute(value, torch.tensor(array)))


def test_wide_arrays_do_not_widen():
    assert (Input((3,)) * np.ones(3)).dtype == "float32"
    assert (np.ones(3) * Input((3,))).dtype == "float32"
    assert (Input((3,)) + np.arange(3)).dtype == "float32"


def test_matrix_products():
    agrees(lambda a, b: a @ b, (2, 3), (3, 4))
    agrees(lambda a: a @ torch.ones(3, 4), (3,))
    agrees(lambda a: torch.ones(2, 4) @ a, (4, 5))


def test_unary_operators():
    for compute in (lambda x: -x, lambda x: +x, abs, lambda x: ~(x > 0.5)):
        agrees(compute, (3,))


def test_rounding():
    x, value = Input((2,)), torch.tensor([[1.26, 2.5]])
    assert Model(x, round(x))(value).tolist() == [[1, 2]]
    assert Model(x, round(x, 1))(value)[0].tolist() == pytest.approx([1.3, 2.5])


def test_logical_operators():
    for compute in (
        lambda a, b: (a > 0.5) & (b > 0.5),
        lambda a, b: (a > 0.5) | (b > 0.5),
        lambda a, b: (a > 0.5) ^ (b > 0.5),
    ):
        agrees(compute, (3,), (3,))


def test_augmented_assignment_makes_a_new_symbol():
    x = y = Input((3,))
    y += 1
    y *= 2
    assert y is not x
    assert Model(x, y)(torch.zeros(1, 3)).tolist() == [[2, 2, 2]]


@pytest.mark.parametrize(
    "index",
    [
        np.s_[:, 0],
        np.s_[0],
        np.s_[:, -1],
        np.s_[:, 1:],
        np.s_[..., ::2],
        np.s_[:, None],
        np.s_[:, ..., 0, None],
        np.s_[:, [0, 2]],
        (slice(None), torch.tensor([0, 2])),
        np.s_[-1:],
    ],
    ids=repr,
)
def test_indexing(index):
    agrees(lambda x: x[index], (4, 3))


def test_indexing_with_unknown_sizes():
    x = Input((None, 3))
    assert x[:, -1].shape == (None, 3)
    assert x[:, :, 0].shape == (None, None)
    assert x[:, 2:].shape == (None, None, 3)
    assert x[:, None].shape == (None, 1, None, 3)


def test_indexing_with_symbols():
    agrees(lambda x, i: x[:, i[0].long()], (4, 3), (2,), dtype="int32")


# torch functions and methods

FUNCTIONS = {
    "exp": torch.exp,
    "gelu": F.gelu,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "mean": lambda x: torch.mean(x, dim=1, keepdim=True),
    "sum": torch.sum,
    "max": lambda x: torch.max(x, dim=1),
    "sort": lambda x: x.sort(dim=-1, descending=True),
    "topk": lambda x: torch.topk(x, 2),
    "split": lambda x: torch.split(x, 2, dim=1),
    "chunk": lambda x: x.chunk(2, 1),
    "unbind": lambda x: torch.unbind(x, 1),
    "cat": lambda x: torch.cat([x, x * 2], dim=-1),
    "stack": lambda x: torch.stack((x, -x), 1),
    "where": lambda x: torch.where(x > 0.5, x, 0.0),
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x, x),
    "clamp": lambda x: x.clamp(min=0.3, max=0.6),
    "pad": lambda x: F.pad(x, (1, 2)),
    "norm": lambda x: torch.linalg.norm(x, dim=-1),
    "matmul": lambda x: torch.matmul(x, x.transpose(1, 2)),
    "dot product attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "layer norm": lambda x: F.layer_norm(x, (3,)),
    "linear": lambda x: F.linear(x, torch.ones(2, 3)),
    "flatten": lambda x: x.flatten(1),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "permute": lambda x: x.permute(0, 2, 1),
    "transpose": lambda x: x.transpose(1, 2),
    "mT": lambda x: x.mT,
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "reshape": lambda x: x.reshape(-1, 12),
    "reshape by tuple": lambda x: x.reshape((-1, 2, 6)),
    "view": lambda x: x.view(-1, 6, 2),
    "expand": lambda x: x.unsqueeze(1).expand(-1, 5, -1, -1),
    "repeat": lambda x: x.repeat(1, 2, 1),
    "roll": lambda x: x.roll(1, 1),
    "cumsum": lambda x: x.cumsum(1),
    "cast": lambda x: x.to(torch.float16).float(),
    "int": lambda x: x.int(),
    "fft": lambda x: torch.fft.rfft(x).real,
    "zeros_like": torch.zeros_like,
    "new_ones": lambda x: x.new_ones(3),
    "masked_fill": lambda x: x.masked_fill(x > 0.5, 0),
    "detach": lambda x: x.detach(),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "norm method": lambda x: x.norm(dim=1),
    "split method": lambda x: x.split(2, 1),
    "lerp": lambda x: torch.lerp(x, x * 2, 0.3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_torch_functions(name):
    agrees(FUNCTIONS[name], (4, 3))


@pytest.mark.parametrize("name", ["exp", "gelu", "softmax", "mean", "max", "cat", "stack", "where"])
def test_torch_functions_of_unknown_sizes(name):
    agrees(FUNCTIONS[name], (None, 3))


def test_keras_ops_and_torch_functions_mix():
    agrees(lambda x: ops.concatenate([torch.relu(x), ops.exp(x) + 1], axis=-1), (3,))


def test_embeddings_take_integers():
    agrees(lambda x: F.embedding(x, torch.arange(8.0).reshape(4, 2)), (5,), dtype="int32")


def test_transposed_symbols():
    assert Input((4,)).T.shape == (4, None)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x.view(x.size(0), -1),
        lambda x: x.reshape(x.shape[0], 12),
        lambda x: x.reshape((x.shape[0], 2, 6)),
        lambda x: x.view(x.shape[0], 4, -1),
        lambda x: x.view(x.size(0), 2, -1, 3),
        lambda x: x.view(x.size()),
    ],
)
def test_unknown_sizes_may_be_written_into_reshape(compute):
    agrees(compute, (4, 3))


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x.view(x.size(0), -1),
        lambda x: x.view(x.size(0), x.size(1), 2, 3),
        lambda x: x.view(x.size(0), x.size(1), -1),
        lambda x: x.reshape(x.shape[0], -1, 3),
        lambda x: x.view(*x.shape[:-1], 3, 2),
    ],
)
def test_several_unknown_sizes_may_be_written_into_reshape(compute):
    agrees(compute, (None, 6))


def test_sizes_that_cannot_be_known_are_refused():
    x = Input((None, 6))
    with pytest.raises(ValueError, match=r"`newshape`.*Received: newshape=\(6, None, None\)"):
        x.reshape(6, x.shape[0], x.shape[1])


def test_view_as_another_dtype():
    agrees(lambda x: x.view(torch.int32), (3,))


# What a symbol is


def test_attributes():
    x = KerasTensor((None, 3), dtype="int32", name="x")
    assert (x.shape, x.dtype, x.name, x.ndim, x.sparse, x.ragged) == (
        (None, 3),
        "int32",
        "x",
        2,
        False,
        False,
    )
    assert (x.dim(), x.size(1), x.size()) == (2, 3, (None, 3))
    assert x.device.type == "meta"
    assert repr(x) == "<KerasTensor shape=(None, 3), dtype=int32, name=x>"
    assert torchkeras.utils.is_keras_tensor(x)
    assert not torchkeras.utils.is_keras_tensor(torch.ones(1))


def test_has_every_public_name_of_keras():
    names = {name for name in dir(keras.KerasTensor((1,))) if not name.startswith("_")}
    assert names <= set(dir(KerasTensor((1,))))


@pytest.mark.parametrize("shape", [3, None, "ab", (1, "a"), (1, -3), (1.5,)])
def test_shapes_are_checked(shape):
    with pytest.raises(ValueError, match=r"`shape` must be a tuple of sizes.*Received: shape="):
        KerasTensor(shape)


@pytest.mark.parametrize("shape", [(), [2, None], torch.Size([2]), (np.int64(2),)])
def test_shapes_become_tuples(shape):
    found = KerasTensor(shape).shape
    assert type(found) is tuple
    assert all(size is None or type(size) is int for size in found)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"Sparse and ragged.*sparse=True"):
        KerasTensor((1,), sparse=True)
    with pytest.raises(TypeError, match=r"does not take batch"):
        KerasTensor((1,), batch=3)
    with pytest.raises(ValueError, match=r"`dtype` must be one of.*Did you mean 'float32'"):
        KerasTensor((1,), dtype="float3")


def test_symbols_are_keys():
    a, b = Input((3,)), Input((3,))
    assert {a: 1, b: 2}[a] == 1
    assert (a == None) is False  # noqa: E711
    assert (a == "text") is False


def test_symbols_are_copied_and_pickled():
    x = Input((3,), name="x")
    y = torch.relu(x)
    for copied in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert (copied.shape, copied.dtype) == ((None, 3), "float32")


# What a symbol is not


@pytest.mark.parametrize(
    ("use", "error", "text"),
    [
        (bool, TypeError, "used as a Python bool"),
        (int, ValueError, "used as a Python int"),
        (float, ValueError, "used as a Python float"),
        (math.sqrt, ValueError, "used as a Python float"),
        (np.array, ValueError, "turned into a NumPy array"),
        (np.exp, ValueError, "turned into a NumPy array"),
        (list, NotImplementedError, "cannot be iterated over"),
        (lambda x: x.numpy(), AttributeError, "asked for `numpy`"),
        (lambda x: x.item(), AttributeError, "asked for `item`"),
        (lambda x: x.tolist(), AttributeError, "asked for `tolist`"),
        (lambda x: 1 if x > 0 else 2, TypeError, "used as a Python bool"),
        (lambda x: range(x), TypeError, "cannot be interpreted as an integer"),
        (lambda x: [1, 2][x], TypeError, "list indices"),
        (lambda x: x.foo(), AttributeError, "no attribute 'foo'"),
        (lambda x: x.__setitem__(0, 1), AttributeError, "__setitem__"),
    ],
)
def test_symbols_have_no_values(use, error, text):
    with pytest.raises(error, match=text):
        use(Input((3,), name="x"))


def test_advice_is_given():
    with pytest.raises(TypeError, match=r"name=x> cannot.*`call` of a custom Layer"):
        bool(Input((3,), name="x"))


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1),
        torch.relu_,
        lambda x: torch.add(x, 1, out=torch.ones(3)),
        lambda x: F.relu(x, inplace=True),
    ],
)
def test_writing_in_place_is_refused(write):
    with pytest.raises(TypeError, match="writes into a tensor, which symbols do not allow"):
        write(Input((3,)))


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x + Input((4,)),
        lambda x: x @ torch.ones(4, 2),
        lambda x: x.mean(dim=5),
        lambda x: torch.cat([x, Input((2, 3))]),
        lambda x: x.reshape(-1, 0, 7),
        lambda x: x[:, 9],
    ],
)
def test_what_does_not_fit_is_refused_as_in_keras(compute, capfd):
    with pytest.raises(ValueError, match=r"cannot be applied to float32 of shape \(None, 3\)"):
        compute(Input((3,)))
    assert capfd.readouterr().err == ""


def test_sizes_that_depend_on_values_are_refused():
    x = Input((3,))
    for compute in (lambda: x[x > 0], lambda: torch.nonzero(x), lambda: torch.unique(x)):
        with pytest.raises(ValueError, match=r"depends on the values.*`compute_output_shape`"):
            compute()
