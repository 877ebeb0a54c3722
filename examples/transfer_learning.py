"""Transfer learning: a MobileNet that knows five digits learns five others from few images.

`--weights imagenet` begins with what Keras's authors trained on ImageNet, which is downloaded once;
without it, the network is first trained here, so that nothing needs a network connection.
"""

import argparse
import os
import tempfile

import numpy as np

import torchkeras as keras
from torchkeras import layers

SIZE = 32
FEW = 6


def digits(labels: range) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The digits with some labels, as color images of 0 to 255, and the labels from 0 on."""
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    parts = []
    for images, numbers in ((x, y), (x_test, y_test)):
        chosen = np.isin(numbers, labels)
        large = images[chosen].repeat(SIZE // 8, 1).repeat(SIZE // 8, 2)
        parts += [large[..., None].repeat(3, -1) * (255 / 16), numbers[chosen] - labels.start]
    return parts[0], parts[1], parts[2], parts[3]


def base(weights: str | None) -> keras.Model:
    made = keras.applications.MobileNet(
        (SIZE, SIZE, 3), alpha=0.25, include_top=False, pooling="avg", weights=weights
    )
    for layer in made.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.9  # trained for few steps, it must follow the data faster
    return made


def early(body: keras.Model) -> keras.Model:
    """The first layers, whose edges and strokes serve any images; the last ones know classes."""
    return keras.Model(body.input, body.get_layer("conv_pw_3_relu").output)


def with_head(body: keras.Model, rate: float) -> keras.Model:
    """Scale the pixels, look at them, classify."""
    image = keras.Input((SIZE, SIZE, 3))
    x = body(keras.applications.mobilenet.preprocess_input(image))
    model = keras.Model(image, layers.Dense(5)(layers.Flatten()(x)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def pretrained(path: str) -> None:
    """Train on the digits 0 to 4, and keep the weights of the base."""
    x, y, x_test, y_test = digits(range(5))
    body = base(None)
    model = with_head(body, 2e-3)
    model.fit(x, y, epochs=6, batch_size=32, verbose=2)
    print("0 to 4:", model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"])
    body.save_weights(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", help="'imagenet', or the path of a weights file")
    weights = parser.parse_args().weights
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        if weights is None:
            weights = os.path.join(folder, "base.weights.h5")
            pretrained(weights)
        body = early(base(weights))

    x, y, x_test, y_test = digits(range(5, 10))
    few = np.concatenate([np.flatnonzero(y == label)[:FEW] for label in range(5)])

    def accuracy(model: keras.Model, epochs: int) -> float:
        model.fit(x[few], y[few], epochs=epochs, batch_size=25, verbose=0)
        return model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]

    body.trainable = False  # also keeps the averages of its batch normalizations as they are
    model = with_head(body, 1e-2)
    frozen = accuracy(model, epochs=20)

    body.trainable = True
    model.compile(keras.optimizers.Adam(1e-4), model.loss, metrics=["accuracy"])
    tuned = accuracy(model, epochs=5)

    afresh = accuracy(with_head(early(base(None)), 2e-3), epochs=25)
    print(f"5 to 9, {FEW} images of each: {frozen:.2f} with a frozen base,", end=" ")
    print(f"{tuned:.2f} after fine-tuning, {afresh:.2f} without transfer")


if __name__ == "__main__":
    main()
