"""A functional model with two inputs and two branches: an image, and the ink in its rows."""

import numpy as np

import torchkeras as keras
from torchkeras import layers


def two_branches() -> keras.Model:
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    x = layers.GlobalAveragePooling2D()(x)

    ink = keras.Input((8,), name="ink")
    y = layers.Dense(16, activation="relu")(ink)

    merged = layers.concatenate([x, y])
    digit = layers.Dense(10, activation="softmax", name="digit")(
        layers.Dense(64, activation="relu")(merged)
    )
    even = layers.Dense(1, activation="sigmoid", name="even")(merged)
    return keras.Model({"image": image, "ink": ink}, {"digit": digit, "even": even})


def inputs_of(images: np.ndarray) -> dict[str, np.ndarray]:
    scaled = images.astype("float32") / 16
    return {"image": scaled[..., None], "ink": scaled.mean(axis=2)}


def targets_of(labels: np.ndarray) -> dict[str, np.ndarray]:
    return {"digit": labels, "even": (labels % 2 == 0).astype("float32")[:, None]}


def main() -> None:
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    model = two_branches()
    model.summary()
    print(model.program)  # the code that runs
    model.compile(
        "adam",
        loss={"digit": "sparse_categorical_crossentropy", "even": "binary_crossentropy"},
        loss_weights={"digit": 1.0, "even": 0.5},
        metrics={"digit": ["accuracy"], "even": ["accuracy"]},
    )
    model.fit(inputs_of(x_train), targets_of(y_train), epochs=20, verbose=2)
    scores = model.evaluate(inputs_of(x_test), targets_of(y_test), return_dict=True, verbose=0)
    for name, score in scores.items():
        print(f"{name}: {score:.3f}")


if __name__ == "__main__":
    main()
