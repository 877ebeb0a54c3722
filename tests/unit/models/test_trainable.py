"""Freezing: `trainable`, `requires_grad`, batch statistics and what `fit` changes."""

import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from torchkeras import Input, Model, Sequential, layers

X = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype("float32")
Y = np.ones((8, 2), "float32")


def build(k=torchkeras):
    oracle.reset()
    return k.Sequential(
        [
            k.Input((4,)),
            k.layers.Dense(3, name="first"),
            k.layers.BatchNormalization(name="norm"),
            k.layers.Dense(2, name="last"),
        ]
    )


def counts(model):
    return [len(x) for x in (model.trainable_weights, model.non_trainable_weights, model.weights)]


def freeze_all(model):
    model.trainable = False


def freeze_and_thaw(model):
    model.trainable = False
    model.trainable = True


def freeze_one(model):
    model.get_layer("first").trainable = False


def freeze_then_thaw_one(model):
    model.trainable = False
    model.get_layer("last").trainable = True


def thaw_over_frozen(model):
    model.get_layer("first").trainable = False
    model.trainable = True


CHANGES = [freeze_all, freeze_and_thaw, freeze_one, freeze_then_thaw_one, thaw_over_frozen]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_lists_equal_keras(change):
    found = []
    for k in oracle.PACKAGES:
        model = build(k)
        change(model)
        flags = [layer.trainable for layer in model.layers]
        found.append((counts(model), flags, [v.path for v in model.trainable_weights]))
    assert found[0] == found[1]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_requires_grad_follows(change):
    model = build()
    change(model)
    trained = {id(part) for v in model.trainable_weights for part in v.parameters}
    if model.trainable:
        assert {id(p) for p in model.parameters() if p.requires_grad} == trained


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_fit_changes_what_keras_changes(change):
    found = []
    values = None
    for k in oracle.PACKAGES:
        model = build(k)
        values = values or oracle.random_weights(model, np.random.default_rng(0))
        model.set_weights(values)
        change(model)
        model.compile(k.optimizers.SGD(0.1), "mse")
        model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        found.append(oracle.weights_of(model))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_frozen_batch_normalization_runs_in_inference_mode():
    norm = layers.BatchNormalization()
    norm(X)
    norm.trainable = False
    before = norm.get_weights()
    outputs = norm(X, training=True)
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    torch.testing.assert_close(outputs, norm(X, training=False))


def test_frozen_dropout_still_drops():
    dropout = layers.Dropout(0.5, trainable=False)
    assert (dropout(torch.ones(4, 50), training=True) == 0).any()


def test_frozen_before_building():
    layer = layers.Dense(2, trainable=False)
    layer(X)
    assert layer.trainable_weights == []
    assert not layer.linear.weight.requires_grad
    layer.trainable = True
    assert len(layer.trainable_weights) == 2
    assert layer.linear.weight.requires_grad


def test_model_made_frozen():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x), trainable=False)
    assert model.trainable_weights == []


def test_statistics_never_become_trainable():
    norm = layers.BatchNormalization()
    norm(X)
    norm.trainable = False
    norm.trainable = True
    assert [v.name for v in norm.trainable_weights] == ["gamma", "beta"]
    assert {name for name, _ in norm.named_buffers()} >= {"norm.running_mean"} or norm.moving_mean


def test_torch_modules_are_frozen_too():
    linear = torch.nn.Linear(4, 3)
    model = Sequential([Input((4,)), linear, layers.Dense(2)])
    model.trainable = False
    assert not linear.weight.requires_grad
    model.trainable = True
    assert linear.weight.requires_grad


def test_single_variable():
    layer = layers.Dense(2)
    layer(X)
    layer.bias.trainable = False
    assert [v.name for v in layer.trainable_weights] == ["kernel"]
    assert not layer.linear.bias.requires_grad


def test_freezing_after_compile_takes_effect_as_in_keras():
    found = []
    values = None
    for k in oracle.PACKAGES:
        model = build(k)
        values = values or oracle.random_weights(model, np.random.default_rng(0))
        model.set_weights(values)
        model.compile(k.optimizers.SGD(0.1), "mse")
        model.get_layer("first").trainable = False
        model.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
        found.append(oracle.weights_of(model))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_transfer_learning():
    base = Sequential([Input((4,)), layers.Dense(3), layers.BatchNormalization()])
    base.trainable = False
    before = base.get_weights()
    x = Input((4,))
    model = Model(x, layers.Dense(2)(base(x, training=False)))
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    for old, new in zip(before, base.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    base.trainable = True
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    assert any(
        not np.array_equal(old, new) for old, new in zip(before, base.get_weights(), strict=True)
    )
