"""A functional model in the inception style: parallel convolutions, joined; then its features."""

import numpy as np

import torchkeras as keras
from torchkeras import layers


def inception(x, filters: int, name: str):
    """Look at the input through windows of three sizes and a pooling, side by side."""
    small = layers.Conv2D(filters, 1, activation="relu")(x)
    medium = layers.Conv2D(filters, 1, activation="relu")(x)
    medium = layers.Conv2D(filters, 3, padding="same", activation="relu")(medium)
    large = layers.Conv2D(filters, 1, activation="relu")(x)
    large = layers.Conv2D(filters, 5, padding="same", activation="relu")(large)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    pooled = layers.Conv2D(filters, 1, activation="relu")(pooled)
    return layers.Concatenate(name=name)([small, medium, large, pooled])


def network() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = inception(inputs, 8, "first")
    x = layers.MaxPooling2D()(x)
    x = inception(x, 16, "second")
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def as_images(images: np.ndarray) -> np.ndarray:
    return images.astype("float32")[..., None] / 16


def main() -> None:
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    model = network()
    model.summary()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(as_images(x_train), y_train, epochs=15, verbose=2)
    print(model.evaluate(as_images(x_test), y_test, verbose=0, return_dict=True))

    extractor = keras.Model(model.input, model.get_layer("features").output)
    print("features of three digits:", extractor.predict(as_images(x_test[:3]), verbose=0).shape)


if __name__ == "__main__":
    main()
