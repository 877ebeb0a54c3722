"""`copy.deepcopy`, `pickle` and `torch.save` of models: equal, independent, still whole."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import layers

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_torch(model):
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


WAYS = [copy.deepcopy, through_pickle, through_torch]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request):
    return request.param


def test_outputs_are_the_same(case, model, way):
    oracle.assert_same_outputs(way(model)(inputs(case)), model(inputs(case)), 0)


def test_after_a_call_too(case, model, way):
    expected = model(inputs(case))
    oracle.assert_same_outputs(way(model)(inputs(case)), expected, 0)


def test_copies_are_independent(model, way):
    before = model.get_weights()
    twin = way(model)
    twin.set_weights([value + 1 for value in before])
    for value, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(value, now)


def test_variables_of_a_copy_are_its_parameters(model, way):
    twin = way(model)
    parts = {id(part) for variable in twin.weights for part in variable.parameters}
    assert {id(parameter) for parameter in twin.parameters()} <= parts
    assert [v.path for v in twin.weights] == [v.path for v in model.weights]


def test_symbols_of_a_copy(model, way):
    twin = way(model)
    assert twin.input_shape == model.input_shape
    assert twin.output_shape == model.output_shape
    last = twin.layers[-1]
    if not isinstance(last, torchkeras.Model):  # a model inside has outputs of its own
        assert torchkeras.Model(twin.inputs, last.output).layers[-1] is last
    assert twin.get_config() == model.get_config()


def test_the_original_is_left_alone(case, model, way):
    config, outputs = model.get_config(), model(inputs(case))
    way(model)
    assert model.get_config() == config
    oracle.assert_same_outputs(model(inputs(case)), outputs, 0)


def test_sequential_copies_still_grow(way):
    twin = way(BUILDERS["mlp"](torchkeras))
    twin.add(layers.Dense(7))
    assert twin(X).shape == (2, 7)
    twin.pop()
    twin.pop()
    assert twin.output_shape == (None, 3)


def test_compiled_copies_go_on_training(way):
    model = BUILDERS["mlp"](torchkeras)
    model.compile(torchkeras.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"])
    y = np.ones((2, 2), "float32")
    model.fit(X, y, epochs=2, verbose=0)
    twin = way(model)
    for each in (model, twin):
        torchkeras.utils.set_random_seed(3)
        each.fit(X, y, epochs=2, verbose=0, shuffle=False)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


class Net(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.stack = [layers.Dense(3), layers.Dense(2)]
        self.by_name = {"a": layers.Dense(1)}
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, inputs):
        for layer in self.stack:
            inputs = layer(inputs)
        return self.by_name["a"](inputs) * self.scale


def test_subclassed_models(way):
    net = Net()
    expected = net(X)
    twin = way(net)
    torch.testing.assert_close(twin(X), expected)
    twin.stack.append(layers.Dense(5))
    assert len(twin.stack) == 3
    assert len(net.stack) == 2
    assert twin.scale is not net.scale


def test_unbuilt_layers(way):
    twin = way(layers.Dense(3, activation="relu", kernel_regularizer="l2"))
    assert twin(X).shape == (2, 3)


def test_a_copied_frozen_model_is_frozen(way):
    model = BUILDERS["mlp"](torchkeras)
    model.trainable = False
    twin = way(model)
    assert twin.trainable_weights == []
    assert not any(parameter.requires_grad for parameter in twin.parameters())
