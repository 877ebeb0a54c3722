"""Variables come in Keras's order: a layer's own first, trained ones before others, each once."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import layers
from torchkeras._base.naming import reset_names

LISTS = ["weights", "trainable_weights", "non_trainable_weights", "variables"]
LISTS += ["trainable_variables", "non_trainable_variables"]


def own_order(package):
    class Mixed(package.layers.Layer):
        def __init__(self):
            super().__init__(name="mixed")
            self.first = package.layers.Dense(2, name="first")
            self.late = package.layers.Dense(1, name="late")

        def build(self, input_shape):
            self.frozen = self.add_weight(shape=(1,), trainable=False, name="frozen")
            self.trained = self.add_weight(shape=(2,), name="trained")
            self.late.build((None, 2))
            self.norm = package.layers.BatchNormalization(name="norm")
            self.norm.build((None, 2))
            self.first.build(input_shape)
            self.more = self.add_weight(shape=(3,), name="more")
            self.built = True

    layer = Mixed()
    layer.build((None, 3))
    return layer


def shared(package):
    class Shared(package.layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.a = package.layers.Dense(2, name="shared")
            self.again = self.a
            self.many = [self.a, package.layers.Dense(1, name="other")]

        def build(self, input_shape):
            self.a.build(input_shape)
            self.many[1].build((None, 2))
            self.built = True

    layer = Shared()
    layer.build((None, 3))
    return layer


def nested(package):
    class Inner(package.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=input_shape[-1:], name="scale")
            self.norm = package.layers.BatchNormalization(name="norm")
            self.norm.build(input_shape)
            self.built = True

    class Outer(package.layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.blocks = [Inner(name="one"), Inner(name="two")]
            self.by_name = {"x": package.layers.Dense(1, name="x")}

        def build(self, input_shape):
            for block in self.blocks:
                block.build(input_shape)
            self.by_name["x"].build(input_shape)
            self.shift = self.add_weight(shape=(), name="shift")
            self.built = True

    layer = Outer()
    layer.build((None, 3))
    return layer


def frozen(package):
    layer = own_order(package)
    layer.late.trainable = False
    return layer


def frozen_whole(package):
    layer = nested(package)
    layer.trainable = False
    return layer


def with_seed(package):
    layer = package.layers.Layer(name="random")
    layer.dropout = package.layers.Dropout(0.5, seed=1, name="dropout")
    layer.generator = package.random.SeedGenerator(3)
    layer.dense = package.layers.Dense(1, name="dense")
    layer.dense.build((None, 2))
    return layer


def model(package):
    made = package.Sequential(
        [
            package.Input((4,)),
            package.layers.Dense(3, name="dense"),
            package.layers.BatchNormalization(name="norm"),
            package.layers.Dropout(0.5, name="drop"),
            package.layers.Dense(1, name="head"),
        ],
        name="model",
    )
    made.layers[1].trainable = False
    return made


MAKERS = [own_order, shared, nested, frozen, frozen_whole, with_seed, model]


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_lists_equal_keras(make, listed):
    found = []
    for package in (torchkeras, keras):
        reset_names()
        keras.backend.clear_session()
        layer = make(package)
        found.append([(v.name, tuple(v.shape)) for v in getattr(layer, listed)])
    assert found[0] == found[1]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_paths_equal_keras(make):
    ours, theirs = make(torchkeras), make(keras)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


def test_trainable_weights_are_parameters_once():
    layer = shared(torchkeras)
    assert len(layer.weights) == len(list(layer.parameters())) == 4


def test_weights_keep_their_identity():
    layer = nested(torchkeras)
    assert [id(v) for v in layer.weights] == [id(v) for v in layer.weights]
    assert layer.weights[0] is layer.shift


def test_torch_modules_in_layers_are_shown():
    layer = layers.Layer(name="outer")
    layer.linear = nn.Linear(3, 2)
    layer.norm = nn.BatchNorm1d(2)
    assert [v.path for v in layer.weights] == [
        "outer/linear/weight",
        "outer/linear/bias",
        "outer/norm/weight",
        "outer/norm/bias",
        "outer/norm/running_mean",
        "outer/norm/running_var",
        "outer/norm/num_batches_tracked",
    ]
    assert [v.trainable for v in layer.weights] == [True] * 4 + [False] * 3
    assert len(layer.trainable_weights) == 4


def test_torch_parameters_of_layers_are_shown():
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__(name="scale")
            self.factor = nn.Parameter(torch.ones(2))
            self.register_buffer("steps", torch.zeros(1))
            self.register_buffer("cache", torch.zeros(1), persistent=False)
            self.shift = self.add_weight(shape=(2,), name="shift")

        def call(self, x):
            return x * self.factor + self.shift

    layer = Scale()
    assert [v.path for v in layer.weights] == ["scale/shift", "scale/factor", "scale/steps"]
    assert len(layer.trainable_weights) == 2
    layer.set_weights([np.ones(2), np.full(2, 3), [4]])
    assert layer.factor.tolist() == [3, 3]
    assert layer.steps.tolist() == [4]


def test_layers_in_torch_modules_in_layers():
    layer = layers.Layer(name="outer")
    layer.chain = nn.Sequential(nn.Linear(3, 2), layers.Dense(1, name="inner"))
    layer.chain(torch.ones(1, 3))
    assert [v.name for v in layer.weights] == ["weight", "bias", "kernel", "bias"]
    assert [tuple(v.shape) for v in layer.weights] == [(2, 3), (2,), (2, 1), (1,)]


def test_stock_modules_are_not_shown_twice():
    layer = layers.Dense(2, name="dense")
    layer.build((None, 3))
    assert [v.path for v in layer.weights] == ["dense/kernel", "dense/bias"]


def test_frozen_torch_parameters_are_not_trained():
    layer = layers.Layer()
    layer.linear = nn.Linear(3, 2)
    layer.linear.weight.requires_grad_(False)
    assert [v.name for v in layer.trainable_weights] == ["bias"]
    assert [v.name for v in layer.non_trainable_weights] == ["weight"]


def test_freezing_and_thawing_torch_modules():
    layer = layers.Layer()
    layer.linear = nn.Linear(3, 2)
    layer.trainable = False
    assert not any(p.requires_grad for p in layer.parameters())
    layer.trainable = True
    assert len(layer.trainable_weights) == 2


def test_variable_used_by_two_layers_counts_once():
    first, outer = layers.Dense(2), layers.Layer()
    first.build((None, 3))
    outer.first, outer.tied = first, first.kernel
    assert len(outer.weights) == 2
