"""A functional model is a program: steps in Keras's order, as readable code."""

import copy
import pickle
import random

import keras
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import Input, Model, layers, ops
from torchkeras._symbolic.program import Constant, Ref


def names(model):
    return [layer.name for layer in model.layers]


# Code


def test_prints_as_code():
    x = Input((3,), name="x")
    h = layers.Dense(2, name="hidden")(x)
    model = Model(x, torch.relu(h) + h)
    text = str(model.program)
    assert text.startswith("def forward(self, x):")
    assert "hidden = self.hidden(x)" in text
    assert "torch.relu(hidden)" in text


def test_graph_is_an_fx_graph():
    a, b = Input((3,), name="a"), Input((2,), name="b")
    model = Model({"a": a, "b": b}, {"sum": layers.Dense(1, name="d")(a) + b})
    graph = model.program.emit()
    assert [node.op for node in graph.nodes] == [
        "placeholder",
        "placeholder",
        "call_module",
        "call_function",
        "output",
    ]
    graph.lint()


@pytest.mark.parametrize("name", ["for", "1st", "a-b", "a b", "a.b", "self", "été", "torch"])
def test_any_name_can_be_printed(name):
    x = Input((3,), name=name)
    model = Model(x, layers.Dense(1, name=name + "_layer")(x))
    assert model(torch.ones(2, 3)).shape == (2, 1)
    assert names(model) == [name, name + "_layer"]


def test_names_that_look_alike_in_code_stay_apart():
    a, b = Input((3,), name="x-y"), Input((3,), name="x_y")
    first, second = layers.Dense(1, name="d-1"), layers.Dense(1, name="d_1")
    model = Model([a, b], first(a) - second(b))
    first.set_weights([[[1.0]] * 3, [0.0]])
    second.set_weights([[[2.0]] * 3, [0.0]])
    assert model([torch.ones(1, 3), torch.ones(1, 3)]).item() == -3


def test_steps_are_plain_data():
    x = Input((3,))
    model = Model(x, layers.Dense(2, name="d")(x) * 2)
    steps = model.program.steps
    assert [(step.name, step.is_layer, step.is_input) for step in steps][1] == ("d", True, False)
    assert steps[1].refs == [Ref(0, 0)]
    assert steps[2].args == (Ref(1, 0), 2)


# Constants


def test_tensors_become_constants():
    x, scale = Input((3,)), torch.tensor([1.0, 2.0, 3.0])
    model = Model(x, x * scale)
    assert model.program.constants == [scale]
    assert isinstance(model.program.steps[1].args[1], Constant)
    assert model(torch.ones(1, 3)).tolist() == [[1, 2, 3]]
    assert model.state_dict() == {}


def test_constants_move_with_the_model():
    x = Input((3,))
    model = Model(x, x * torch.ones(3)).to("meta")
    assert model(torch.ones(1, 3, device="meta")).device.type == "meta"


def test_parameters_are_trained():
    x, scale = Input((3,)), nn.Parameter(torch.ones(3))
    model = Model(x, x * scale)
    assert [p is scale for p in model.parameters()] == [True]
    assert len(model.trainable_weights) == 1
    model(torch.ones(1, 3)).sum().backward()
    assert scale.grad.tolist() == [1, 1, 1]


def test_variables_are_trained():
    x, scale = Input((3,)), torchkeras.Variable([1.0, 2.0, 3.0])
    model = Model(x, x * scale)
    scale.assign([2.0, 2.0, 2.0])
    assert model(torch.ones(1, 3)).tolist() == [[2, 2, 2]]
    model(torch.ones(1, 3)).sum().backward()
    assert scale.value.grad.tolist() == [1, 1, 1]


def test_plain_arguments_stay_in_the_code():
    x = Input((4, 3))
    y = torch.mean(x[:, 1:3, ..., ::2].to(torch.float64), dim=(1, 2), keepdim=True)
    model = Model(x, y)
    assert model.program.constants == []
    assert model(torch.ones(2, 4, 3)).shape == (2, 1, 1)


# Order


def test_keras_order_of_branches():
    x = Input((3,), name="x")
    short = layers.Dense(2, name="short")(x)
    deep = layers.Dense(2, name="deep_2")(layers.Dense(2, name="deep_1")(x))
    model = Model(x, layers.Add(name="add")([short, deep]))
    assert names(model) == ["x", "deep_1", "short", "deep_2", "add"]


def test_shared_layer_comes_at_its_deepest_call():
    x = Input((2,), name="x")
    shared = layers.Dense(2, name="shared")
    y = layers.Dense(2, name="after")(shared(layers.Dense(2, name="before")(shared(x))))
    assert names(Model(x, y)) == ["x", "shared", "before", "after"]


def test_unused_input_comes_first_among_the_last():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    assert names(Model([a, b], layers.Dense(1, name="d")(a))) == ["a", "b", "d"]


def graph(package, seed):
    """Return inputs and outputs of a random graph, the same in both packages."""
    draw = random.Random(seed)
    inputs = [package.Input((2,), name=f"in{i}") for i in range(draw.randint(1, 3))]
    symbols = list(inputs)
    shared = [package.layers.Dense(2, name=f"shared{i}") for i in range(2)]
    for i in range(draw.randint(2, 9)):
        first, second = draw.choice(symbols), draw.choice(symbols)
        kind = draw.choice(["dense", "dense", "shared", "add", "concatenate", "op"])
        if kind == "dense":
            made = package.layers.Dense(2, name=f"dense{i}")(first)
        elif kind == "shared":
            made = draw.choice(shared)(first)
        elif kind == "add":
            made = package.layers.Add(name=f"add{i}")([first, second])
        elif kind == "op":
            made = package.ops.multiply(first, second)
        else:
            joined = package.layers.Concatenate(name=f"join{i}")([first, second])
            made = package.layers.Dense(2, name=f"after{i}")(joined)
        symbols.append(made)
    made = symbols[len(inputs) :]
    outputs = draw.sample(made, min(len(made), draw.randint(1, 3)))
    draw.shuffle(inputs)
    return inputs, outputs


@pytest.mark.parametrize("seed", range(40))
def test_order_of_random_graphs_equals_keras(seed):
    found = []
    for package in (torchkeras, keras):
        model = package.Model(*graph(package, seed))
        called = [name for name in names(model) if "multiply" not in name]
        found.append((called, [v.path for v in model.weights]))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_compute_as_keras(seed):
    models = [package.Model(*graph(package, seed)) for package in (torchkeras, keras)]
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(v.shape, generator=generator) / 2 for v in models[0].weights]
    values = [torch.randn(3, 2, generator=generator) for _ in models[0].inputs]
    results = []
    for model in models:
        model.set_weights(weights)
        results.append(model(values))
    ours_and_theirs = zip(*(torchkeras.tree.flatten(found) for found in results), strict=True)
    for ours, theirs in ours_and_theirs:
        assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: (x,), lambda x: {"x": x}])
def test_single_outputs_come_out_of_their_list_as_in_keras(wrap):
    found = []
    for package in (torchkeras, keras):
        x = package.Input((3,), name="x")
        model = package.Model(x, wrap(package.ops.exp(x)))
        assert type(model.output) is type(wrap(x))
        value, symbol = model(torch.zeros(1, 3)), model(package.Input((3,)))
        outer = package.Model(x, model(x))(torch.zeros(1, 3))
        found.append(
            torchkeras.tree.map_structure(lambda x: tuple(x.shape)[1:], [value, symbol, outer])
        )
    assert found[0] == found[1]


# Replaying and copying


def test_program_can_be_replayed():
    x = Input((3,))
    model = Model(x, [torch.exp(x), ops.max(x, axis=-1)])
    value = torch.rand(2, 3)

    def call(step, args, kwargs):
        return value if step.is_input else step.target(*args, **kwargs)

    inputs, outputs = model.program.replay(call)
    assert inputs is value
    assert torch.equal(outputs[0], value.exp())
    assert torch.equal(outputs[1], value.amax(-1))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copied_models_run_their_own_layers(copied):
    x = Input((3,))
    model = Model(x, layers.Dense(2)(x) * torch.ones(2))
    other = copied(model)
    model.layers[1].set_weights([[[0.0, 0.0]] * 3, [0.0, 0.0]])
    assert model(torch.ones(1, 3)).tolist() == [[0, 0]]
    assert other(torch.ones(1, 3)).any()
    assert str(other.program) == str(model.program)


def test_long_chains_need_no_recursion():
    x = y = Input((1,))
    for _ in range(1500):
        y = y + 1
    assert Model(x, y)(torch.zeros(1, 1)).item() == 1500


# Errors


def test_disconnected_outputs_name_the_missing_symbol():
    a, b = Input((3,), name="a"), Input((3,), name="missing")
    with pytest.raises(ValueError, match=r"not connected.*name=missing>.*Add it"):
        Model(a, a + b)


@pytest.mark.parametrize("wrong", [torch.ones(1), 3, [torch.ones(1)], None])
def test_outputs_must_be_symbols(wrong):
    x = Input((3,))
    with pytest.raises(ValueError, match="`outputs`"):
        Model(x, wrong)


def test_two_layers_of_one_name_are_refused():
    x = Input((3,))
    y = layers.Dense(1, name="twin")(x) + layers.Dense(1, name="twin")(x)
    with pytest.raises(ValueError, match=r"different names.*'twin'"):
        Model(x, y)
