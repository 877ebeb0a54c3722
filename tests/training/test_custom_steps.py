"""Steps that users write, as the Keras guides for torch write them, in both packages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import torchkeras
from tests.training.custom_models import (
    CUSTOM,
    functional,
    gan,
    gan_with_a_penalty,
    with_a_torch_optimizer,
    with_averaged_weights,
)
from tests.training.models import adding_losses
from tests.training.twins import (
    PACKAGES,
    TARGETS,
    WEIGHTS,
    X,
    assert_same_batches,
    assert_same_run,
    assert_same_state,
    twins,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


# They unpack `(x, y)`; single batches come as `(x, y, None)`, in Keras too.
PAIRS_ONLY = ("updating_compiled_metrics", "with_metrics_of_its_own", "with_a_test_step")


@pytest.mark.parametrize("build", CUSTOM, ids=lambda build: build.__name__)
def test_custom_steps_equal_keras(build: Callable[[Any], Any]) -> None:
    models = twins(build, optimizer="adam", loss="mse", metrics=["mae"])
    assert_same_run(models, X, TARGETS, epochs=3, batch_size=16, validation_split=0.3)
    assert_same_state(models, X, TARGETS)
    if build.__name__ not in PAIRS_ONLY:
        assert_same_batches(models, X, TARGETS, WEIGHTS)


@pytest.mark.parametrize("loss", ["mse", None])
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_losses_of_layers_equal_keras(loss: str | None) -> None:
    models = twins(adding_losses, optimizer="sgd", loss=loss)
    data = (X, TARGETS) if loss else (X,)
    assert_same_run(models, *data, epochs=3, batch_size=16)


def test_a_metric_that_a_layer_updates() -> None:
    def build(package: Any) -> Any:
        class Watching(package.layers.Layer):  # type: ignore[misc]
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.mean = package.metrics.Mean(name="seen")

            def call(self, inputs: Any) -> Any:
                self.mean.update_state(inputs.sum(-1))
                return inputs

        inputs = package.Input((6,))
        return package.Model(inputs, package.layers.Dense(1)(Watching()(inputs)))

    models = twins(build, optimizer="sgd", loss="mse")
    assert_same_run(models, X, TARGETS, epochs=2, batch_size=16)


def test_a_gan_with_two_optimizers_equals_keras() -> None:
    ours, theirs = (gan(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for model, package in zip((ours, theirs), PACKAGES, strict=True):
        optimizers = [package.optimizers.Adam(0.01), package.optimizers.Adam(0.02)]
        model.compile(*optimizers, package.losses.BinaryCrossentropy(from_logits=True))
    assert_same_run((ours, theirs), X, epochs=3, batch_size=16)


def test_a_gan_with_a_gradient_penalty_equals_keras() -> None:
    ours, theirs = (gan_with_a_penalty(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for model, package in zip((ours, theirs), PACKAGES, strict=True):
        model.compile(*(package.optimizers.Adam(0.01, beta_1=0.5, beta_2=0.9) for _ in "ab"))
    assert_same_run((ours, theirs), X, epochs=3, batch_size=16)


def test_a_model_with_an_averaged_twin_equals_keras() -> None:
    ours, theirs = (with_averaged_weights(package) for package in PACKAGES)
    for model, package in zip((ours, theirs), PACKAGES, strict=True):
        optimizer = package.optimizers.AdamW(0.01, weight_decay=1e-3)
        model.compile(optimizer=optimizer, loss=package.losses.MeanAbsoluteError())
        model(X)
    ours.set_weights(theirs.get_weights())
    assert_same_run((ours, theirs), X, TARGETS, epochs=3, validation_split=0.2)
    assert_same_state((ours, theirs), X, TARGETS)


def test_a_torch_optimizer_in_a_step_equals_keras() -> None:
    models = twins(with_a_torch_optimizer, optimizer=None, loss="mse")
    assert_same_run(models, X, TARGETS, epochs=3, batch_size=16, validation_split=0.3)


def test_gradient_accumulation_by_hand() -> None:
    class Accumulating(torchkeras.Model):
        steps = 0

        def train_step(self, data: Any) -> Any:
            x, y = data
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            (loss / 2).backward()
            self.steps += 1
            if self.steps % 2 == 0:
                self.optimizer.step()
                self.zero_grad()
            return {"loss": loss}

    whole, halves = functional(torchkeras, torchkeras.Model), functional(torchkeras, Accumulating)
    halves.set_weights(whole.get_weights())
    for model in (whole, halves):
        model.compile("sgd", "mse")
    whole.fit(X[:64], TARGETS[:64], batch_size=32, shuffle=False, verbose=0)
    halves.fit(X[:64], TARGETS[:64], batch_size=16, shuffle=False, verbose=0)
    for a, b in zip(whole.get_weights(), halves.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    ("part", "returned", "text"),
    [
        ("train_step", None, r"`train_step` must return a dictionary of metrics.*None"),
        ("train_step", [1.0], r"`train_step` must return a dictionary of metrics.*list"),
        ("test_step", 1.0, r"`test_step` must return a dictionary of metrics.*float"),
        ("compute_metrics", None, r"must return a dictionary of metrics.*None"),
        ("compute_loss", None, r"`compute_loss` must return the loss"),
    ],
)
def test_parts_that_return_the_wrong_thing(part: str, returned: Any, text: str) -> None:
    def written(self: Any, *args: Any, **kwargs: Any) -> Any:
        return returned

    model = functional(torchkeras, type("Custom", (torchkeras.Model,), {part: written}))
    model.compile("sgd", "mse")
    run = model.evaluate if part == "test_step" else model.fit
    with pytest.raises((TypeError, ValueError), match=text):
        run(X, TARGETS, verbose=0)


@pytest.mark.parametrize("first", ["fit", "evaluate"])
def test_training_without_an_optimizer(first: str) -> None:
    model = functional(torchkeras, torchkeras.Model)
    model.compile(optimizer=None, loss="mse")
    if first == "evaluate":
        model.evaluate(X, TARGETS, verbose=0)
    with pytest.raises(ValueError, match=r"compiled without an optimizer.*optimizer=None"):
        model.fit(X, TARGETS, verbose=0)


def test_the_history_keeps_no_graph() -> None:
    class Custom(torchkeras.Model):
        def train_step(self, data: Any) -> Any:
            loss = self.compute_loss(y=data[1], y_pred=self(data[0], training=True))
            return {"loss": loss}

    model = functional(torchkeras, Custom)
    model.compile("sgd", "mse")
    seen: list[Any] = []
    keep = torchkeras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs)
    )
    history = model.fit(X, TARGETS, verbose=0, callbacks=[keep]).history
    assert isinstance(history["loss"][0], float)
    assert all(
        not value.requires_grad for value in seen[-1].raw().values() if hasattr(value, "grad")
    )


def test_a_predict_step_of_its_own() -> None:
    class Doubling(torchkeras.Model):
        def predict_step(self, data: Any) -> Any:
            return 2 * super().predict_step(data)

    model = functional(torchkeras, Doubling)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), 2 * model(X).detach().numpy(), rtol=1e-4
    )


def test_a_train_function_of_its_own() -> None:
    class Counting(torchkeras.Model):
        seen = 0

        def make_train_function(self, force: bool = False) -> Any:
            inner = super().make_train_function(force)

            def count(data: Any) -> Any:
                self.seen += 1
                return inner(data)

            self.train_function = count
            return count

    model = functional(torchkeras, Counting)
    model.compile("sgd", "mse")
    model.fit(X, TARGETS, batch_size=35, verbose=0)
    assert model.seen == 2


def test_a_model_without_a_call_trains_by_its_own_step() -> None:
    class Autoencoder(torchkeras.Model):
        def __init__(self) -> None:
            super().__init__()
            inner = [torchkeras.Input((X.shape[1],)), torchkeras.layers.Dense(X.shape[1])]
            self.coder = torchkeras.Sequential(inner)
            self.error = torchkeras.metrics.Mean(name="error")

        @property
        def metrics(self) -> list[Any]:
            return [self.error]

        def train_step(self, data: Any) -> dict[str, Any]:
            x = data[0] if isinstance(data, tuple) else data
            self.zero_grad()
            loss = torchkeras.ops.mean(torchkeras.ops.square(self.coder(x) - x))
            loss.backward()
            self.optimizer.step()
            self.error.update_state(loss)
            return {"error": self.error.result()}

    model = Autoencoder()
    model.compile("adam")
    errors = model.fit(X, epochs=3, batch_size=len(X), verbose=0).history["error"]
    assert errors[2] < errors[0]
    with pytest.raises(NotImplementedError, match="has no `call` method"):
        model.predict(X, verbose=0)
