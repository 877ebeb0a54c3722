"""`clone_model`: the same architecture, new weights; functions that change layers and calls."""

import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import Input, Model, Sequential, layers
from torchkeras.models import clone_model

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")


def test_same_architecture_and_outputs_with_the_same_weights(case, model):
    copy = clone_model(model)
    assert type(copy) is type(model)
    assert copy.name == model.name
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    copy.set_weights(model.get_weights())
    oracle.assert_same_outputs(copy(inputs(case)), model(inputs(case)), 0)


def test_config_is_the_same(model):
    assert clone_model(model).get_config() == model.get_config()


def test_weights_are_new(model):
    ours = {id(part) for variable in model.weights for part in variable.parameters}
    theirs = {id(part) for variable in clone_model(model).weights for part in variable.parameters}
    assert not ours & theirs


def test_shared_layers_stay_shared():
    copy = clone_model(BUILDERS["shared"](torchkeras))
    assert len(copy.weights) == 2


@pytest.mark.parametrize("name", ["mlp", "branches"])
def test_equals_keras(name):
    described = []
    for k in oracle.PACKAGES:
        oracle.reset()
        copy = k.models.clone_model(BUILDERS[name](k))
        described.append([(v.path, tuple(v.shape)) for v in copy.weights])
    assert described[0] == described[1]


def test_clone_function_replaces_layers():
    def wider(layer):
        if isinstance(layer, layers.Dense):
            config = layer.get_config()
            config["units"] *= 2
            return layers.Dense.from_config(config)
        return layer.__class__.from_config(layer.get_config())

    x = Input((4,))
    copy = clone_model(Model(x, layers.Dense(2)(layers.Dense(3)(x))), clone_function=wider)
    assert copy.output_shape == (None, 4)
    sequential = clone_model(Sequential([Input((4,)), layers.Dense(3)]), clone_function=wider)
    assert sequential.output_shape == (None, 6)


def test_clone_function_may_keep_layers():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x))
    copy = clone_model(model, clone_function=lambda layer: layer)
    assert copy.layers[1] is model.layers[1]


def test_call_function_adds_layers():
    def with_dropout(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        return layers.Dropout(0.5)(outputs) if isinstance(layer, layers.Dense) else outputs

    x = Input((4,))
    copy = clone_model(Model(x, layers.Dense(2)(x)), call_function=with_dropout)
    assert [type(layer).__name__ for layer in copy.layers] == ["InputLayer", "Dense", "Dropout"]


def test_recursive_cloning_reaches_inner_layers():
    seen = []

    def remember(layer):
        seen.append(layer.name)
        return layer.__class__.from_config(layer.get_config())

    model = BUILDERS["models_as_layers"](torchkeras)
    clone_model(model, clone_function=remember)
    assert seen == ["body", "head"]
    seen.clear()
    copy = clone_model(model, clone_function=remember, recursive=True)
    assert seen == ["inner", "last"]
    assert copy.get_layer("body") is not model.get_layer("body")


def test_input_tensors():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x))
    new = Input((4,), batch_size=3, name="new")
    copy = clone_model(model, input_tensors=new)
    assert copy.input is new
    assert copy.output_shape == (3, 2)
    sequential = clone_model(Sequential([Input((4,)), layers.Dense(2)]), input_tensors=[new])
    assert sequential.output_shape == (3, 2)


@pytest.mark.parametrize("wrong", [X, [Input((4,)), Input((4,))], {"a": Input((4,))}])
def test_wrong_input_tensors_are_refused(wrong):
    x = Input((4,))
    for model in (Model(x, layers.Dense(2)(x)), Sequential([Input((4,)), layers.Dense(2)])):
        with pytest.raises(ValueError, match="input_tensors"):
            clone_model(model, input_tensors=wrong)


def test_call_function_is_refused_for_sequential():
    with pytest.raises(ValueError, match="call_function"):
        clone_model(Sequential([layers.Dense(2)]), call_function=lambda layer, x: layer(x))


def test_unknown_arguments_are_refused():
    with pytest.raises(ValueError, match="function"):
        clone_model(Sequential(), function=None)


class Net(torchkeras.Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_subclassed_model_through_its_config():
    copy = clone_model(Net(5))
    assert copy.units == 5
    assert copy(X).shape == (2, 5)


@pytest.mark.parametrize("argument", ["input_tensors", "clone_function", "call_function"])
def test_subclassed_model_takes_no_functions(argument):
    with pytest.raises(ValueError, match=argument):
        clone_model(Net(), **{argument: lambda *args: None})


def test_compiled_models_stay_compiled():
    model = Sequential([Input((4,)), layers.Dense(2)])
    model.compile(torchkeras.optimizers.SGD(0.25), "mse", metrics=["mae"])
    copy = clone_model(model)
    assert copy.compiled
    assert float(copy.optimizer.learning_rate) == 0.25
    assert copy.optimizer is not model.optimizer


def test_frozen_layers_stay_frozen():
    copy = clone_model(BUILDERS["mlp"](torchkeras))
    assert not copy.get_layer("fixed").trainable
    assert len(copy.trainable_weights) == 4


def test_unbuilt_sequential():
    copy = clone_model(Sequential([layers.Dense(2), layers.Dense(3)]))
    assert not copy.built
    assert copy(X).shape == (2, 3)


def test_lambdas_torch_functions_and_modules():
    linear = torch.nn.Linear(4, 4)
    x = Input((4,))
    y = layers.Lambda(lambda value: value * 2)(torch.relu(linear(x)))
    model = Model(x, y)
    copy = clone_model(model)
    assert not torch.equal(copy(X), model(X))
    copy.set_weights(model.get_weights())
    torch.testing.assert_close(copy(X), model(X))
