"""Write the files of this folder with Keras 2 (`pip install tf_keras tensorflow`).

Beside each `NAME.h5` (or `.keras`, `.weights.h5`) lies `NAME.npz`: inputs `x0`, `x1`, ..., the
outputs for them, `y`, and where the model was compiled, its weights after two more epochs of
training on `x` and `target`: `after0`, `after1`, ...
"""

import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tf_keras as keras

HERE = Path(__file__).parent
layers, optimizers = keras.layers, keras.optimizers
RNG = np.random.default_rng(0)
RATE = 0.05


def floats(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


def images():
    """Convolutions, normalization over an axis in a list, pooling."""
    return keras.Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", input_shape=(5, 5, 1)),
            layers.BatchNormalization(axis=[3]),
            layers.SeparableConv2D(2, 2, padding="same", dilation_rate=1),
            layers.Conv2DTranspose(2, 2, strides=2),
            layers.DepthwiseConv2D(2),
            layers.LeakyReLU(alpha=0.1),
            layers.AveragePooling2D(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def recurrent():
    """What Keras 2 had for recurrent activations, and the gates of a GRU before its reset."""
    return keras.Sequential(
        [
            layers.Embedding(7, 3, mask_zero=True, input_length=5),
            layers.LSTM(3, return_sequences=True, recurrent_activation="hard_sigmoid"),
            layers.Bidirectional(layers.GRU(2, return_sequences=True, reset_after=False)),
            layers.GRU(2, return_sequences=True, recurrent_activation="hard_sigmoid"),
            layers.RNN(layers.LSTMCell(2), return_sequences=True),
            layers.TimeDistributed(layers.Dense(2, activation="hard_sigmoid")),
            layers.SimpleRNN(2),
            layers.Activation("hard_sigmoid"),
        ]
    )


def graph():
    """Two inputs, a shared layer, a model inside, operators and functions of TensorFlow."""
    import tensorflow as tf

    first, second = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    both = layers.Dense(4, name="block/dense", activation="tanh")
    inner = keras.Sequential([layers.Dense(3, input_shape=(4,)), layers.BatchNormalization()])
    a, b = both(first), both(second)
    c = inner(a + b * 2.0) - inner(1.0 - a)
    d = layers.Concatenate()([c, layers.Add()([a, b]), a[:, 1:3]])
    e = tf.concat([tf.nn.relu(d), tf.reduce_mean(d, axis=1, keepdims=True)], axis=-1)
    e = tf.reshape(tf.math.abs(e), (-1, 2, 5)) / 3.0
    return keras.Model([first, second], [layers.Dense(1, name="out")(e[:, 0]), -(b**2)])


def small():
    return keras.Sequential([layers.Dense(2, activation="tanh", input_shape=(3,)), layers.Dense(1)])


OPTIMIZERS = {
    "sgd": lambda o: o.SGD(RATE, momentum=0.9, nesterov=True),
    "rmsprop": lambda o: o.RMSprop(RATE, momentum=0.5, centered=True),
    "adam": lambda o: o.Adam(RATE, amsgrad=True),
    "adagrad": lambda o: o.Adagrad(RATE),
    "nadam": lambda o: o.Nadam(RATE),
    "adamax": lambda o: o.Adamax(RATE),
    "adadelta": lambda o: o.Adadelta(RATE),
    "ftrl": lambda o: o.Ftrl(RATE),
}
LEGACY = {
    **OPTIMIZERS,
    "plain_sgd": lambda o: o.SGD(RATE, decay=0.1),
    "plain_rmsprop": lambda o: o.RMSprop(RATE),
    "plain_adam": lambda o: o.Adam(
        keras.optimizers.schedules.ExponentialDecay(RATE, 2, 0.5), beta_1=0.8
    ),
}


def write(name, model, xs, target=None, endings=(".h5",)):
    """Write a model in several formats, and its outputs now and its weights later."""
    kept = {f"x{index}": x for index, x in enumerate(xs)}
    if target is not None:
        model.fit(xs, target, epochs=2, batch_size=2, shuffle=False, verbose=0)
    kept |= {f"y{index}": y for index, y in enumerate(listed(model(xs if xs[1:] else xs[0])))}
    for ending in endings:
        (model.save_weights if "weights" in ending else model.save)(HERE / f"{name}{ending}")
    if target is not None:
        model.fit(xs, target, epochs=2, batch_size=2, shuffle=False, verbose=0)
        kept |= {f"after{index}": value for index, value in enumerate(model.get_weights())}
        kept["target"] = target
    np.savez(HERE / f"{name}.npz", **kept)


def listed(outputs):
    return [np.asarray(y) for y in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def main():
    keras.utils.set_random_seed(0)
    every = (".h5", ".keras", ".weights.h5")
    model = images()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    write("images", model, [floats(4, 5, 5, 1)], np.eye(2, dtype="float32")[[0, 1, 1, 0]], every)
    tokens = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 1, 0]])
    write("recurrent", recurrent(), [tokens], None, every)
    write("graph", graph(), [floats(2, 4), floats(2, 4)])
    for name, make in [(n, m(optimizers)) for n, m in OPTIMIZERS.items()] + [
        (f"legacy_{n}", m(optimizers.legacy)) for n, m in LEGACY.items()
    ]:
        model = small()
        model.compile(make, "mse")
        write(name, model, [floats(4, 3)], floats(4, 1))
    old_weights = small()
    old_weights.save_weights(HERE / "legacy_weights.h5", save_format="h5")
    x = floats(4, 3)
    np.savez(HERE / "legacy_weights.npz", x0=x, y0=np.asarray(old_weights(x)))


if __name__ == "__main__":
    main()
