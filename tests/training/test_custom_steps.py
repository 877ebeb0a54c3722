"""Steps that users write, as the Keras guides for torch write them, in both packages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from tests.training.twins import PACKAGES, TARGETS, X, assert_same_run, twins

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def functional(package: Any, model_class: Any) -> Any:
    inputs = package.Input((6,))
    hidden = package.layers.Dense(8, activation="relu")(inputs)
    return model_class(inputs, package.layers.Dense(1)(hidden))


def updating_compiled_metrics(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            trainable_weights = list(self.trainable_weights)
            gradients = [v.value.grad for v in trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, trainable_weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    return functional(package, Custom)


def with_metrics_of_its_own(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.loss_tracker = package.metrics.Mean(name="loss")
            self.mae_metric = package.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = package.losses.MeanSquaredError()

        def train_step(self, data: Any) -> Any:
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.loss_fn(y, y_pred)
            loss.backward()
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([v.value.grad for v in weights], weights)
            self.loss_tracker.update_state(loss)
            self.mae_metric.update_state(y, y_pred)
            return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

        @property
        def metrics(self) -> list[Any]:
            return [self.loss_tracker, self.mae_metric]

    return functional(package, Custom)


def with_sample_weights(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            x, y, sample_weight = data if len(data) == 3 else (*data, None)
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
            loss.backward()
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([v.value.grad for v in weights], weights)
            return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    return functional(package, Custom)


def with_a_test_step(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def test_step(self, data: Any) -> Any:
            x, y = data
            y_pred = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            for metric in self.metrics:
                if metric.name != "loss":
                    metric.update_state(y, y_pred)
                else:
                    metric.update_state(loss)
            return {m.name: m.result() for m in self.metrics}

    return functional(package, Custom)


def with_a_loss_of_its_own(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None,
            sample_weight: Any = None, training: bool = True,
        ) -> Any:  # fmt: skip
            return ((y - y_pred) ** 2).mean() + 0.1 * (y_pred**2).mean()

    return functional(package, Custom)


def with_an_old_loss_signature(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
            return ((y - y_pred) ** 2).mean()

    return functional(package, Custom)


def with_more_logs(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            logs = super().train_step(data)
            logs["extra"] = 3.0
            return logs

    return functional(package, Custom)


def with_metrics_computed_by_hand(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.spread = package.metrics.Mean(name="spread")

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            self.spread.update_state((y_pred - y_pred.mean()).abs())
            results["spread"] = self.spread.result()
            return results

    return functional(package, Custom)


CUSTOM = [
    updating_compiled_metrics,
    with_metrics_of_its_own,
    with_sample_weights,
    with_a_test_step,
    with_a_loss_of_its_own,
    with_an_old_loss_signature,
    with_more_logs,
    with_metrics_computed_by_hand,
]


@pytest.mark.parametrize("build", CUSTOM)
def test_custom_steps_equal_keras(build: Callable[[Any], Any]) -> None:
    models = twins(build, optimizer="adam", loss="mse", metrics=["mae"])
    assert_same_run(models, X, TARGETS, epochs=3, batch_size=16, validation_split=0.3)


def adding_losses(package: Any) -> Any:
    class Activity(package.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.1 * (inputs**2).mean())
            return inputs

    inputs = package.Input((6,))
    hidden = Activity()(package.layers.Dense(8, activation="relu")(inputs))
    return package.Model(inputs, package.layers.Dense(1)(hidden))


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


def gan(package: Any) -> Any:
    layers = package.layers

    class Gan(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.generator = package.Sequential([package.Input((2,)), layers.Dense(6)])
            self.discriminator = package.Sequential([package.Input((6,)), layers.Dense(1)])
            self.d_loss_tracker = package.metrics.Mean(name="d_loss")
            self.g_loss_tracker = package.metrics.Mean(name="g_loss")
            self.built = True

        def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any) -> None:
            super().compile()
            self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
            self.loss_fn = loss_fn

        @property
        def metrics(self) -> list[Any]:
            return [self.d_loss_tracker, self.g_loss_tracker]

        def call(self, inputs: Any) -> Any:
            return self.discriminator(inputs)

        def train_step(self, real: Any) -> Any:
            noise = real[:, :2]
            fake = self.generator(noise)
            labels = torch.cat([torch.ones(len(real), 1), torch.zeros(len(real), 1)])
            self.zero_grad()
            d_loss = self.loss_fn(labels, self.discriminator(torch.cat([fake.detach(), real])))
            d_loss.backward()
            weights = list(self.discriminator.trainable_weights)
            with torch.no_grad():
                self.d_optimizer.apply([v.value.grad for v in weights], weights)
            self.zero_grad()
            guesses = self.discriminator(self.generator(noise))
            g_loss = self.loss_fn(torch.zeros(len(real), 1), guesses)
            g_loss.backward()
            weights = list(self.generator.trainable_weights)
            with torch.no_grad():
                self.g_optimizer.apply([v.value.grad for v in weights], weights)
            self.d_loss_tracker.update_state(d_loss)
            self.g_loss_tracker.update_state(g_loss)
            return {m.name: m.result() for m in self.metrics}

    return Gan()


def test_a_gan_with_two_optimizers_equals_keras() -> None:
    ours, theirs = (gan(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for model, package in zip((ours, theirs), PACKAGES, strict=True):
        optimizers = [package.optimizers.Adam(0.01), package.optimizers.Adam(0.02)]
        model.compile(*optimizers, package.losses.BinaryCrossentropy(from_logits=True))
    assert_same_run((ours, theirs), X, epochs=3, batch_size=16)


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
