"""`Bidirectional` and `TimeDistributed`: copies, states, and what runs as one batch."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras.layers.recurrent.time_distributed import is_samplewise


def sequence(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


# Bidirectional


def test_given_layer_is_copied_not_used():
    lstm = layers.LSTM(3)
    lstm(sequence(2, 4, 3))
    wrapped = layers.Bidirectional(lstm)
    assert wrapped.forward_layer is not lstm
    assert not np.array_equal(wrapped.forward_layer.get_weights()[0], lstm.get_weights()[0])
    names = wrapped.forward_layer.name, wrapped.backward_layer.name
    assert names == (f"forward_{lstm.name}", f"backward_{lstm.name}")


def test_given_weights_are_taken():
    first = layers.Bidirectional(layers.GRU(3))
    first(sequence(2, 4, 3))
    second = layers.Bidirectional(layers.GRU(3), weights=first.get_weights())
    x = sequence(2, 4, 3)
    torch.testing.assert_close(second(x), first(x))


def test_backward_half_is_flipped_back():
    layer = layers.Bidirectional(layers.SimpleRNN(3, return_sequences=True))
    x = sequence(2, 4, 3)
    y = layer(x)
    again = layer.backward_layer(x).flip(1)
    torch.testing.assert_close(y[..., 3:], again)


@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_stateful_directions_remember_and_forget(merge_mode):
    outputs = []
    x = sequence(2, 4, 3)
    pair = []
    for package in (torchkeras, keras):
        inner = package.layers.LSTM(3, stateful=True)
        pair.append(package.layers.Bidirectional(inner, merge_mode=merge_mode))
        pair[-1](x)
    pair[1].set_weights(pair[0].get_weights())
    for layer in pair:
        layer.reset_state()
        with torch.no_grad():
            outputs.append([layer(x), layer(x)])
    for mine, expected in zip(*map(torchkeras.tree.flatten, outputs), strict=True):
        torch.testing.assert_close(mine, expected)
    assert len(pair[0].states) == 4


def test_stateless_layer_has_nothing_to_reset():
    with pytest.raises(AttributeError, match="stateful=True"):
        layers.Bidirectional(layers.LSTM(3)).reset_states()


def test_mask_goes_on_to_the_next_layer():
    inputs = torchkeras.Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    model = torchkeras.Model(inputs, x)
    tokens = np.array([[1, 2, 0, 0], [3, 0, 4, 0]])
    y = model(tokens)
    np.testing.assert_array_equal(y._keras_mask.numpy(), tokens != 0)
    assert not y[torch.tensor(tokens == 0)].any()


def test_any_recurrent_layer_goes_in():
    layer = layers.Bidirectional(layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]))
    assert layer(sequence(2, 4, 3)).shape == (2, 4)
    assert len(layer.weights) == 12


# TimeDistributed


@pytest.mark.parametrize(
    ("make", "training", "expected"),
    [
        (lambda: layers.Dense(3), True, True),
        (lambda: layers.LSTM(3), True, True),
        (lambda: layers.LSTM(3, dropout=0.5), True, False),
        (lambda: layers.LSTM(3, dropout=0.5), False, True),
        (lambda: layers.LSTM(3, stateful=True), False, False),
        (lambda: layers.Dropout(0.5), True, False),
        (lambda: layers.Dropout(0.5), False, True),
        (lambda: layers.BatchNormalization(), True, False),
        (lambda: layers.BatchNormalization(), False, True),
        (lambda: layers.Softmax(axis=0), False, False),
        (lambda: layers.Softmax(axis=-2), False, False),
        (lambda: layers.Dense(3, activity_regularizer="l2"), True, False),
        (lambda: layers.Lambda(lambda x: x - x.mean(0)), False, False),
        (lambda: torchkeras.Sequential([layers.Conv2D(3, 2), layers.Flatten()]), True, True),
        (lambda: torchkeras.Sequential([layers.Dropout(0.5)]), True, False),
    ],
)
def test_what_takes_every_sample_for_itself(make, training, expected):
    layer = make()
    if not isinstance(layer, (layers.Conv2D, torchkeras.Sequential)):
        layer(sequence(2, 4, 3))
    assert is_samplewise(layer, training) is expected


def test_layer_that_mixes_samples_sees_one_step_at_a_time():
    layer = layers.TimeDistributed(layers.Lambda(lambda x: x - x.mean(0)))
    x = torch.tensor(sequence(2, 4, 3))
    torch.testing.assert_close(layer(x), x - x.mean(0))


def test_statistics_go_step_by_step():
    x = sequence(8, 3, 2)
    pair = []
    for package in (torchkeras, keras):
        layer = package.layers.TimeDistributed(package.layers.BatchNormalization(momentum=0.5))
        layer(x, training=True)
        pair.append([w.value.data for w in layer.weights])
    for mine, expected in zip(*pair, strict=True):
        torch.testing.assert_close(mine, expected)


def test_torch_module_is_distributed():
    module = torch.nn.Linear(3, 2)
    x = torch.tensor(sequence(2, 4, 3))
    torch.testing.assert_close(layers.TimeDistributed(module)(x), module(x))


def test_mask_reaches_a_layer_that_takes_it():
    x, mask = sequence(2, 3, 4, 2), np.ones((2, 3, 4), bool)
    mask[:, :, 2:] = False
    layer = layers.TimeDistributed(layers.LSTM(3))
    expected = layer(x[:, :, :2])
    torch.testing.assert_close(layer(x, mask=mask), expected)


def test_mask_of_another_shape_is_refused():
    layer = layers.TimeDistributed(layers.Dense(3))
    with pytest.raises(ValueError, match="`mask` must have the inputs' first two sizes"):
        layer(sequence(2, 4, 3), mask=np.ones((2, 3), bool))


def test_unknown_number_of_steps():
    inputs = torchkeras.Input((None, 8, 8, 1))
    y = layers.TimeDistributed(layers.Conv2D(2, 3))(inputs)
    assert y.shape == (None, None, 6, 6, 2)
    assert torchkeras.Model(inputs, y)(sequence(2, 5, 8, 8, 1)).shape == (2, 5, 6, 6, 2)
