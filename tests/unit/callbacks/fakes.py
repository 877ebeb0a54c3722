"""A model that only remembers what callbacks do to it."""

from typing import Any

import numpy as np


class FakeOptimizer:
    def __init__(self, learning_rate: float = 0.1, name: str = "fake") -> None:
        self.learning_rate, self.name = learning_rate, name


class FakeMetric:
    def __init__(self, name: str, direction: str | None = None) -> None:
        self.name = name
        if direction:
            self._direction = direction


class FakeModel:
    def __init__(self, *metrics: FakeMetric) -> None:
        self.stop_training = False
        self.optimizer: Any = FakeOptimizer()
        self.metrics = list(metrics)
        self.weights = [np.zeros(1)]
        self.saved: list[str] = []
        self.history: Any = None

    def get_weights(self) -> list[np.ndarray]:
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weights = weights

    def save(self, filepath: str, overwrite: bool = True) -> None:
        self.saved.append(f"model {filepath}")

    def save_weights(self, filepath: str, overwrite: bool = True) -> None:
        self.saved.append(f"weights {filepath}")


def run(callback: Any, logs: list[dict[str, float]], model: FakeModel | None = None) -> FakeModel:
    """Tell a callback of a run in which each epoch had these logs."""
    model = model or FakeModel()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, values in enumerate(logs):
        callback.on_epoch_begin(epoch)
        model.weights[0] = np.full(1, float(epoch))
        callback.on_epoch_end(epoch, values)
        if model.stop_training:
            break
    callback.on_train_end()
    return model


def losses(*values: float, name: str = "val_loss") -> list[dict[str, float]]:
    return [{name: value} for value in values]
