"""The MNIST MLP of the Keras documentation: two hidden layers with dropout, and RMSprop."""

import argparse

import torchkeras as keras
from torchkeras import layers

DATASETS = ("digits", "mnist", "fashion_mnist")


def load(name: str) -> tuple[tuple, tuple]:
    """Return flat images from 0 to 1 and one-hot labels."""
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    largest = 16 if name == "digits" else 255

    def flat(images):
        return images.reshape(len(images), -1).astype("float32") / largest

    def one_hot(labels):
        return keras.utils.to_categorical(labels, 10)

    return (flat(x_train), one_hot(y_train)), (flat(x_test), one_hot(y_test))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=DATASETS, default="digits")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=128)
    options = parser.parse_args()

    (x_train, y_train), (x_test, y_test) = load(options.dataset)
    print(f"{len(x_train)} train samples, {len(x_test)} test samples")

    model = keras.Sequential()
    model.add(keras.Input((x_train.shape[1],)))
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    model.summary()

    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.RMSprop(),
        metrics=["accuracy"],
    )
    model.fit(
        x_train,
        y_train,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=(x_test, y_test),
    )
    score = model.evaluate(x_test, y_test, verbose=0)
    print("Test loss:", score[0])
    print("Test accuracy:", score[1])


if __name__ == "__main__":
    main()
