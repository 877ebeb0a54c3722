"""Training mode has one truth: torch's flag."""

import threading

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import Input, layers


class Told(layers.Layer):
    """A layer that returns what it is told of the mode."""

    def call(self, x, training=None):
        self.told = training
        return x


class Sees(layers.Layer):
    """A layer that keeps the flags it sees below it."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Dropout(0.5), Told())

    def call(self, x):
        self.seen = [module.training for module in self.modules()]
        return self.inner[1](x)


def flags(module):
    return {m.training for m in module.modules()}


def test_layers_start_in_inference_mode():
    assert Told().training is False
    layer = layers.Dropout(0.5)
    assert torch.equal(layer(torch.ones(100)), torch.ones(100))


def test_mode_is_told_to_call():
    layer = Told()
    for mode in (False, True, False):
        layer.train(mode)
        layer(torch.ones(1))
        assert layer.told is (mode or None)
        layer(torch.ones(1))
        assert layer.told is (mode or None)


@pytest.mark.parametrize("asked", [True, False, 1, 0, np.True_])
@pytest.mark.parametrize("before", [True, False])
def test_argument_counts_for_one_call(asked, before):
    layer = Told()
    layer.train(before)
    layer(torch.ones(1), training=asked)
    assert layer.told is bool(asked)
    assert layer.training is before
    layer(torch.ones(1))
    assert layer.told is (before or None)


def test_none_leaves_the_mode():
    layer = Told()
    layer.train()
    layer(torch.ones(1), training=None)
    assert layer.told is True


def test_argument_reaches_everything_below():
    layer = Sees()
    layer(torch.ones(1), training=True)
    assert layer.seen == [True] * 4
    assert layer.inner[1].told is True
    assert flags(layer) == {False}


def test_flags_come_back_as_they_were():
    layer = Sees()
    layer.inner[0].train()
    layer(torch.ones(1), training=True)
    assert [m.training for m in layer.modules()] == [False, False, True, False]


def test_flags_come_back_after_an_error():
    class Fails(Sees):
        def call(self, x):
            raise KeyError

    layer = Fails()
    with pytest.raises(KeyError):
        layer(torch.ones(1), training=True)
    assert flags(layer) == {False}


def test_inner_argument_wins():
    class Frozen(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Told()

        def call(self, x, training=None):
            return self.inner(x, training=False)

    layer = Frozen().train()
    layer(torch.ones(1))
    assert layer.inner.told is False
    assert layer.inner.training is True


def test_argument_is_handed_on_by_layers_that_do_not_take_it():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Told()

        def call(self, x):
            return self.inner(x)

    layer = Outer()
    layer(torch.ones(1), training=True)
    assert layer.inner.told is True


def test_training_by_position_is_refused():
    with pytest.raises(ValueError, match=r"Only tensors .* by position\. Received: True"):
        Told()(torch.ones(1), True)


def test_modes_of_torch():
    layer = Sees()
    assert layer.train() is layer
    assert flags(layer) == {True}
    assert layer.eval() is layer
    assert flags(layer) == {False}


def test_mode_in_an_nn_sequential():
    chain = nn.Sequential(layers.Dropout(0.5), nn.Dropout(0.5))
    chain.train()
    assert chain[0].training
    chain.eval()
    assert torch.equal(chain(torch.ones(50)), torch.ones(50))


@pytest.mark.parametrize("mode", [True, False])
def test_mode_in_functional_models(mode):
    x, told = Input((3,)), Told()
    model = torchkeras.Model(x, told(x))
    model(torch.ones(1, 3), training=mode)
    assert told.told is mode
    model.train(mode)
    model(torch.ones(1, 3))
    assert told.told is (mode or None)


def test_frozen_normalization_infers():
    for package in (torchkeras, keras):
        layer = package.layers.BatchNormalization()
        x = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
        layer(x)
        layer.trainable = False
        y = layer(x, training=True)
        assert torch.allclose(y, x / (1.001**0.5))


def test_dropout_is_keras_in_both_modes():
    layer = layers.Dropout(0.5, seed=3)
    x = torch.ones(1000)
    assert torch.equal(layer(x, training=False), x)
    dropped = layer(x, training=True)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}


def test_mode_in_compiled_layers():
    layer = layers.Dropout(0.5)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    assert torch.equal(compiled(torch.ones(100)), torch.ones(100))
    layer.train()
    assert not torch.equal(compiled(torch.ones(100)), torch.ones(100))


def test_calls_in_threads_leave_the_mode_as_it_was():
    """The first to begin ends first: what it found is not what the second must leave."""
    both_run, first_ended = threading.Event(), threading.Event()
    x = torch.ones(1)

    class Last(layers.Layer):
        def call(self, x):
            both_run.set()
            assert first_ended.wait(10)
            return x

    thread = threading.Thread(target=Last(), args=(x,), kwargs={"training": False})

    class First(layers.Layer):
        def call(self, x):
            thread.start()
            assert both_run.wait(10)
            return x

    First()(x, training=False)
    first_ended.set()
    thread.join()
    told = Told()
    told(x)
    assert told.told is None
