"""Any torch module may be called on symbols; afterwards calls are torch's own again."""

import threading

import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import Input, Model, layers
from torchkeras._symbolic import capture

PLAIN = capture._PLAIN_CALL


@pytest.fixture(autouse=True)
def disarmed():
    yield
    capture.disarm()
    assert nn.Module.__call__ is PLAIN


def check(module, *shapes):
    """Compare a module in a functional model with the module alone."""
    symbols = [Input(shape) for shape in shapes]
    outputs = module(*symbols)
    values = [torch.rand(2, *(4 if n is None else n for n in shape)) for shape in shapes]
    model = Model(symbols, outputs).eval()
    found, wanted = model(values if len(values) > 1 else values[0]), module(*values)
    pairs = zip(*(torchkeras.tree.flatten(x) for x in (outputs, found, wanted)), strict=True)
    for symbol, mine, expected in pairs:
        assert torch.equal(mine, expected)
        sizes = zip(symbol.shape, expected.shape, strict=True)
        assert all(known in (None, size) for known, size in sizes)
    return model


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Linear(3, 2), (3,)),
        (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), (3,)),
        (nn.Conv2d(3, 4, 3, padding=1), (3, None, None)),
        (nn.BatchNorm1d(3).eval(), (3,)),
        (nn.LSTM(3, 2, batch_first=True), (None, 3)),
        (nn.GRU(3, 2, batch_first=True, bidirectional=True), (5, 3)),
        (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval(), (5, 4)),
        (nn.Flatten(), (2, 3)),
        (nn.Identity(), (2, 3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_modules_on_symbols(module, shape):
    model = check(module, shape)
    assert [m for m in model.modules() if m is module] == [module]
    assert len(list(model.parameters())) == len(list(module.parameters()))


def test_modules_with_several_inputs():
    class Mix(nn.Module):
        def __init__(self):
            super().__init__()
            self.bilinear = nn.Bilinear(3, 2, 4)

        def forward(self, a, b, scale=1.0):
            return {"sum": self.bilinear(a, b) * scale, "pair": (a, b)}

    module = Mix()
    check(module, (3,), (2,))
    a, b = Input((3,)), Input((2,))
    outputs = module(a, b=b, scale=2.0)
    assert outputs["sum"].shape == (None, 4)
    found = Model([a, b], outputs["sum"])([torch.ones(1, 3), torch.ones(1, 2)])
    assert torch.equal(found, module(torch.ones(1, 3), torch.ones(1, 2), scale=2.0)["sum"])


def test_attention_returns_a_tuple():
    x = Input((5, 4))
    attended, weights = nn.MultiheadAttention(4, 2, batch_first=True)(x, x, x)
    assert (attended.shape, weights.shape) == ((None, 5, 4), (None, 5, 5))


def test_shared_module_is_one_layer():
    linear = nn.Linear(3, 3)
    x = Input((3,))
    model = Model(x, linear(linear(x)))
    assert len(model.layers) == 2
    assert len(model.weights) == 2


def test_modules_made_by_users_train():
    x = Input((3,))
    model = Model(x, nn.Dropout(0.5)(nn.Linear(3, 2)(x)))
    model(torch.ones(1, 3)).sum().backward()
    assert all(v.value.grad is not None for v in model.trainable_weights)
    assert all(not m.training for m in model.modules())
    model.train()
    assert all(m.training for m in model.modules())


def test_calls_are_given_back_after_wiring():
    x = Input((3,))
    assert nn.Module.__call__ is not PLAIN
    Model(x, nn.Linear(3, 2)(x))
    nn.Linear(3, 2)(torch.ones(1, 3))
    assert nn.Module.__call__ is PLAIN


def test_layers_called_on_tensors_while_wiring_change_nothing():
    x = Input((3,))
    layer = layers.Dense(2)
    layer(torch.ones(1, 3))
    y = nn.Linear(2, 1)(layer(x))
    assert y.shape == (None, 1)
    assert Model(x, y)(torch.ones(1, 3)).shape == (1, 1)


def test_shapes_found_by_trial_do_not_end_the_wiring():
    class Inner(layers.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def call(self, x):
            return self.linear(x)

    x = Input((3,))
    assert nn.Linear(3, 2)(Inner()(x)).shape == (None, 2)


def test_hooks_run_when_the_model_runs():
    linear, seen = nn.Linear(3, 2), []
    linear.register_forward_hook(lambda *_: seen.append(1))
    x = Input((3,))
    model = Model(x, linear(x))
    before = len(seen)
    model(torch.ones(1, 3))
    assert len(seen) == before + 1


def test_other_threads_may_call_modules_while_wiring():
    x, results = Input((3,)), []
    thread = threading.Thread(target=lambda: results.append(nn.Linear(3, 2)(torch.ones(1, 3))))
    thread.start()
    thread.join()
    assert results[0].shape == (1, 2)
    assert nn.Linear(3, 2)(Input((3,))).shape == (None, 2)
    assert nn.Linear(3, 2)(x * 1).shape == (None, 2)
