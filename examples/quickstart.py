"""Train the tutorial's two networks on handwritten digits that come with the package.

Run it without arguments; it needs no network and takes less than a minute.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import torchkeras as keras
from torchkeras import layers

CLASSES = 10
SHADES = " .:-=+*#@"


def mlp() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(CLASSES, activation="softmax"),
        ],
        name="mlp",
    )


def convnet() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ],
        name="convnet",
    )


def as_text(image: np.ndarray) -> str:
    """Draw a small grey image with characters, dark ones for high values."""
    levels = (image * (len(SHADES) - 1)).round().astype(int)
    return "\n".join("".join(SHADES[level] * 2 for level in row) for row in levels)


def plot(histories: dict[str, keras.callbacks.History], path: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, history in histories.items():
        for axis, metric in zip(axes, ("loss", "accuracy"), strict=True):
            (line,) = axis.plot(history.history[metric], "--", label=f"{name}, training")
            held_out = history.history[f"val_{metric}"]
            axis.plot(held_out, color=line.get_color(), label=f"{name}, held out")
            axis.set(xlabel="epoch", title=metric)
    axes[1].legend(loc="lower right")
    figure.savefig(path, dpi=120)


def main() -> None:
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    x_train, x_test = x_train.astype("float32") / 16, x_test.astype("float32") / 16
    histories = {}
    for model in (mlp(), convnet()):
        model.summary()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        histories[model.name] = model.fit(
            x_train, y_train, epochs=20, validation_data=(x_test, y_test)
        )
        loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
        print(f"{model.name}: {accuracy:.1%} of the held-out digits are right, loss {loss:.3f}\n")

    image = x_test[0]
    probabilities = model.predict(image[None], verbose=0)[0]
    print(as_text(image))
    print(f"The {model.name} reads a {probabilities.argmax()}, with {probabilities.max():.1%}.\n")

    path = Path("quickstart.png").resolve()
    plot(histories, path)
    print(f"The training curves are in {path}")


if __name__ == "__main__":
    main()
