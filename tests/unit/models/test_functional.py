"""Functional models: structures of inputs and outputs, sharing, torch on symbols, errors."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import Input, Model, layers

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")
T = torch.tensor(X)


# Structures


def test_single_output_is_a_tensor_even_where_it_is_given_in_a_list():
    x = Input((4,))
    y = layers.Dense(3)(x)
    assert isinstance(Model(x, y)(X), torch.Tensor)
    assert isinstance(Model(x, [y])(X), torch.Tensor)
    assert isinstance(Model([x], y)([X]), torch.Tensor)


def test_list_of_one_input_takes_a_bare_tensor():
    x = Input((4,))
    assert Model([x], layers.Dense(3)(x))(X).shape == (2, 3)


def test_inputs_by_name():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    model = Model([a, b], a - b)
    assert torch.equal(model({"b": T, "a": 2 * T}), T)


def test_dictionary_of_inputs_ignores_its_order_and_names_further_entries():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    model = Model({"a": a, "b": b}, a - b)
    assert torch.equal(model({"b": T, "a": 2 * T}), T)
    with pytest.warns(UserWarning, match=r"leaves \['c'\] out of a dictionary") as warned:
        assert torch.equal(model({"b": T, "a": 2 * T, "c": T}), T)
    assert len(warned) == 1


def test_missing_input_names_it():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    with pytest.raises(ValueError, match="'b'"):
        Model([a, b], a - b)({"a": T})


def test_too_few_inputs_are_refused():
    a, b = Input((4,)), Input((4,))
    with pytest.raises(ValueError, match=r"2 input.*1"):
        Model([a, b], a - b)([T])


def test_deep_structures():
    a, b, c = (Input((4,), name=name) for name in "abc")
    model = Model({"x": [a, (b,)], "y": c}, {"out": (a + b, [c])})
    found = model({"x": [T, (2 * T,)], "y": T})
    assert torch.equal(found["out"][0], 3 * T)
    assert torch.equal(found["out"][1][0], T)


def test_output_that_is_an_input():
    x = Input((4,))
    first, second = Model(x, [x, layers.Dense(2)(x)])(X)
    assert torch.equal(first, T)
    assert second.shape == (2, 2)


def test_output_given_twice():
    x = Input((4,))
    y = layers.Dense(2)(x)
    first, second = Model(x, [y, y])(X)
    assert torch.equal(first, second)


def test_inputs_that_nothing_uses():
    a, b = Input((4,)), Input((3,))
    model = Model([a, b], layers.Dense(2)(a))
    assert model([X, X[:, :3]]).shape == (2, 2)
    assert len(model.layers) == 3


def test_order_of_inputs_is_that_of_the_list_and_not_of_creation():
    a, b = Input((4,)), Input((3,))
    model = Model([b, a], layers.Concatenate()([a, b]))
    assert torch.equal(model([T[:, :3], T]), torch.cat([T, T[:, :3]], -1))


def test_layers_with_several_outputs():
    class Split(layers.Layer):
        def call(self, inputs):
            return {"low": inputs[:, :2], "high": [inputs[:, 2:]]}

    x = Input((4,))
    parts = Split()(x)
    model = Model(x, parts["high"][0] * 2)
    assert torch.equal(model(X), 2 * T[:, 2:])
    copy = Model(x, parts)
    assert copy(X)["low"].shape == (2, 2)


def test_layers_with_several_arguments():
    class Mix(layers.Layer):
        def call(self, first, second, scale=1.0, extra=None):
            return (first + second) * scale + (0 if extra is None else extra)

    a, b = Input((4,)), Input((4,))
    model = Model([a, b], Mix()(a, second=b, scale=2.0, extra=a))
    assert torch.allclose(model([T, T]), 5 * T)


# Torch on symbols


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.cat([x, x], dim=-1),
        lambda x: torch.relu(x),
        lambda x: F.gelu(x),
        lambda x: F.softmax(x, dim=-1),
        lambda x: x.mean(dim=1),
        lambda x: x.unsqueeze(1).transpose(1, 2),
        lambda x: torch.stack([x, -x]),
        lambda x: x.reshape(-1, 2, 2),
        lambda x: x[:, 1:3],
        lambda x: x[..., None],
        lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
        lambda x: torch.einsum("bi,bi->b", x, x),
        lambda x: x @ torch.ones(4, 2),
        lambda x: torch.ones(4) + x,
        lambda x: 1.0 / (x * x + 1.0),
        lambda x: abs(x) ** 0.5,
        lambda x: torch.split(x, 2, dim=-1)[1],
        lambda x: torch.max(x, dim=1).values,
        lambda x: x.to(torch.float64),
        lambda x: torch.linalg.norm(x, dim=-1),
    ],
    ids=lambda f: f.__code__.co_name + str(f.__code__.co_firstlineno),
)
def test_torch_functions(function):
    x = Input((4,))
    symbol = function(x)
    found, expected = Model(x, symbol)(X), function(T)
    torch.testing.assert_close(found, expected)
    assert symbol.dtype == str(expected.dtype).removeprefix("torch.")
    sizes = zip(symbol.shape, expected.shape, strict=True)
    assert all(known in (None, real) for known, real in sizes)


@pytest.mark.parametrize(
    "module",
    [nn.Linear(4, 3), nn.LayerNorm(4), nn.Sequential(nn.Linear(4, 2), nn.Tanh()), nn.Dropout()],
    ids=lambda module: type(module).__name__,
)
def test_torch_modules(module):
    module = module.eval()
    x = Input((4,))
    model = Model(x, module(x))
    torch.testing.assert_close(model(X), module(T))
    held = {id(parameter) for parameter in model.parameters()}
    assert {id(parameter) for parameter in module.parameters()} <= held


def test_torch_modules_after_layers_and_shared():
    linear = nn.Linear(4, 4)
    x = Input((4,))
    model = Model(x, linear(layers.Dense(4)(linear(x))))
    assert len(model.trainable_weights) == 4
    assert model(X).shape == (2, 4)


def test_torch_module_is_the_same_object_afterwards():
    linear = nn.Linear(4, 3)
    x = Input((4,))
    Model(x, linear(x))
    assert type(linear) is nn.Linear
    assert linear(T).shape == (2, 3)
    assert nn.Module.__call__ is type(linear).__call__


def test_wiring_leaves_torch_as_it_was():
    before = nn.Module.__call__
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x))
    model(X)
    nn.Linear(2, 2)(torch.ones(1, 2))
    assert nn.Module.__call__ is before


# Constants


def test_constant_tensors_move_with_the_model():
    x = Input((4,))
    model = Model(x, x + torch.arange(4.0))
    torch.testing.assert_close(model(X), T + torch.arange(4.0))
    assert "constant" not in str(list(model.state_dict()))
    assert model.to(torch.float64)(T.double()).dtype == torch.float64


def test_constant_arrays():
    x = Input((4,))
    model = Model(x, torchkeras.ops.add(x, np.arange(4.0, dtype="float32")))
    torch.testing.assert_close(model(X), T + torch.arange(4.0))


def test_parameters_used_as_constants_are_trained():
    bias = nn.Parameter(torch.zeros(4))
    x = Input((4,))
    model = Model(x, x + bias)
    assert any(parameter is bias for parameter in model.parameters())
    model(X).sum().backward()
    assert bias.grad is not None


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch looks for it in every tensor
@pytest.mark.parametrize("reshaped", [lambda x: x, lambda x: x[None]])
def test_constants_computed_from_weights_are_values(reshaped):
    x = Input((3, 4))
    positions = torchkeras.layers.Embedding(3, 4)(torch.arange(3))
    model = Model(x, x * reshaped(positions))
    for _ in range(2):
        y = model(torch.ones(2, 3, 4, requires_grad=True))
        y.sum().backward()
    torch.testing.assert_close(y[0].detach(), positions.detach())


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_views_of_weights_used_as_constants_follow_them():
    kernel = nn.Parameter(torch.ones(3, 4))
    x = Input((4,))
    model = Model(x, torchkeras.ops.matmul(x, kernel.T))
    model(X).sum().backward()
    assert kernel.grad is not None
    kernel.data.zero_()
    assert not model(X).any()


def test_variables_used_as_constants():
    variable = torchkeras.Variable(np.ones(4, "float32"), name="shift")
    x = Input((4,))
    model = Model(x, x + variable)
    torch.testing.assert_close(model(X), T + 1)
    variable.assign(np.full(4, 3.0))
    torch.testing.assert_close(model(X), T + 3)


# Sharing and extraction


def test_shared_layer_has_one_set_of_weights():
    layer = layers.Dense(4)
    x = Input((4,))
    model = Model(x, layer(layer(x)))
    assert len(model.weights) == 2
    assert len(model.state_dict()) == 2


def test_models_share_layers():
    layer = layers.Dense(4)
    x = Input((4,))
    first, second = Model(x, layer(x)), Model(x, layer(x) * 2)
    torch.testing.assert_close(second(X), 2 * first(X))


def test_extractor_from_the_middle_shares_weights():
    x = Input((4,))
    hidden = layers.Dense(3, name="hidden")(x)
    model = Model(x, layers.Dense(2)(hidden))
    extractor = Model(model.input, model.get_layer("hidden").output)
    assert extractor.get_layer("hidden") is model.get_layer("hidden")
    torch.testing.assert_close(extractor(X), model.get_layer("hidden")(T))


def test_model_that_begins_in_the_middle():
    x = Input((4,))
    hidden = layers.Dense(3)(x)
    last = layers.Dense(2)
    model = Model(hidden, last(hidden))
    values = torch.ones(5, 3)
    torch.testing.assert_close(model(values), last(values))


def test_extractor_of_a_sequential():
    model = torchkeras.Sequential([Input((4,)), layers.Dense(3, name="a"), layers.Dense(2)])
    extractor = Model(model.inputs, model.get_layer("a").output)
    torch.testing.assert_close(extractor(X), model.layers[0](T))


def test_extractor_with_all_layers_outputs():
    model = torchkeras.Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    found = Model(model.inputs, [layer.output for layer in model.layers])(X)
    assert [tuple(x.shape) for x in found] == [(2, 3), (2, 2)]


def test_model_called_twice_shares_its_weights():
    x = Input((4,))
    inner = Model(x, layers.Dense(4)(x))
    outer = Model(x, inner(inner(x)))
    assert len(outer.weights) == 2


def test_siamese_model_equals_keras():
    def build(k):
        oracle.reset()
        a, b = k.Input((4,)), k.Input((4,))
        x = k.Input((4,))
        tower = k.Model(x, k.layers.Dense(3, "relu")(x), name="tower")
        return k.Model([a, b], k.layers.Dense(1)(k.layers.Subtract()([tower(a), tower(b)])))

    ours, theirs = build(torchkeras), build(keras)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    ours.set_weights(oracle.weights_of(theirs))
    oracle.assert_close(ours([X, X + 1]), theirs([X, X + 1]), 1e-5)


# Symbols


def test_symbols_refuse_to_be_numbers():
    x = Input((4,))
    with pytest.raises(TypeError, match="bool"):
        bool(x)
    for convert in (int, float, np.asarray):
        with pytest.raises(ValueError, match="stands for values"):
            convert(x)
    with pytest.raises(NotImplementedError, match=r"[Ii]terat"):
        iter(x)


def test_if_on_a_symbol_says_what_to_do():
    class Bad(layers.Layer):
        def call(self, inputs):
            return inputs if inputs.sum() > 0 else -inputs

    with pytest.raises(Exception, match=r"call|value") as raised:
        Bad()(Input((4,)))
    assert "Bad" in "".join(getattr(raised.value, "__notes__", [])) + str(raised.value)


def test_unconnected_outputs_are_refused():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    with pytest.raises(ValueError, match=r"not connected.*b"):
        Model(a, layers.Dense(2)(b))


@pytest.mark.parametrize("wrong", [X, T, 3, None, [], {}], ids=lambda x: type(x).__name__)
def test_what_is_no_symbol_is_refused(wrong):
    x = Input((4,))
    with pytest.raises(ValueError, match="inputs"):
        Model(wrong, layers.Dense(2)(x))
    with pytest.raises(ValueError, match="outputs"):
        Model(x, wrong)


def test_same_names_are_refused():
    x = Input((4,))
    y = layers.Dense(2, name="same")(layers.Dense(3, name="same")(x))
    with pytest.raises(ValueError, match=r"different names.*same"):
        Model(x, y)


def test_same_input_twice():
    x = Input((4,))
    assert Model([x, x], layers.Dense(2)(x))([X, X]).shape == (2, 2)


def test_wrong_shape_names_input_and_expectation():
    x = Input((4,), name="features")
    with pytest.raises(ValueError, match=r"features|expected.*4"):
        Model(x, layers.Dense(2)(x))(np.ones((2, 7), "float32"))


@pytest.mark.parametrize("shape", [4, "4", (4.5,), (-1,), ("a",), None], ids=str)
def test_wrong_input_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        Input(shape)


# Running


def test_a_thousand_steps_need_no_deep_recursion():
    x = Input((4,))
    y = x
    for _ in range(1500):
        y = y + 0.0
    assert torch.equal(Model(x, y)(X), T)


def test_program_prints_as_code():
    x = Input((4,), name="x")
    text = str(Model(x, torch.relu(layers.Dense(2, name="d")(x))).program)
    assert "def forward" in text
    assert "relu" in text


def test_names_that_are_no_identifiers():
    x = Input((4,), name="in-put.0 a")
    y = layers.Dense(2, name="my layer-1.x")(x)
    model = Model(x, layers.Dense(2, name="class")(layers.Dense(2, name="self")(y)))
    assert model(X).shape == (2, 2)
    assert model.get_layer("my layer-1.x").units == 2


def test_gradient_reaches_the_inputs():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x))
    tensor = T.clone().requires_grad_(True)
    model(tensor).sum().backward()
    assert tensor.grad.shape == (2, 4)


def test_optional_input():
    class Maybe(layers.Layer):
        def call(self, inputs):
            first, second = inputs
            return first if second is None else first + second

        def compute_output_shape(self, shapes):
            return shapes[0]

    a, b = Input((4,)), Input((4,), optional=True)
    model = Model([a, b], Maybe()([a, b]))
    assert torch.equal(model([T, None]), T)
    assert torch.equal(model([T, T]), 2 * T)


def test_lists_for_named_inputs() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    model = Model({"first": b, "second": a}, a - b)
    x, y = torch.full((1, 3), 5.0), torch.full((1, 3), 2.0)
    for named in ({"first": y, "second": x}, {"a": x, "b": y}):
        assert model(named)[0, 0] == 3
    swapped = Model({"second": a, "first": b}, a - b)
    with pytest.raises(ValueError, match=r"takes a dictionary with the keys \['second', 'first'\]"):
        swapped([x, y])
    with pytest.warns(UserWarning, match="Its items are taken in this order"):
        assert model([y, x])[0, 0] == 3
    with pytest.raises(ValueError, match=r"Missing data for input 'first'"):
        model({"a": x})
