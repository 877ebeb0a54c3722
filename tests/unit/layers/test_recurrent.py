"""Recurrent layers: torch's modules inside, masks, states, and cells of other people."""

import copy
import pickle
import warnings

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers

NAMES = ("SimpleRNN", "LSTM", "GRU")
MODULES = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
MASK = np.array([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]], bool)


def sequence(batch=4, steps=5, features=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(batch, steps, features)).astype("float32")


def twins(name, *args, **kwargs):
    """The same layer in both packages, with the same weights."""
    pair = [getattr(package.layers, name)(*args, **kwargs) for package in (torchkeras, keras)]
    return same_weights(*pair)


def same_weights(ours, theirs):
    ours(sequence()), theirs(sequence())
    rng = np.random.default_rng(1)
    values = [rng.uniform(-1, 1, w.shape).astype("float32") for w in ours.get_weights()]
    ours.set_weights(values), theirs.set_weights(values)
    return ours, theirs


def assert_equal(ours, theirs):
    pairs = zip(torchkeras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True)
    for mine, expected in pairs:
        torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)


# One set of parameters, in torch's module


@pytest.mark.parametrize("name", NAMES)
def test_torch_module_computes_the_same(name):
    layer = getattr(layers, name)(4, return_sequences=True)
    y = layer(sequence())
    module = getattr(layer, {"SimpleRNN": "rnn"}.get(name, name.lower()))
    assert type(module) is MODULES[name]
    torch.testing.assert_close(module(torch.tensor(sequence()))[0], y)


@pytest.mark.parametrize("name", NAMES)
def test_state_of_torch_module_is_taken_with_both_biases(name):
    layer = getattr(layers, name)(4, return_sequences=True)
    layer(sequence())
    source = MODULES[name](3, 4, batch_first=True)
    module = getattr(layer, {"SimpleRNN": "rnn"}.get(name, name.lower()))
    module.load_state_dict(source.state_dict())
    x = torch.tensor(sequence())
    torch.testing.assert_close(layer(x), source(x)[0])
    theirs = getattr(keras.layers, name)(4, return_sequences=True)
    theirs(x)
    theirs.set_weights(layer.get_weights())
    assert_equal(layer(x), theirs(x))


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM"])
def test_second_bias_is_never_trained(name):
    layer = getattr(layers, name)(4)
    layer(sequence())
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer(torch.tensor(sequence())).sum().backward()
    optimizer.step()
    second = dict(layer.named_buffers())
    (bias,) = [value for key, value in second.items() if key.endswith("bias_hh_l0")]
    assert not bias.any()
    assert not any("bias_hh" in key for key, _ in layer.named_parameters())


def test_cell_shows_the_weights():
    lstm = layers.LSTM(4, name="x")
    lstm(sequence())
    assert lstm.cell.kernel.shape == (3, 16)
    names = ("kernel", "recurrent_kernel", "bias")
    assert [w.path for w in lstm.weights] == [f"x/lstm_cell/{name}" for name in names]
    assert lstm.cell.bias.numpy().tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert lstm.units == lstm.cell.units == 4


def test_first_weights_equal_keras_under_a_seed():
    values = []
    for package in (torchkeras, keras):
        package.utils.set_random_seed(7)
        made = [getattr(package.layers, name)(4) for name in NAMES]
        bidirectional = package.layers.Bidirectional(package.layers.LSTM(2))
        values.append([])
        for layer in (*made, bidirectional):
            layer(sequence())
            values[-1] += [w.value.data.tolist() for w in layer.weights]
    for mine, expected in zip(*values, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_weights_of_their_own(name, how):
    layer = getattr(layers, name)(4)
    x = torch.tensor(sequence())
    y = layer(x)
    other = how(layer)
    torch.testing.assert_close(other(x), y)
    other.set_weights([np.zeros_like(w) for w in other.get_weights()])
    assert not other(x).any()
    torch.testing.assert_close(layer(x), y)


def test_functional_call_takes_other_parameters():
    layer = layers.LSTM(4)
    x = torch.tensor(sequence())
    layer(x)
    zeros = {key: torch.zeros_like(value) for key, value in layer.named_parameters()}
    assert not torch.func.functional_call(layer, zeros, (x,)).any()
    assert layer(x).any()


def test_double_precision():
    layer = layers.LSTM(4)
    layer(sequence())
    assert layer.double()(torch.tensor(sequence()).double()).dtype == torch.float64


@pytest.mark.parametrize("mask", [None, torch.tensor(MASK)])
def test_hooked_module_is_called_itself(mask):
    layer = layers.LSTM(4, return_sequences=True, return_state=True)
    x = torch.tensor(sequence())
    expected = layer(x, mask=mask)
    seen = []
    layer.lstm.register_forward_hook(lambda module, args, output: seen.append(module))
    found = layer(x, mask=mask)
    assert seen == [layer.lstm]
    for mine, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, wanted)


def test_dynamically_quantized_module_runs():
    model = nn.Sequential(layers.LSTM(8))
    x = torch.tensor(sequence())
    y = model(x)
    supported = torch.backends.quantized.supported_engines
    if not set(supported) - {"none"}:
        pytest.skip("this torch has no quantized kernels")
    with warnings.catch_warnings(action="ignore"):
        quantized = torch.ao.quantization.quantize_dynamic(model, {nn.LSTM})
    assert type(quantized[0].lstm) is not nn.LSTM
    torch.testing.assert_close(quantized(x), y, rtol=0.05, atol=0.05)


# Why it is slow


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: layers.LSTM(4), None),
        (lambda: layers.LSTM(4, use_bias=False, dropout=0.5), None),
        (lambda: layers.LSTM(4, activation=torch.tanh), None),
        (lambda: layers.SimpleRNN(4, activation="relu"), None),
        (lambda: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]), None),
        (lambda: layers.LSTM(4, activation="relu"), "activation"),
        (lambda: layers.LSTM(4, recurrent_activation="hard_sigmoid"), "recurrent_activation"),
        (lambda: layers.GRU(4, reset_after=False), "reset_after"),
        (lambda: layers.GRU(4, recurrent_dropout=0.5), "recurrent_dropout"),
        (lambda: layers.LSTM(4, implementation=1, dropout=0.5), "implementation"),
        (lambda: layers.RNN(Minimal(4)), "Minimal"),
    ],
)
def test_slow_reason(make, reason):
    found = make().slow_reason
    assert found is None if reason is None else reason in found


def test_kernel_is_insisted_on():
    assert layers.LSTM(4, use_cudnn=True).use_cudnn is True
    with pytest.raises(ValueError, match=r"use_cudnn=True.*activation"):
        layers.LSTM(4, activation="relu", use_cudnn=True)
    with pytest.raises(ValueError, match="use_cudnn"):
        layers.GRU(4, use_cudnn="yes")


# Masks


@pytest.mark.parametrize("name", NAMES)
def test_masked_steps_do_not_count(name):
    layer = getattr(layers, name)(4, return_sequences=True, return_state=True)
    x = sequence()
    layer(x)
    changed = np.where(MASK[..., None], x, 100.0).astype("float32")
    for mine, other in zip(layer(x, mask=MASK), layer(changed, mask=MASK), strict=True):
        torch.testing.assert_close(mine, other)


def test_nan_in_a_masked_step_stays_there():
    layer = layers.LSTM(4, return_sequences=True, return_state=True)
    x = np.where(MASK[..., None], sequence(), np.nan).astype("float32")
    assert all(torch.isfinite(y).all() for y in layer(x, mask=MASK))


@pytest.mark.parametrize("name", NAMES)
def test_mask_comes_from_the_embedding_before(name):
    tokens = np.array([[0, 3, 4], [5, 0, 0]])
    outputs = []
    for package in (torchkeras, keras):
        model = package.Sequential(
            [
                package.layers.Embedding(6, 3, mask_zero=True),
                getattr(package.layers, name)(4, return_sequences=True),
                package.layers.Bidirectional(getattr(package.layers, name)(2)),
            ]
        )
        model(tokens)
        outputs.append(model)
    ours, theirs = outputs
    theirs.set_weights(ours.get_weights())
    assert_equal(ours(tokens), theirs(tokens))


def test_old_masks_have_an_axis_more():
    layer = layers.GRU(4)
    x = sequence()
    torch.testing.assert_close(layer(x, mask=MASK[..., None]), layer(x, mask=MASK))


# States


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mask", [None, MASK])
def test_stateful_layers_go_on_where_they_stopped(name, mask):
    ours, theirs = twins(name, 4, stateful=True, return_sequences=True)
    ours.reset_state(), theirs.reset_state()
    for _ in range(3):
        with torch.no_grad():
            assert_equal(ours(sequence(), mask=mask), theirs(sequence(), mask=mask))
    for mine, expected in zip(ours.states, theirs.states, strict=True):
        assert mine.path == f"{ours.name}/rnn_state"
        torch.testing.assert_close(mine.value, expected.value)
    ours.reset_states()
    assert not any(state.numpy().any() for state in ours.states)


def test_states_are_no_weights_and_move_along():
    layer = layers.LSTM(4, stateful=True)
    layer(sequence())
    assert len(layer.weights) == 3
    assert not any("rnn_state" in key for key in layer.state_dict())
    layer.double()
    assert all(state.value.dtype == torch.float64 for state in layer.states)


def test_stateful_layer_is_trained_batch_after_batch():
    layer = layers.LSTM(4, stateful=True)
    for _ in range(2):
        layer(torch.tensor(sequence()), training=True).sum().backward()


def test_stateful_layer_refuses_another_batch_size():
    layer = layers.GRU(4, stateful=True)
    layer(sequence(batch=4))
    with pytest.raises(ValueError, match="batch of 3, where the states have 4"):
        layer(sequence(batch=3))
    with pytest.raises(ValueError, match="batch_shape"):
        layers.GRU(4, stateful=True)(torchkeras.Input((5, 3)))


def test_wrong_number_of_states_is_refused():
    with pytest.raises(ValueError, match=r"`initial_state` must hold 2 state\(s\)"):
        layers.LSTM(4)(sequence(), initial_state=[np.zeros((4, 4), "float32")])


def test_encoder_gives_its_states_to_the_decoder():
    outputs = []
    for package in (torchkeras, keras):
        source, target = package.Input((None, 3)), package.Input((None, 3))
        _, *states = package.layers.LSTM(4, return_state=True)(source)
        y = package.layers.LSTM(4, return_sequences=True)(target, initial_state=states)
        outputs.append(package.Model([source, target], package.layers.Dense(2)(y)))
    ours, theirs = outputs
    theirs.set_weights(ours.get_weights())
    x = [sequence(), sequence(steps=3)]
    assert_equal(ours(x), theirs(x))


# Cells of other people


class Minimal(layers.Layer):
    """Keras's own example of a cell."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, inputs, states):
        h = torch.tanh(inputs @ self.kernel + states[0] @ self.recurrent)
        return h, [h]


class Sums:
    """A cell that is no layer, with two states and a first state of its own."""

    state_size = (3, 1)
    output_size = 3

    def get_initial_state(self, batch_size=None):
        return [torch.ones(batch_size, 3), torch.zeros(batch_size, 1)]

    def call(self, inputs, states):
        total, count = states
        return total + inputs, [total + inputs, count + 1]


class Doubled(layers.LSTMCell):
    """A built-in cell with another `call`."""

    def call(self, inputs, states, training=False):
        h, new = super().call(inputs, states, training)
        return 2 * h, new


def test_cell_from_the_guide_equals_simple_rnn():
    rnn = layers.RNN(Minimal(4), return_sequences=True, return_state=True)
    rnn(sequence())
    simple = layers.SimpleRNN(4, return_sequences=True, return_state=True)
    simple(sequence())
    simple.set_weights([*rnn.get_weights(), np.zeros(4)])
    for mask in (None, MASK):
        pairs = zip(rnn(sequence(), mask=mask), simple(sequence(), mask=mask), strict=True)
        for mine, expected in pairs:
            torch.testing.assert_close(mine, expected)


def test_plain_object_is_a_cell():
    x = sequence()
    y, total, count = layers.RNN(Sums(), return_state=True)(x, mask=MASK)
    wanted = 1 + (x * MASK[..., None]).sum(1)
    np.testing.assert_allclose(total.numpy(), wanted, rtol=1e-5)
    assert count.flatten().tolist() == MASK.sum(1).tolist()
    np.testing.assert_allclose(y.numpy(), np.where(MASK.any(1)[:, None], wanted, 0), rtol=1e-5)
    assert layers.RNN(Sums(), return_sequences=True)(torchkeras.Input((5, 3))).shape == (None, 5, 3)


def test_subclassed_cell_is_called_step_by_step():
    rnn = layers.RNN(Doubled(4))
    rnn(sequence())
    plain = layers.RNN(layers.LSTMCell(4))
    plain(sequence())
    plain.set_weights(rnn.get_weights())
    torch.testing.assert_close(rnn(sequence()), 2 * plain(sequence()))
    assert "Doubled" in rnn.slow_reason


def test_stack_of_own_and_built_in_cells():
    rnn = layers.RNN([layers.GRUCell(3), Sums()], return_state=True)
    y, first, second = rnn(sequence())
    assert (y.shape, first[0].shape, [s.shape for s in second]) == (
        (4, 3),
        (4, 3),
        [(4, 3), (4, 1)],
    )


def test_cell_alone_runs_one_step():
    ours, theirs = layers.LSTMCell(4), keras.layers.LSTMCell(4)
    x = sequence()[:, 0]
    states = ours(x, ours.get_initial_state(batch_size=4))[1]
    theirs(x, theirs.get_initial_state(batch_size=4))
    theirs.set_weights(ours.get_weights())
    assert_equal(ours(x, states), theirs(x, [s.detach() for s in states]))
    h, state = layers.GRUCell(4)(x, torch.zeros(4, 4))
    assert h.shape == state.shape == (4, 4)


# Dropout


@pytest.mark.parametrize("name", NAMES)
def test_dropout_is_one_choice_for_all_steps(name):
    layer = getattr(layers, name)(4, dropout=0.5, seed=1, return_sequences=True)
    x = torch.ones(64, 5, 3)
    layer(x)
    kernel, *others = layer.get_weights()
    layer.set_weights([np.ones_like(kernel), *map(np.zeros_like, others)])
    y = layer(x, training=True)
    assert len(y[:, 0, 0].unique()) > 1
    if name == "SimpleRNN":
        torch.testing.assert_close(y, y[:, :1].expand_as(y))


def test_cell_keeps_its_choice_until_it_is_reset():
    cell = layers.LSTMCell(4, dropout=0.5)
    x, states = torch.ones(2, 50), [torch.zeros(2, 4)] * 2
    first = cell(x, states, training=True)[0]
    torch.testing.assert_close(cell(x, states, training=True)[0], first)
    cell.reset_dropout_mask()
    assert not torch.equal(cell(x, states, training=True)[0], first)


# Compilers


@not_on_the_oldest_torch
@pytest.mark.parametrize("name", NAMES)
def test_compiled_training_equals_eager(name):
    layer = getattr(layers, name)(4, return_sequences=True, return_state=True)
    x, mask = torch.tensor(sequence()), torch.tensor(MASK)
    gradients = []
    torch._dynamo.reset()
    for call in (layer, torch.compile(layer, fullgraph=True, backend="aot_eager")):
        layer.zero_grad()
        call(x, mask=mask)[0].square().sum().backward()
        gradients.append([p.grad.clone() for p in layer.parameters()])
    for eager, compiled in zip(*gradients, strict=True):
        torch.testing.assert_close(compiled, eager)


def test_exported_program_takes_any_mask():
    layer = layers.LSTM(4, return_state=True)
    x, mask = torch.tensor(sequence()), torch.tensor(MASK)
    layer(x)
    program = torch.export.export(layer, (x,), {"mask": mask}).module()
    for mine, expected in zip(program(x, mask=~mask), layer(x, mask=~mask), strict=True):
        torch.testing.assert_close(mine, expected)
