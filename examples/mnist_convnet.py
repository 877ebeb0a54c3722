"""The simple MNIST convnet of the Keras documentation, with Adam and a validation split."""

import argparse

import numpy as np

import torchkeras as keras
from torchkeras import layers

DATASETS = ("digits", "mnist", "fashion_mnist")
CLASSES = 10


def load(name: str) -> tuple[tuple, tuple]:
    """Return images from 0 to 1 with a channel axis, and one-hot labels."""
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    largest = 16 if name == "digits" else 255
    x_train, x_test = (
        np.expand_dims(images.astype("float32") / largest, -1) for images in (x_train, x_test)
    )
    y_train, y_test = (keras.utils.to_categorical(labels, CLASSES) for labels in (y_train, y_test))
    return (x_train, y_train), (x_test, y_test)


def convnet(input_shape: tuple[int, ...]) -> keras.Model:
    padding = "same" if input_shape[0] < 28 else "valid"
    return keras.Sequential(
        [
            keras.Input(shape=input_shape),
            layers.Conv2D(32, kernel_size=(3, 3), padding=padding, activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), padding=padding, activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=DATASETS, default="digits")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=128)
    options = parser.parse_args()

    (x_train, y_train), (x_test, y_test) = load(options.dataset)
    print("x_train shape:", x_train.shape)
    print(x_train.shape[0], "train samples")
    print(x_test.shape[0], "test samples")

    model = convnet(x_train.shape[1:])
    model.summary()
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(
        x_train,
        y_train,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_split=0.1,
    )
    score = model.evaluate(x_test, y_test, verbose=0)
    print("Test loss:", score[0])
    print("Test accuracy:", score[1])


if __name__ == "__main__":
    main()
