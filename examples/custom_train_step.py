"""One's own `train_step` and `test_step`, from the shortest to one with metrics and weights."""

import numpy as np
import torch

import torchkeras as keras
from torchkeras import layers


class ShortModel(keras.Model):
    """The step written out: `compile` still says which loss, optimizer and metrics."""

    def train_step(self, data):
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
        return {metric.name: metric.result() for metric in self.metrics}


class ModelWithItsOwnMetrics(keras.Model):
    """Only the optimizer comes from `compile`; what `metrics` lists begins anew each epoch."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")
        self.loss_fn = keras.losses.MeanSquaredError()

    def train_step(self, data):
        x, y = data
        self.zero_grad()

        y_pred = self(x, training=True)
        loss = self.loss_fn(y, y_pred)
        loss.backward()
        trainable_weights = list(self.trainable_weights)
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, trainable_weights)

        self.loss_tracker.update_state(loss)
        self.mae_metric.update_state(y, y_pred)
        return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae_metric]


class ModelWithWeights(keras.Model):
    """`sample_weight` and `class_weight` come as a third part of the data; evaluation likewise."""

    def train_step(self, data):
        x, y, sample_weight = data if len(data) == 3 else (*data, None)
        self.zero_grad()

        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        loss.backward()
        trainable_weights = list(self.trainable_weights)
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, trainable_weights)
        return self._measure(loss, y, y_pred, sample_weight)

    def test_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        return self._measure(loss, y, y_pred, sample_weight)

    def _measure(self, loss, y, y_pred, sample_weight):
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred, sample_weight=sample_weight)
        return {metric.name: metric.result() for metric in self.metrics}


def run(epochs: int = 3) -> dict[str, list[float]]:
    """Train the three, and return their histories."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, sample_weight = rng.random((1000, 32)), rng.random((1000, 1))
    y = x[:, :1] + 0.1 * rng.random((1000, 1))
    found: dict[str, list[float]] = {}
    for model_class in (ShortModel, ModelWithItsOwnMetrics, ModelWithWeights):
        inputs = keras.Input(shape=(32,))
        model = model_class(inputs, layers.Dense(1)(layers.Dense(16, activation="relu")(inputs)))
        options = {"sample_weight": sample_weight} if model_class is ModelWithWeights else {}
        if model_class is ModelWithItsOwnMetrics:
            model.compile(optimizer="adam")
        else:
            model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        history = model.fit(x, y, epochs=epochs, verbose=0, **options).history
        found |= {f"{model_class.__name__}.{name}": values for name, values in history.items()}
    found["evaluated"] = model.evaluate(x, y, verbose=0)
    return found


def main() -> None:
    for name, values in run().items():
        print(f"{name:<32}", *(f"{value:.4f}" for value in values))


if __name__ == "__main__":
    main()
