"""Captured steps, with a tape of kernels in place of a CUDA graph: the numbers of eager ones."""

import functools
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.captured import CAPTURED, NETS, RNG, assert_near, assert_same, trained, use
from tests.training.tape_graph import LiveGraph, TapeGraph
from torchkeras import optimizers
from torchkeras._training.captured import step as captured_step
from torchkeras._training.recorded import recording
from torchkeras.optimizers import schedules

# Their numbers lie on the device, and the update is a part of the graph.
INSIDE: dict[str, Any] = {
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=0.1),
    "adam": lambda: optimizers.Adam(0.01, global_clipnorm=0.1),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True, clipvalue=0.01),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "centered": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.05),
    "adadelta": lambda: optimizers.Adadelta(1.0),
    "adamax": lambda: optimizers.Adamax(0.01, loss_scale_factor=8.0),
    "lion": lambda: optimizers.Lion(0.001),
    "schedule": lambda: optimizers.Adam(schedules.ExponentialDecay(0.05, 2, 0.8)),
}
# Python updates the weights, after each replay.
OUTSIDE: dict[str, Any] = {
    "nadam": lambda: optimizers.Nadam(0.01),
    "lamb": lambda: optimizers.Lamb(0.01),
    "ftrl": lambda: optimizers.Ftrl(0.01),
    "muon": lambda: optimizers.Muon(0.01),
    "average": lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    "accumulation": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=3),
    "loss scale": lambda: optimizers.LossScaleOptimizer(
        optimizers.SGD(0.01), initial_scale=4.0, dynamic_growth_steps=3
    ),
    "torch's": lambda: functools.partial(torch.optim.SGD, lr=0.01, momentum=0.9),
}


@pytest.mark.parametrize("name", INSIDE)
def test_an_update_in_the_graph_is_the_eager_one_and_freezes_nothing(
    name: str, monkeypatch: Any
) -> None:
    use(monkeypatch, TapeGraph)
    found = trained(optimizer=INSIDE[name])
    assert found[0].compile_report()["train"] == CAPTURED
    assert_near(found, trained(optimizer=INSIDE[name], eagerly=True))
    use(monkeypatch, LiveGraph)
    assert_same(found, trained(optimizer=INSIDE[name]))


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_update_by_python_has_the_eager_bits(name: str, monkeypatch: Any) -> None:
    use(monkeypatch, TapeGraph)
    found = trained(optimizer=OUTSIDE[name])
    assert found[0].compile_report()["train"] == CAPTURED
    assert_same(found, trained(optimizer=OUTSIDE[name], eagerly=True))


@pytest.mark.parametrize("net", NETS)
def test_a_captured_step_has_the_eager_bits(net: str, monkeypatch: Any) -> None:
    """Adam's fused kernel computes the same with numbers of Python and of the device."""
    use(monkeypatch, TapeGraph)
    found = trained(net)
    assert found[0].compile_report()["train"] == CAPTURED
    assert_same(found, trained(net, eagerly=True))


@pytest.mark.parametrize(
    "fit",
    [
        {"sample_weight": RNG.random(44).astype("float32")},
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
        {"validation_split": 0.2},
        {"steps_per_epoch": 3},
        {"shuffle": False},
    ],
    ids=lambda fit: next(iter(fit)),
)
def test_arguments_of_fit_work_as_ever(fit: dict[str, Any], monkeypatch: Any) -> None:
    use(monkeypatch, TapeGraph)
    found = trained("classifier", **fit)
    assert found[0].compile_report()["train"] == CAPTURED
    assert_same(found, trained("classifier", eagerly=True, **fit))


def test_epochs_of_few_batches_are_captured_in_the_end(monkeypatch: Any) -> None:
    """Each ends with a partial batch, which has another form."""
    use(monkeypatch, TapeGraph)
    monkeypatch.setattr(captured_step, "_WAITS", 8)
    assert trained()[0].compile_report()["train"] == CAPTURED


def test_batches_of_many_forms_are_counted_anew() -> None:
    forms = recording.Forms()
    assert [forms.count(("a",)) for _ in range(3)] == [1, 2, 3]
    assert [forms.count(number) for number in range(20)] == [1] * 20
    assert forms.count(("a",)) == 1
    assert forms.count(None) == 0


def test_replays_run_no_python(monkeypatch: Any) -> None:
    use(monkeypatch, TapeGraph)
    model, _ = trained()
    seen: list[int] = []
    monkeypatch.setattr(type(model.layers[0]), "call", lambda *args: seen.append(1))
    x, y = NETS["perceptron"][3:]
    model.train_on_batch(x[:8], y[:8])
    assert not seen


def test_gradients_are_those_of_the_last_step(monkeypatch: Any) -> None:
    use(monkeypatch, TapeGraph)
    (captured, _), (eager, _) = trained(), trained(eagerly=True)
    x, y = NETS["perceptron"][3:]
    for model in (captured, eager):
        torch.manual_seed(3)
        model.train_on_batch(x[:8], y[:8])
    for left, right in zip(captured.parameters(), eager.parameters(), strict=True):
        assert left.grad is not None
        assert torch.equal(left.grad, right.grad)


def test_a_batch_in_other_memory_is_taken_as_it_is(monkeypatch: Any) -> None:
    use(monkeypatch, TapeGraph)
    (captured, _), (eager, _) = trained(), trained(eagerly=True)
    x, y = NETS["perceptron"][3:]
    backwards = np.ascontiguousarray(x[:8].T).T
    losses = []
    for model in (captured, eager):
        torch.manual_seed(3)
        losses.append(
            [model.train_on_batch(part, y[: len(part)]) for part in (backwards, x[:8], x[:5])]
        )
    assert losses[0] == losses[1]
