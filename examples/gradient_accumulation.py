"""Large batches in small pieces: gradients gathered by hand, and by the optimizer."""

import numpy as np
import torch

import torchkeras as keras
from torchkeras import layers


class Accumulating(keras.Model):
    """Adds up the gradients of some batches before it takes a step."""

    def __init__(self, *args, pieces=4, **kwargs):
        super().__init__(*args, **kwargs)
        self.pieces = pieces
        self.seen = 0

    def train_step(self, data):
        x, y = data
        if self.seen % self.pieces == 0:
            self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        (loss / self.pieces).backward()
        self.seen += 1
        if self.seen % self.pieces == 0:
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([v.value.grad for v in weights], weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=len(x))
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def make(model_class, **options):
    inputs = keras.Input(shape=(8,))
    hidden = layers.Dense(16, activation="tanh")(inputs)
    return model_class(inputs, layers.Dense(1)(hidden), **options)


def run(epochs: int = 5) -> dict[str, list[float]]:
    """Train on whole batches, and twice on quarters of them; the last weights are the same."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 8)).astype("float32")
    y = np.sin(x.sum(axis=1, keepdims=True))
    whole, by_hand, by_optimizer = (
        make(keras.Model),
        make(Accumulating, pieces=4),
        make(keras.Model),
    )
    start = whole.get_weights()
    found = {}
    for name, model, batch_size, pieces in (
        ("whole", whole, 64, None),
        ("by hand", by_hand, 16, None),
        ("by the optimizer", by_optimizer, 16, 4),
    ):
        model.set_weights(start)
        optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=pieces)
        model.compile(optimizer, loss="mse", metrics=["mae"])
        history = model.fit(x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
        found[name] = history.history["loss"]
        found[f"{name}, weights"] = [float(w.sum()) for w in model.get_weights()]
    return found


def main() -> None:
    for name, values in run().items():
        print(f"{name:<28}", *(f"{value:.5f}" for value in values))


if __name__ == "__main__":
    main()
