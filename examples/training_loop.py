"""A training loop written by hand, first with what torch has, then with what Keras has."""

import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras as keras
from torchkeras import layers
from torchkeras.datasets import digits


class ActivityRegularization(layers.Layer):
    """Adds a penalty on what goes through it to `model.losses`."""

    def call(self, inputs):
        self.add_loss(1e-3 * (inputs**2).mean())
        return inputs


def make_model():
    inputs = keras.Input(shape=(64,), name="digits")
    x = layers.Dense(64, activation="relu")(inputs)
    x = ActivityRegularization()(x)
    x = layers.Dense(64, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(10, name="predictions")(x))


def make_loaders(batch_size: int = 64):
    loaders = []
    for images, labels in digits.load_data():
        x = torch.from_numpy(images.reshape(-1, 64).astype("float32") / 16)
        y = torch.from_numpy(keras.utils.to_categorical(labels, 10))
        loaders.append(DataLoader(TensorDataset(x, y), batch_size=batch_size))
    return loaders


def with_torch(epochs: int) -> list[float]:
    """Train with a loss and an optimizer of torch; return the last loss of each epoch."""
    train_loader, _ = make_loaders()
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_fn = torch.nn.CrossEntropyLoss()
    seen = []
    for _ in range(epochs):
        for inputs, targets in train_loader:
            logits = model(inputs, training=True)
            loss = loss_fn(logits, targets) + sum(model.losses)

            model.zero_grad()
            loss.backward()
            optimizer.step()
        seen.append(float(loss.detach()))
    return seen


def with_keras(epochs: int) -> tuple[list[float], list[float]]:
    """Train with a loss, an optimizer and metrics of Keras; return the accuracies."""
    train_loader, val_loader = make_loaders()
    model = make_model()
    optimizer = keras.optimizers.Adam(learning_rate=1e-3)
    loss_fn = keras.losses.CategoricalCrossentropy(from_logits=True)
    train_accuracy = keras.metrics.CategoricalAccuracy()
    val_accuracy = keras.metrics.CategoricalAccuracy()

    def train_step(inputs, targets):
        logits = model(inputs, training=True)
        loss = loss_fn(targets, logits) + sum(model.losses)
        model.zero_grad()
        loss.backward()

        trainable_weights = list(model.trainable_weights)
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            optimizer.apply(gradients, trainable_weights)
        train_accuracy.update_state(targets, logits)
        return loss

    seen: tuple[list[float], list[float]] = ([], [])
    for _ in range(epochs):
        for inputs, targets in train_loader:
            train_step(inputs, targets)
        with torch.no_grad():
            for inputs, targets in val_loader:
                val_accuracy.update_state(targets, model(inputs, training=False))
        for metric, values in zip((train_accuracy, val_accuracy), seen, strict=True):
            values.append(float(metric.result()))
            metric.reset_state()
    return seen


def run(epochs: int = 5) -> dict[str, list[float]]:
    keras.utils.set_random_seed(0)
    losses = with_torch(epochs)
    train, val = with_keras(epochs)
    return {"torch: loss": losses, "Keras: accuracy": train, "Keras: val_accuracy": val}


def main() -> None:
    for name, values in run().items():
        print(f"{name:<20}", *(f"{value:.4f}" for value in values))


if __name__ == "__main__":
    main()
