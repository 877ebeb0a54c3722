"""Digits as PNG files in one folder per class: read, augment on the fly, train, look at it."""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import torchkeras as keras
from torchkeras import layers, visualization

SIDE = 32


def write_folders(root: Path, per_class: int) -> None:
    """Write real scans of handwritten digits, which come with the package, as files."""
    (images, labels), _ = keras.datasets.digits.load_data()
    for digit in range(10):
        folder = root / str(digit)
        folder.mkdir(parents=True)
        for number, image in enumerate(images[labels == digit][:per_class]):
            pixels = np.minimum(image.astype("float32") * 16, 255)[..., None]
            keras.utils.save_img(folder / f"{number:03d}.png", pixels, scale=False)


def read(root: Path, subset: str):
    return keras.utils.image_dataset_from_directory(
        root,
        color_mode="grayscale",
        image_size=(SIDE, SIDE),
        batch_size=32,
        validation_split=0.25,
        subset=subset,
        seed=1,
        verbose=False,
    )


def convnet(classes: int) -> keras.Model:
    augment = [
        layers.RandomRotation(0.03, "constant", seed=1),
        layers.RandomTranslation(0.06, 0.06, "constant", seed=2),
        layers.RandomZoom(0.1, fill_mode="constant", seed=3),
    ]
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            *augment,  # asleep in evaluate and predict
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def draw(model: keras.Model, validation, history, names: list[str], folder: Path) -> None:
    """Save the curves of the run, some predictions, and which digits are taken for which."""
    images, labels = next(iter(validation))
    guesses = model.predict(images, verbose=0).argmax(-1)
    pictures = {
        "label_map": dict(enumerate(names)),
        "y_true": labels[:12],
        "y_pred": guesses[:12],
        "path": folder / "predictions.png",
    }
    visualization.plot_image_gallery(images[:12], rows=2, cols=6, **pictures)
    visualization.plot_history(history, path=folder / "history.png")
    visualization.plot_confusion_matrix(labels, guesses, names, path=folder / "confusion.png")


def main(epochs: int, per_class: int, pictures: str | None) -> float:
    keras.utils.set_random_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        write_folders(Path(folder) / "digits", per_class)
        train, validation = (read(Path(folder) / "digits", s) for s in ("training", "validation"))
        print(f"{len(train.file_paths)} files to train with, classes {train.class_names}")
        model = convnet(len(train.class_names))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(train, validation_data=validation, epochs=epochs, verbose=2)
        if pictures:
            draw(model, validation, history, train.class_names, Path(pictures))
    return history.history["val_accuracy"][-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--pictures", help="a folder for pictures of the run")
    args = parser.parse_args()
    print(f"validation accuracy: {main(args.epochs, args.per_class, args.pictures):.3f}")
