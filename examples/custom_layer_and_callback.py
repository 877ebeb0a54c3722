"""A layer and a callback of one's own: `build`, `add_weight`, `call`, and `stop_training`."""

import torchkeras as keras
from torchkeras import layers, ops


class Linear(layers.Layer):
    """`inputs @ w + b`, with the weights made when the input shape is known."""

    def __init__(self, units: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", name="w"
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class StopAtAccuracy(keras.callbacks.Callback):
    """Stop training once the accuracy on held-out data is high enough."""

    def __init__(self, wanted: float):
        super().__init__()
        self.wanted = wanted

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.wanted:
            print(f"\n{self.wanted:.0%} reached after {epoch + 1} epochs, so that is enough.")
            self.model.stop_training = True


def main() -> None:
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            layers.Rescaling(1 / 16),
            layers.Flatten(),
            Linear(64),
            layers.ReLU(),
            Linear(10),
        ]
    )
    model.summary()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train,
        y_train,
        epochs=50,
        validation_data=(x_test, y_test),
        callbacks=[StopAtAccuracy(0.95)],
        verbose=2,
    )
    print(f"{len(history.history['loss'])} of 50 epochs ran.")


if __name__ == "__main__":
    main()
