"""Scans over time on a CPU: torch's numbers and gradients, whatever is asked for."""

import pytest
import torch
from torch import nn

from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers
from torchkeras.layers.recurrent import choice, kernels, scan
from torchkeras.layers.recurrent.fused import plain_run

KINDS = ("gru", "tanh", "relu")
BATCH, STEPS, FEATURES, UNITS = 3, 11, 4, 5


def inputs(kind, *, dtype=torch.float64, bias=True):
    """Inputs, first state and weights that all want gradients."""
    torch.manual_seed(0)
    options = {"nonlinearity": kind} if kind != "gru" else {}
    module = kernels.MODULES[kind](FEATURES, UNITS, bias=bias, dtype=dtype, **options)
    x = torch.randn(BATCH, STEPS, FEATURES, dtype=dtype, requires_grad=True)
    first = torch.randn(BATCH, UNITS, dtype=dtype, requires_grad=True)
    return x, first, list(module.parameters())


def stock(kind, x, first, weights):
    y, last = plain_run(kind, x, [first.unsqueeze(0)], weights)
    return y, last[0]


def gradients(outputs, tensors, *, create_graph=False):
    torch.manual_seed(1)
    total = sum((y * torch.randn_like(y)).sum() for y in outputs)
    return torch.autograd.grad(total, tensors, create_graph=create_graph)


def assert_all_close(ours, theirs):
    for mine, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture(params=[2**16, 1])
def piece(request, monkeypatch):
    """One piece, or several of four steps."""
    monkeypatch.setattr(scan, "_PIECE", request.param)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("which", [slice(0, 2), slice(0, 1), slice(1, 2)])
def test_numbers_and_gradients_are_those_of_torch(kind, bias, which, piece):
    x, first, weights = inputs(kind, bias=bias)
    ours, theirs = choice.scan(kind, x, first, weights), stock(kind, x, first, weights)
    assert_all_close(ours, theirs)
    tensors = [x, first, *weights]
    assert_all_close(gradients(ours[which], tensors), gradients(theirs[which], tensors))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_at_inference(kind, piece):
    x, first, weights = inputs(kind, dtype=torch.float32)
    with torch.no_grad():
        assert_all_close(choice.scan(kind, x, first, weights), stock(kind, x, first, weights))
    frozen = [tensor.detach() for tensor in (x, first, *weights)]
    assert choice.scan(kind, frozen[0], frozen[1], frozen[2:])[0].grad_fn is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left_out", range(6))
def test_frozen_tensors_get_no_gradient(kind, left_out, piece):
    x, first, weights = inputs(kind)
    tensors = [x, first, *weights]
    tensors[left_out].requires_grad_(False)
    asked = [tensor for tensor in tensors if tensor.requires_grad]
    found = gradients(choice.scan(kind, x, first, weights), asked)
    assert_all_close(found, gradients(stock(kind, x, first, weights), asked))


@pytest.mark.parametrize("kind", ["gru", "tanh"])
def test_gradients_have_gradients(kind):
    x, first, weights = inputs(kind)
    tensors = [x, first, *weights]
    seconds = []
    for outputs in (choice.scan(kind, x, first, weights), stock(kind, x, first, weights)):
        once = gradients(outputs, tensors, create_graph=True)
        seconds.append(gradients(once, tensors))
    assert_all_close(*seconds)


def test_masked_gradients_have_gradients():
    x, first, weights = inputs("gru")
    mask = torch.rand(BATCH, STEPS) < 0.6
    tensors = [x, first, *weights]
    (y, _) = choice.scan("gru", x, first, weights, mask)
    once = gradients([y], tensors, create_graph=True)
    (again, _) = choice.scan("gru", x, first, weights, mask)
    assert_all_close(once, gradients([again], tensors))
    assert all(torch.isfinite(g).all() for g in gradients(once, tensors))


def test_backward_runs_twice_over_a_kept_graph():
    x, first, weights = inputs("gru")
    total = choice.scan("gru", x, first, weights)[0].square().sum()
    once = torch.autograd.grad(total, x, retain_graph=True)
    assert_all_close(once, torch.autograd.grad(total, x))


def test_masked_steps_leave_the_state_alone_to_the_last_bit(piece):
    x, first, weights = inputs("gru")
    mask = torch.rand(BATCH, STEPS) < 0.5
    y, last = choice.scan("gru", x, first, weights, mask)
    h = first
    for step in range(STEPS):
        h = torch.where(mask[:, step : step + 1], y[:, step], h)
        assert torch.equal(y[:, step], h)
    assert torch.equal(last, h)


def test_masked_gradients_are_those_of_the_steps_that_count(piece):
    x, first, weights = inputs("gru")
    mask = torch.zeros(BATCH, STEPS, dtype=torch.bool)
    mask[:, 1::2] = True
    tensors = [x, first, *weights]
    ours = choice.scan("gru", x, first, weights, mask)[1]
    theirs = stock("gru", x[:, 1::2], first, weights)[1]
    assert_all_close(gradients([ours], tensors), gradients([theirs], tensors))


# When scans run


def runs_scan(monkeypatch, layer, x, **kwargs):
    """Whether a call of a layer runs a scan."""
    calls = []
    original = choice.scan
    monkeypatch.setattr(choice, "scan", lambda *args: calls.append(1) or original(*args))
    layer(x, **kwargs)
    return bool(calls)


@pytest.mark.parametrize("name", ["GRU", "SimpleRNN"])
def test_long_sequences_are_scanned(monkeypatch, name):
    layer = getattr(layers, name)(4)
    assert runs_scan(monkeypatch, layer, torch.ones(2, 9, 3))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: layers.LSTM(4), (2, 9, 3)),
        (lambda: layers.GRU(4), (2, 1, 3)),
        (lambda: layers.GRU(4, activation="relu"), (2, 9, 3)),
        (lambda: layers.GRU(4, reset_after=False), (2, 9, 3)),
        (lambda: layers.GRU(4, dtype="bfloat16"), (2, 9, 3)),
        (lambda: layers.SimpleRNN(512), (32, 9, 3)),
    ],
)
def test_other_sequences_are_not(monkeypatch, make, shape):
    assert not runs_scan(monkeypatch, make(), torch.ones(shape))


def test_small_gru_without_a_gradient_is_torchs(monkeypatch):
    layer, x = layers.GRU(4), torch.ones(2, 9, 3)
    with torch.no_grad():
        assert not runs_scan(monkeypatch, layer, x)
        assert runs_scan(monkeypatch, layer, x, mask=torch.ones(2, 9, dtype=torch.bool))


@not_on_the_oldest_torch
@pytest.mark.parametrize("name", ["GRU", "SimpleRNN"])
def test_compiled_training_scans_too(monkeypatch, name):
    layer, x = getattr(layers, name)(4), torch.randn(2, 9, 3)
    layer(x).square().sum().backward()
    wanted = [p.grad.clone() for p in layer.parameters()]
    layer.zero_grad()
    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    calls = []
    original = choice.scan
    monkeypatch.setattr(choice, "scan", lambda *args: calls.append(1) or original(*args))
    compiled(x).square().sum().backward()
    assert calls
    assert_all_close([p.grad for p in layer.parameters()], wanted)


@pytest.mark.parametrize("mask", [None, torch.ones(2, 9, dtype=torch.bool)])
def test_hooked_module_is_not_passed_by(monkeypatch, mask):
    layer = layers.GRU(4)
    layer(torch.ones(2, 9, 3))
    layer.gru.register_forward_hook(lambda *args: None)
    assert not runs_scan(monkeypatch, layer, torch.ones(2, 9, 3), mask=mask)


def test_autocast_gets_torchs_kernel(monkeypatch):
    layer = layers.GRU(4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not runs_scan(monkeypatch, layer, torch.ones(2, 9, 3))


@pytest.mark.parametrize("kind", ["GRU", "SimpleRNN"])
def test_transforms_go_through(kind):
    layer = getattr(layers, kind)(4)
    x = torch.randn(2, 9, 3)
    layer(x)
    parameters = {key: value.detach() for key, value in layer.named_parameters()}

    def total(values):
        return torch.func.functional_call(layer, values, (x,)).sum()

    layer(x).sum().backward()
    wanted = {key: value.grad for key, value in layer.named_parameters()}
    torch.testing.assert_close(torch.func.grad(total)(parameters), wanted)
    torch.testing.assert_close(
        torch.func.jacrev(lambda t: layer(t).sum())(x), torch.func.grad(lambda t: layer(t).sum())(x)
    )


# Images


def test_convolutional_layer_goes_on_where_it_stopped():
    torch.manual_seed(0)
    x = torch.randn(2, 6, 5, 5, 3)
    layer = layers.ConvLSTM2D(4, 3, stateful=True, return_sequences=True)
    whole = layers.ConvLSTM2D(4, 3, return_sequences=True)
    layer(x[:, :3]), whole(x)
    whole.set_weights(layer.get_weights())
    layer.reset_state()
    parts = torch.cat([layer(x[:, :3]), layer(x[:, 3:])], 1)
    torch.testing.assert_close(parts, whole(x))


def test_convolutional_layer_needs_its_sizes():
    with pytest.raises(ValueError, match="sizes of the axes"):
        layers.ConvLSTM2D(4, 3).build((None, None, None, 5, 3))


def test_convolutional_layer_says_why_it_goes_step_by_step():
    assert "convolutional" in layers.ConvLSTM1D(4, 3).slow_reason


# Outputs


def test_initial_state_does_not_show_in_masked_steps_at_first():
    layer = layers.GRU(4, return_sequences=True, return_state=True)
    x, first = torch.randn(2, 9, 3), torch.ones(2, 4)
    mask = torch.arange(9) >= torch.tensor([[3], [9]])
    y, last = layer(x, initial_state=[first], mask=mask)
    assert not y[0, :3].any()
    assert not y[1].any()
    torch.testing.assert_close(last[1], first[1])


def test_outputs_may_be_changed_in_place():
    layer = layers.GRU(4)
    x = torch.randn(2, 9, 3)
    (layer(x) + 0).sum().backward()
    wanted = [p.grad.clone() for p in layer.parameters()]
    layer.zero_grad()
    layer(x).add_(1).sum().backward()
    assert_all_close([p.grad for p in layer.parameters()], wanted)


def test_torch_module_keeps_the_parameters():
    layer = layers.GRU(4)
    layer(torch.ones(2, 9, 3)).sum().backward()
    assert isinstance(layer.gru, nn.GRU)
    assert all(p.grad is not None for p in layer.gru.parameters())
