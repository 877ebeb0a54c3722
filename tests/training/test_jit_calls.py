"""`jit_compile` in steps that users wrote: calls of networks are compiled, the rest is not."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

import torchkeras
from tests.training.twins import LABELS, TARGETS, X
from torchkeras import layers

JIT: dict[str, Any] = {"backend": "aot_eager", "race": False}
PARTS = {"batch_size": 16, "shuffle": False, "verbose": 0}


@pytest.fixture(autouse=True)
def on_the_cpu() -> Any:
    torch._dynamo.reset()
    with torchkeras.device("cpu"):
        yield


def inner(*more: Any) -> list[Any]:
    return [torchkeras.Input((6,)), layers.Dense(8, "relu"), *more]


class Plain(torchkeras.Sequential):
    """Training as in Keras's guide, with the compiled loss and metrics."""

    def train_step(self, data: Any) -> Any:
        x, y = data[:2]
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        self.zero_grad()
        loss.backward()
        weights = self.trainable_weights
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in weights], weights)
        self.metrics[0].update_state(loss.detach())
        return self.compute_metrics(x, y, y_pred)


class Weighed(torchkeras.Sequential):
    """A loss of one's own in the step of the library, and a test step that doubles everything."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return 0.5 * super().compute_loss(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Any:
        return {name: 2 * value for name, value in super().test_step(data).items()}

    def predict_step(self, data: Any) -> Any:
        x, _, _ = torchkeras.utils.unpack_x_y_sample_weight(data)
        return 2 * self(x, training=False)


class Adversaries(torchkeras.Model):
    """Two networks that are called several times each, and a metric of the model's own."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torchkeras.Sequential(
            [torchkeras.Input((2,)), layers.Dense(5, "tanh"), layers.Dense(6)], name="generator"
        )
        self.discriminator = torchkeras.Sequential(
            inner(layers.BatchNormalization(), layers.Dense(1)), name="discriminator"
        )
        self.mean = torchkeras.metrics.Mean(name="mean")
        self.steps = [torchkeras.optimizers.Adam(0.01), torchkeras.optimizers.SGD(0.1)]

    def call(self, inputs: Any) -> Any:
        return self.discriminator(inputs)

    def update(self, network: Any, loss: Any, optimizer: Any) -> None:
        network.zero_grad()
        loss.backward()
        weights = network.trainable_weights
        with torch.no_grad():
            optimizer.apply([w.value.grad for w in weights], weights)

    def train_step(self, data: Any) -> Any:
        real = data[0]
        noise = real[:, :2] * 3
        made = self.generator(noise, training=True)
        logits = self.discriminator(torch.cat([real, made.detach()]), training=True)
        signs = torch.cat([-torch.ones(len(real), 1), torch.ones(len(real), 1)])
        self.update(self.discriminator, torch.relu(1 + signs * logits).mean(), self.steps[0])
        loss = -self.discriminator(self.generator(noise, training=True), training=False).mean()
        self.update(self.generator, loss, self.steps[1])
        self.mean.update_state(loss.detach())
        return {"mean": self.mean.result()}


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any], Any, str]] = {
    "regression": (lambda: Plain(inner(layers.Dense(1))), {"loss": "mse"}, TARGETS, "train"),
    "logits behind a softmax": (
        lambda: Plain(inner(layers.BatchNormalization(), layers.Dense(3, "softmax"))),
        {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        1e3 * X,
        "train",
    ),
    "parts of steps": (
        lambda: Weighed(inner(layers.Dense(3, "softmax"))),
        {"loss": "sparse_categorical_crossentropy"},
        X,
        "all",
    ),
    "two networks": (Adversaries, {}, X, "train"),
}


def results(case: Any, jit: Any) -> Any:
    """Train, evaluate and predict; return the numbers, the arrays, the report and the model."""
    build, arguments, x, _ = case
    y = TARGETS if arguments.get("loss") == "mse" else LABELS
    x = X if x is TARGETS else x
    torchkeras.utils.set_random_seed(3)
    model = build()
    model.compile("sgd", **arguments, jit_compile=jit)
    numbers = model.fit(x, y, epochs=3, **PARTS).history
    if "loss" in arguments:
        settings = {"batch_size": 16, "verbose": 0}
        numbers["test"] = model.evaluate(x, y, **settings)
        numbers["predict"] = model.predict(x, **settings)
    return numbers, model.get_weights(), model.compile_report(), model


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_numbers_are_those_of_the_step_as_it_is_written(case: Any) -> None:
    numbers, weights, _, _ = results(case, False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, others, report, _ = results(case, JIT)
    kinds = ("train", "test", "predict") if case[3] == "all" else ("train",)
    assert all(report[kind].startswith("compiled where it calls") for kind in kinds)
    for name, values in numbers.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-6)
    for mine, other in zip(others, weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def of(report: dict[str, str]) -> str:
    return report["train"]


def test_each_network_is_compiled_as_it_is_called() -> None:
    *_, report, model = results(CASES["two networks"], JIT)
    assert of(report) == "compiled where it calls discriminator, generator"
    assert len(model._compiled.functions.train.step._compiled) == 3
    assert all("_compiled_call_impl" not in vars(m) for m in model.modules())


def test_calls_compile_once_each_and_partial_batches_not_at_all() -> None:
    counter = CompileCounterWithBackend("eager")
    model = CASES["regression"][0]()
    model.compile("sgd", "mse", jit_compile={"backend": counter, "race": False})
    model.fit(X, TARGETS, epochs=8, **PARTS)
    assert counter.frame_count == 1


def test_logits_of_compiled_calls_are_found() -> None:
    found = []
    for jit in (False, JIT):
        model = Plain(
            [torchkeras.Input((6,)), layers.Dense(1, "sigmoid", kernel_initializer="ones")]
        )
        model.compile("sgd", "binary_crossentropy", jit_compile=jit)
        found.append([model.train_on_batch(1e3 * X, TARGETS < 0) for _ in range(4)])
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert found[0][0] > 100  # more than any float32 probability can say


class Penalty(Plain):
    def train_step(self, data: Any) -> Any:
        x = data[0].clone().requires_grad_()
        (slope,) = torch.autograd.grad(self(x, training=True).sum(), x, create_graph=True)
        self.zero_grad()
        slope.square().mean().backward()
        return {"steps": 1.0}


class Silent(Plain):
    def train_step(self, data: Any) -> Any:
        return {"steps": 1.0}


class Untrained(Plain):
    def train_step(self, data: Any) -> Any:
        self(data[0], training=True)
        return {"steps": 1.0}


class Adding(layers.Layer):
    def call(self, inputs: Any) -> Any:
        self.add_loss(inputs.square().mean())
        return inputs


LEFT: dict[str, tuple[Callable[[], Any], str]] = {
    "gradients of gradients": (lambda: Penalty(inner(layers.Dense(1))), "names 'create_graph'"),
    "no calls": (lambda: Silent(inner()), "it calls no network"),
    "losses of layers": (lambda: Plain(inner(Adding(), layers.Dense(1))), "add losses"),
    "masks": (lambda: Untrained([layers.Reshape((6, 1)), layers.Masking()]), "returns masks"),
    "logits in another shape": (
        lambda: Plain(inner(layers.Dense(1, "sigmoid"), layers.Reshape((1,)))),
        "looks for logits inside",
    ),
}


@pytest.mark.parametrize(("build", "why"), LEFT.values(), ids=LEFT)
def test_steps_in_which_nothing_can_be_compiled_run_as_they_are(build: Any, why: str) -> None:
    model = build()
    model.compile("sgd", "binary_crossentropy", jit_compile=JIT)
    with pytest.warns(UserWarning, match=why) as caught:
        model.fit(X, TARGETS > 0, epochs=2, **PARTS)
    assert len(caught) == 1
    assert of(model.compile_report()).startswith("eager: the model has a train_step")


class Breaking(layers.Layer):
    def call(self, inputs: Any) -> Any:
        torch._dynamo.graph_break()
        return inputs * 2


def failing(graph: Any, inputs: Any) -> Any:
    raise RuntimeError("no compiler today")


@pytest.mark.parametrize(
    ("more", "jit"), [([Breaking()], JIT), ([], JIT | {"backend": failing})], ids=["layer", "all"]
)
def test_a_call_that_cannot_be_compiled_changes_nothing(more: Any, jit: Any) -> None:
    case = (lambda: Plain(inner(*more, layers.BatchNormalization(), layers.Dense(1))),)
    case = (*case, *CASES["regression"][1:])
    numbers, weights, _, _ = results(case, False)
    with pytest.warns(UserWarning, match="could not be compiled and runs eagerly") as caught:
        found, others, report, _ = results(case, jit)
    assert len(caught) == 1
    assert of(report).startswith("eager: torch.compile failed")
    assert found["loss"] == numbers["loss"]
    for mine, other in zip(others, weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_step_with_compiled_calls_races_with_itself_as_it_is_written() -> None:
    model = CASES["regression"][0]()
    model.compile("sgd", "mse", jit_compile={"backend": "eager"})
    model.fit(X, TARGETS, batch_size=7, verbose=0)
    assert of(model.compile_report()).endswith(", and timed beside eager steps")
    model.fit(X, TARGETS, epochs=5, batch_size=7, verbose=0)
    assert "ms a step" in of(model.compile_report())


def test_auto_leaves_such_steps_alone() -> None:
    model = CASES["regression"][0]()
    model.compile("sgd", "mse")
    model._compiled.jit.options = {}  # as it decides on CUDA
    model.train_on_batch(X, TARGETS)
    assert "leaves such steps alone" in of(model.compile_report())  # and nobody was warned
