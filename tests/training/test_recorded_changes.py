"""What recorded steps could get wrong: each case is trained with and without, and compared."""

import functools
import threading

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

import torchkeras
from torchkeras import layers, ops, optimizers
from torchkeras._training.recorded import step as recorded_step

RNG = np.random.default_rng(0)
X, Y = RNG.random((64, 6), "float32"), RNG.random((64, 6), "float32")
RECORDED = "recorded: its kernels run without autograd"


@pytest.fixture(autouse=True)
def _recorded_early(monkeypatch):
    monkeypatch.setattr(recorded_step, "_WAITS", 2)
    yield
    torchkeras.config.set_epsilon(1e-7)


def sequential(*found):
    return torchkeras.Sequential([layers.Input((6,)), *found, layers.Dense(6)])


def plain():
    return sequential(layers.Dense(5, activation="tanh"), layers.Dropout(0.3))


def trained(make=plain, *, eagerly, loss="mse", optimizer="sgd", callbacks=(), data=None):
    torchkeras.utils.set_random_seed(1)
    torchkeras.config.set_epsilon(1e-7)
    model = make()
    model.compile(optimizer, loss, run_eagerly=eagerly)
    x, y = data() if data else (X, Y)
    fit = {"batch_size": 8} if y is not None else {"steps_per_epoch": 8}
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=list(callbacks), **fit)
    return model, history.history


def assert_same(make=plain, **how):
    """Train with and without recordings, of fresh parts; return the model that may record."""
    made = []
    for eagerly in (False, True):
        fresh = {name: part() for name, part in how.items() if name != "data"}
        made.append(trained(make, eagerly=eagerly, data=how.get("data"), **fresh))
    (recorded, losses), (eager, expected) = made
    assert losses == expected
    for left, right in zip(recorded.parameters(), eager.parameters(), strict=True):
        assert torch.equal(left, right)
        assert torch.equal(left.grad, right.grad)
    return recorded


def report(model):
    return model.compile_report()["train"]


# Optimizers

OPTIMIZERS = {
    "loss scale": lambda: optimizers.SGD(0.01, loss_scale_factor=3.0),
    "dynamic loss scale": lambda: optimizers.LossScaleOptimizer(
        optimizers.SGD(0.01), dynamic_growth_steps=3
    ),
    "clipnorm": lambda: optimizers.Adam(clipnorm=0.1),
    "global clipnorm": lambda: optimizers.Adam(global_clipnorm=0.1),
    "average": lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=3),
    "accumulation": lambda: optimizers.Adam(gradient_accumulation_steps=3),
    "schedule": lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "torch's": lambda: functools.partial(torch.optim.SGD, lr=0.01, momentum=0.9),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_options_of_optimizers_count(name):
    assert report(assert_same(optimizer=OPTIMIZERS[name])) == RECORDED


class Penalized(optimizers.SGD):
    """Does more to the loss than to multiply it."""

    def scale_loss(self, loss):
        return loss * loss


def test_what_optimizers_of_ones_own_do_to_the_loss_counts():
    assert report(assert_same(optimizer=lambda: Penalized(0.01))).startswith("eager")


# What has a state that nobody sees


def counting(function):
    calls = []

    def called(*args):
        calls.append(1)
        return function(*args) * (1.0 + len(calls) % 3)

    return called


class CountingLoss(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, input, target):
        self.count += 1
        return ((input - target) ** 2).mean() * (1.0 + self.count % 3)


def disguised():
    return functools.wraps(torchkeras.losses.mean_squared_error)(
        counting(torchkeras.losses.mean_squared_error)
    )


LOSSES = {"torch's module": CountingLoss, "disguised function": disguised}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_with_a_state_run_as_they_are_written(name):
    assert report(assert_same(loss=LOSSES[name])).startswith("eager")


def test_losses_of_torch_are_recorded():
    assert report(assert_same(loss=torch.nn.MSELoss)) == RECORDED


def functional(between):
    inputs = layers.Input((6,))
    return torchkeras.Model(inputs, layers.Dense(6)(between(layers.Dense(4)(inputs))))


def _looped(x):
    step = counting(lambda x: x)
    return ops.fori_loop(0, 1, lambda _, x: step(x), x)


def _drawn(x):
    return torchkeras.random.dropout(x, 0.5, seed=torchkeras.random.SeedGenerator(1))


STATES = {
    "a lambda layer as activation": lambda: sequential(
        layers.Dense(5, activation=layers.Lambda(counting(lambda x: x)))
    ),
    "a function in a functional model": lambda: functional(_looped),
    "a counted seed in a functional model": lambda: functional(_drawn),
}


@pytest.mark.parametrize("name", STATES)
def test_models_with_a_state_run_as_they_are_written(name):
    assert report(assert_same(STATES[name])).startswith("eager")


PURE = {
    "functions of ops": lambda x: ops.concatenate([ops.relu(x), ops.sin(x)], axis=-1),
    "functions of torch": lambda x: torch.cat([x, torch.nn.functional.dropout(x, 0.5)], -1),
    "operators": lambda x: (x + 1.0) * x - x[:, :1],
}


@pytest.mark.parametrize("name", PURE)
def test_functions_of_a_functional_model_are_recorded(name):
    assert report(assert_same(lambda: functional(PURE[name]))) == RECORDED


# What changes


class Change(torchkeras.callbacks.Callback):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 5:
            self.change(self.model)


def _equal_bias(model):
    bias = model.layers[-1].linear.bias
    model.layers[-1].linear.bias = torch.nn.Parameter(bias.detach().clone())


def _epsilon(model):
    torchkeras.config.set_epsilon(0.1)


def _rate(model):
    model.optimizer.learning_rate = 0.5


def _values(model):
    model.set_weights([weight * 0.5 for weight in model.get_weights()])


def _scale(model):
    model.optimizer.loss_scale_factor = 7.0


def _adapt(model):
    model.layers[0].adapt(X * 3 + 1)


def one_unit():
    return torchkeras.Sequential([layers.Input((6,)), layers.Dense(4), layers.Dense(1)])


def probabilities():
    return sequential(layers.Dense(5), layers.Dense(6, activation="softmax"), layers.Rescaling(1.0))


def normalized():
    normalization = layers.Normalization()
    normalization.adapt(X)
    return sequential(normalization)


CHANGES = {
    "another bias of one equal value": (_equal_bias, one_unit),
    "epsilon": (_epsilon, probabilities),
    "learning rate": (_rate, plain),
    "values of weights": (_values, plain),
    "loss scale": (_scale, plain),
    "statistics": (_adapt, normalized),
}


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # for the bias that was replaced
@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_two_steps_count(name):
    change, make = CHANGES[name]
    loss = "categorical_crossentropy" if make is probabilities else "mse"
    data = None if make is not one_unit else lambda: (X, Y[:, :1])
    assert_same(make, loss=lambda: loss, callbacks=lambda: [Change(change)], data=data)


def test_a_table_may_grow():
    def grow(model):
        weight = model.layers[0].embedding.weight
        weight.data = torch.cat([weight.data, weight.data])

    def text():
        pooled = layers.GlobalAveragePooling1D()
        inputs = layers.Input((6,), dtype="int32")
        return torchkeras.Sequential([inputs, layers.Embedding(7, 4), pooled, layers.Dense(6)])

    assert_same(text, callbacks=lambda: [Change(grow)], data=lambda: (X.astype("int32"), Y))


def test_what_is_trained_after_a_change_is_recorded_again():
    def freeze(model):
        model.layers[0].trainable = False

    model, _ = trained(eagerly=False, callbacks=[Change(freeze)])
    assert report(model) == RECORDED


def test_the_report_says_that_a_recording_is_dropped():
    model, _ = trained(eagerly=False)
    model.layers[1].rate = 0.1
    model.train_on_batch(X[:8], Y[:8])
    assert report(model) == "eager: the model has changed since its step was recorded"


# Batches


def same_at_first():
    """Inputs that are their own targets, and later are not."""

    def batches():
        generator = torch.Generator().manual_seed(3)
        for number in range(100):
            x = torch.rand(8, 6, generator=generator)
            yield (x, x) if number < 8 else (x, torch.rand(8, 6, generator=generator))

    return batches(), None


def test_inputs_that_are_their_own_targets_count_as_both():
    assert_same(data=same_at_first)


def test_inputs_may_be_trained():
    found = []

    def batches():
        x = torch.ones(8, 6, requires_grad=True)
        found.append(x)
        while True:
            yield x, torch.zeros(8, 6)

    assert_same(data=lambda: (batches(), None))
    assert torch.equal(found[0].grad, found[1].grad)


# Those who watch


class Halved(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        outputs = function(*args, **(kwargs or {}))
        return outputs * 0.5 if function is torch.nn.functional.linear else outputs


WATCHERS = {
    "a mode of functions": Halved,
    "hooks of saved tensors": lambda: torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: tensor * 0.5, lambda tensor: tensor
    ),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("name", WATCHERS)
def test_scopes_of_torch_count(name):
    losses = []
    for eagerly in (False, True):
        model, _ = trained(eagerly=eagerly)
        with WATCHERS[name]():
            losses.append(model.fit(X, Y, batch_size=8, verbose=0).history)
    assert losses[0] == losses[1]


def test_threads_record_side_by_side():
    reports = []

    def run():
        model = sequential(layers.Dense(5))
        model.compile("sgd", "mse")
        model.fit(X, Y, batch_size=8, verbose=0)
        reports.append(report(model))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports == [RECORDED] * 3
