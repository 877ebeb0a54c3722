"""`Sequential`: adding, popping, building late, old arguments, torch modules among the layers."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import Sequential, layers

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")


def test_add_builds_as_soon_as_the_input_is_known():
    model = Sequential()
    model.add(torchkeras.Input((4,)))
    model.add(layers.Dense(3))
    assert model.built
    assert model.output_shape == (None, 3)
    assert model.layers[0].kernel.shape == (4, 3)


def test_without_input_it_is_built_by_the_first_call():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    assert model(X).shape == (2, 2)
    assert model.built
    assert len(model.weights) == 4


def test_a_build_that_fails_leaves_nothing_half_built():
    class Broken(layers.Layer):
        def call(self, x):
            raise RuntimeError("no way")

    model = Sequential([layers.Dense(3), Broken()])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no way"):
            model.predict(X, verbose=0)
    assert not model.built


def test_build_takes_the_whole_shape():
    model = Sequential([layers.Dense(3)])
    model.build((None, 4))
    assert model.input_shape == (None, 4)
    assert model.layers[0].built


@pytest.mark.parametrize("package", oracle.PACKAGES, ids=["torchkeras", "keras"])
def test_late_building_takes_any_batch_afterwards(package):
    model = package.Sequential([package.layers.Dense(3)])
    model(X)
    assert tuple(model(np.ones((5, 4), "float32")).shape) == (5, 3)


def test_names_of_weights_equal_keras_when_built_late():
    paths = []
    for k in oracle.PACKAGES:
        oracle.reset()
        model = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)])
        model(X)
        paths.append([v.path for v in model.weights])
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    "old",
    [{"input_shape": (4,)}, {"input_dim": 4}, {"batch_input_shape": (None, 4)}],
    ids=lambda old: next(iter(old)),
)
def test_old_shape_arguments_warn_and_build(old):
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`/`input_dim` argument"):
        model = Sequential([layers.Dense(3, **old), layers.Dense(2)])
    assert model.input_shape == (None, 4)
    assert model.built


def test_fixed_batch_size_by_the_old_argument():
    with pytest.warns(UserWarning, match="input_shape"):
        model = Sequential([layers.Dense(3, batch_input_shape=(2, 4))])
    assert model.input_shape == (2, 4)


def test_pop_returns_the_layer_and_shortens_the_model():
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2, name="last")])
    assert model.pop().name == "last"
    assert model.output_shape == (None, 3)
    assert model(X).shape == (2, 3)
    assert len(model.weights) == 2
    assert "last.linear.weight" not in model.state_dict()


def test_pop_then_add():
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model(X)
    model.pop()
    model.add(layers.Dense(5))
    assert model(X).shape == (2, 5)


def test_pop_until_nothing_is_left():
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    model.pop()
    assert model.layers == []
    with pytest.raises(ValueError, match="no layers to pop"):
        model.pop()


def test_adding_after_a_call_changes_the_outputs():
    model = Sequential([layers.Dense(3)])
    model(X)
    model.add(layers.Dense(2))
    assert model(X).shape == (2, 2)
    assert model.output_shape[-1] == 2


def test_torch_modules_among_layers():
    linear = nn.Linear(4, 3)
    model = Sequential([torchkeras.Input((4,)), linear, nn.ReLU(), layers.Dense(2)])
    expected = model.layers[2](torch.relu(linear(torch.tensor(X))))
    torch.testing.assert_close(model(X), expected)
    assert any(parameter is linear.weight for parameter in model.parameters())
    assert model.output_shape == (None, 2)


def test_torch_modules_are_trained():
    linear = nn.Linear(4, 1)
    model = Sequential([torchkeras.Input((4,)), linear])
    before = linear.weight.detach().clone()
    model.compile("sgd", "mse")
    model.fit(X, np.ones((2, 1), "float32"), verbose=0)
    assert not torch.equal(before, linear.weight)


def test_inside_a_torch_sequential():
    inner = Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    model = nn.Sequential(inner, nn.Linear(3, 2))
    assert model(torch.tensor(X)).shape == (2, 2)
    assert len(list(model.parameters())) == 4


def test_sequential_in_sequential():
    model = Sequential([Sequential([torchkeras.Input((4,)), layers.Dense(3)]), layers.Dense(2)])
    assert model.built
    assert model.output_shape == (None, 2)
    assert model(X).shape == (2, 2)


def test_functional_model_first():
    x = torchkeras.Input((4,))
    model = Sequential([torchkeras.Model(x, layers.Dense(3)(x)), layers.Dense(2)])
    assert model.input_shape == (None, 4)


def test_called_on_symbols_it_is_a_layer():
    model = Sequential([layers.Dense(3)])
    x = torchkeras.Input((4,))
    assert model(x).shape == (None, 3)
    assert model.built


ODD_NAMES = "loss output call forward built layers name optimizer metrics training class self"


@pytest.mark.parametrize("name", ODD_NAMES.split())
def test_layers_may_have_any_name(name):
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3, name=name), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((2, 2), "float32"), verbose=0)
    assert model.get_layer(name).units == 3
    assert model.predict(X, verbose=0).shape == (2, 2)
    assert model.output_shape == (None, 2)


def test_same_name_twice_is_refused():
    with pytest.raises(ValueError, match=r"different names.*'a'"):
        Sequential([layers.Dense(3, name="a"), layers.Dense(2, name="a")])


def test_same_layer_twice_is_refused():
    layer = layers.Dense(3)
    with pytest.raises(ValueError, match="different names"):
        Sequential([layer, layer])


def test_input_in_second_place_is_refused():
    with pytest.raises(ValueError, match="only be the first"):
        Sequential([layers.Dense(3), torchkeras.Input((3,))])


NO_LAYERS = {"number": 3, "text": "dense", "lambda": lambda x: x, "class": layers.Dense}


@pytest.mark.parametrize("wrong", NO_LAYERS.values(), ids=NO_LAYERS)
def test_what_is_no_layer_is_refused(wrong):
    with pytest.raises(ValueError, match="Only layers and torch modules"):
        Sequential([wrong])


def test_empty_model_says_so():
    with pytest.raises(ValueError, match="has no layers"):
        Sequential()(X)


def test_wrong_width_names_the_layer_and_the_shapes():
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"incompatible with the layer: expected .*4.*\(2, 5\)"):
        model(np.ones((2, 5), "float32"))


@torchkeras.saving.register_keras_serializable("test_sequential")
class Halves(layers.Layer):
    def call(self, inputs):
        return {"left": inputs[:, :2], "right": inputs[:, 2:]}


@torchkeras.saving.register_keras_serializable("test_sequential")
class Difference(layers.Layer):
    def call(self, inputs):
        return inputs["left"] - inputs["right"]


def test_a_layer_that_takes_one_tensor_refuses_two():
    with pytest.raises(ValueError, match=r"takes one tensor. Received: a list of 2"):
        Sequential([layers.Dense(3)])([X, X])


def test_layers_hand_on_dictionaries():
    model = Sequential([torchkeras.Input((4,)), Halves(), Difference(), layers.Dense(3)])
    assert model(X).shape == (2, 3)
    ends = Sequential([torchkeras.Input((4,)), Halves()])
    assert ends(X)["right"].tolist() == X[:, 2:].tolist()
    assert [symbol.shape for symbol in ends.outputs] == [(None, 2), (None, 2)]


def test_the_first_layer_may_take_a_list():
    model = Sequential([layers.Add(), layers.Dense(3)])
    assert torch.equal(model([X, X]), model.layers[1](torch.tensor(2 * X)))
    inputs = [torchkeras.Input((4,)), torchkeras.Input((4,))]
    assert torchkeras.Model(inputs, model(inputs))([X, X]).shape == (2, 3)
    model.compile("sgd", "mse")
    model.fit([X, X], np.zeros((2, 3)), verbose=0)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert compiled([torch.tensor(X), torch.tensor(X)]).shape == (2, 3)


def test_the_first_layer_may_take_a_dictionary(tmp_path):
    data = {"left": X, "right": X + 1}
    model = Sequential([Difference(), layers.Dense(3)])
    before = model(data)
    model.save(tmp_path / "model.keras")
    assert torch.equal(torchkeras.models.load_model(tmp_path / "model.keras")(data), before)
    early = Sequential([Difference(), layers.Dense(3)])
    early.build({"left": (None, 4), "right": (None, 4)})
    assert early.count_params() == 15


def test_no_defined_output_before_building():
    model = Sequential([layers.Dense(3)])
    for name in ("input", "output", "input_shape", "output_shape"):
        assert not hasattr(model, name)


@pytest.mark.parametrize("rank_of_input", [1, 3])
def test_ranks_are_fitted_as_keras_does(rank_of_input):
    """A missing last axis of size 1 is added, a superfluous one taken away."""
    shape = {1: (3,), 3: (3, 1, 1)}[rank_of_input]
    outputs = []
    for k in oracle.PACKAGES:
        model = k.Sequential([k.Input((1,)), k.layers.Dense(2, kernel_initializer="ones")])
        outputs.append(model(np.ones(shape, "float32")))
    oracle.assert_close(*outputs, 0)


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", "bool"])
def test_arrays_of_any_dtype(dtype):
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    assert model(np.ones((2, 4), dtype)).dtype == torch.float32


def test_layers_is_a_list_of_its_own():
    model = Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    model.layers.clear()
    assert len(model.layers) == 1


def test_layers_cannot_be_set():
    with pytest.raises(AttributeError, match="cannot be set"):
        Sequential().layers = []


def test_outputs_equal_keras_for_a_tall_stack():
    def build(k):
        oracle.reset()
        return k.Sequential([k.Input((4,))] + [k.layers.Dense(4, "tanh") for _ in range(30)])

    ours, theirs = build(torchkeras), build(keras)
    ours.set_weights(oracle.weights_of(theirs))
    oracle.assert_close(ours(X), theirs(X), 1e-5)


def test_a_very_tall_stack_needs_no_deep_recursion():
    model = Sequential([torchkeras.Input((4,))])
    for _ in range(1200):
        model.add(layers.Activation("linear"))
    assert torch.equal(model(X), torch.tensor(X))
    assert len(Sequential.from_config(model.get_config()).layers) == 1200
