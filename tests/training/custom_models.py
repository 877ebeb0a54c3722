"""Models with steps of their own, as the Keras guides for torch write them, in either package."""

from typing import Any

import numpy as np
import torch

Package = Any


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


def with_a_structure_of_predictions(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def predict_step(self, data: Any) -> Any:
            x, _, _ = package.utils.unpack_x_y_sample_weight(data)
            y = self(x, training=False)
            return {"mean": y, "parts": [y * 2, (y, y + 1)]}

    return functional(package, Custom)


def with_a_result_of_its_own(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def get_metrics_result(self) -> Any:
            results = super().get_metrics_result()
            results["twice"] = 2 * results["loss"]
            return results

    return functional(package, Custom)


def with_a_loss_that_is_measured(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.size = package.metrics.Mean(name="size")

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None,
            sample_weight: Any = None, training: bool = True,
        ) -> Any:  # fmt: skip
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            size = (y_pred**2).mean()
            self.size.update_state(size)
            return loss + 0.1 * size

    return functional(package, Custom)


def with_a_value_that_no_metric_has(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            return {"bias": (y_pred - y).detach().mean(), **results}

    return functional(package, Custom)


def with_other_resets(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def reset_metrics(self) -> None:
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.reset_state()

    return functional(package, Custom)


def returning(values: Any) -> Any:
    """Return what builds a model whose steps return these logs, whatever the metrics say."""

    def build(package: Any) -> Any:
        class Custom(package.Model):  # type: ignore[misc]
            def train_step(self, data: Any) -> Any:
                super().train_step(data)
                return values

            def test_step(self, data: Any) -> Any:
                super().test_step(data)
                return values

        return functional(package, Custom)

    build.__name__ = f"returning_{'_'.join(map(str, values)) or 'nothing'}"
    return build


CUSTOM = [
    updating_compiled_metrics,
    with_metrics_of_its_own,
    with_sample_weights,
    with_a_test_step,
    with_a_loss_of_its_own,
    with_an_old_loss_signature,
    with_more_logs,
    with_metrics_computed_by_hand,
    with_a_structure_of_predictions,
    with_a_result_of_its_own,
    with_a_loss_that_is_measured,
    with_a_value_that_no_metric_has,
    with_other_resets,
    returning({}),
    returning({"b": 1.0, "a": 2}),
    returning({"loss": np.float32(3), "mae": np.array(2.0)}),
    returning({"other": torch.tensor(2.0), "loss": 1}),
]


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


def gan_with_a_penalty(package: Any) -> Any:
    """Return a Wasserstein GAN, which differentiates a gradient."""
    layers = package.layers

    class Gan(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.generator = package.Sequential([package.Input((2,)), layers.Dense(6)])
            self.critic = package.Sequential(
                [package.Input((6,)), layers.Dense(8, activation="tanh"), layers.Dense(1)]
            )
            self.built = True

        def compile(self, critic: Any, generator: Any) -> None:
            super().compile()
            self.optimizer_by_name = {"critic": critic, "generator": generator}

        def call(self, inputs: Any) -> Any:
            return self.critic(inputs)

        def penalty(self, real: Any, fake: Any) -> Any:
            share = package.random.uniform((len(real), 1), seed=5)
            mixed = (real + share * (fake - real)).detach().requires_grad_()
            scores = self.critic(mixed, training=True)
            (gradient,) = torch.autograd.grad(scores.sum(), mixed, create_graph=True)
            return ((gradient.square().sum(1).sqrt() - 1) ** 2).mean()

        def update(self, name: str, loss: Any) -> None:
            self.zero_grad()
            loss.backward()
            weights = getattr(self, name).trainable_weights
            with torch.no_grad():
                self.optimizer_by_name[name].apply([v.value.grad for v in weights], weights)

        def train_step(self, real: Any) -> Any:
            noise = package.random.normal((len(real), 2), seed=1)
            for _ in range(2):
                fake = self.generator(noise, training=True).detach()
                margin = self.critic(fake, training=True).mean() - self.critic(real).mean()
                c_loss = margin + 10 * self.penalty(real, fake)
                self.update("critic", c_loss)
            g_loss = -self.critic(self.generator(noise, training=True), training=True).mean()
            self.update("generator", g_loss)
            return {"c_loss": c_loss, "g_loss": g_loss}

    return Gan()


def with_averaged_weights(package: Any) -> Any:
    """Return a model that keeps a slowly moving twin of its network, as diffusion models do."""
    layers = package.layers

    class Denoiser(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.normalizer = layers.BatchNormalization()
            self.network = package.Sequential(
                [package.Input((6,)), layers.Dense(6, activation="swish"), layers.Dense(6)]
            )
            self.ema_network = package.models.clone_model(self.network)

        def compile(self, **kwargs: Any) -> None:
            super().compile(**kwargs)
            self.noise_loss = package.metrics.Mean(name="n_loss")

        @property
        def metrics(self) -> list[Any]:
            return [self.noise_loss]

        def call(self, inputs: Any) -> Any:
            return self.ema_network(self.normalizer(inputs))

        def train_step(self, data: Any) -> Any:
            images = self.normalizer(data[0], training=True)
            noise = package.random.normal(tuple(images.shape), seed=3)
            loss = self.loss(noise, self.network(images + noise, training=True))
            self.zero_grad()
            loss.backward()
            weights = self.network.trainable_weights
            with torch.no_grad():
                self.optimizer.apply([v.value.grad for v in weights], weights)
            self.noise_loss.update_state(loss)
            pairs = zip(self.network.weights, self.ema_network.weights, strict=True)
            for weight, slow in pairs:
                slow.assign(0.9 * slow + 0.1 * weight)
            return {metric.name: metric.result() for metric in self.metrics}

        def test_step(self, data: Any) -> Any:
            self.noise_loss.update_state(self.loss(data[0], self(data[0], training=False)))
            return {metric.name: metric.result() for metric in self.metrics}

    return Denoiser()


def with_a_torch_optimizer(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            x, y = data
            if not hasattr(self, "sgd"):
                self.sgd = torch.optim.SGD(self.parameters(), lr=0.1)
            loss = torch.nn.functional.mse_loss(self(x, training=True), y)
            self.sgd.zero_grad()
            loss.backward()
            self.sgd.step()
            return {"loss": loss}

    return functional(package, Custom)
