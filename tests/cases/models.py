"""Models that are built alike in torchkeras and in Keras, for tests that compare the two.

A builder is called with `torchkeras` or `keras`; `inputs(case)` gives the arrays to call it on.
"""

from typing import Any

import numpy as np


def mlp(k: Any) -> Any:
    """A stack with an input and a frozen layer."""
    layers = [
        k.Input((4,), name="numbers"),
        k.layers.Dense(5, activation="relu"),
        k.layers.Dropout(0.5),
        k.layers.Dense(3, trainable=False, name="fixed"),
        k.layers.Dense(2, activation="softmax"),
    ]
    return k.Sequential(layers, name="mlp")


def convnet(k: Any) -> Any:
    """The convnet of the tutorials."""
    model = k.Sequential([k.Input((6, 6, 1))])
    model.add(k.layers.Conv2D(4, 3, activation="relu"))
    model.add(k.layers.MaxPooling2D(2))
    model.add(k.layers.BatchNormalization())
    model.add(k.layers.Flatten())
    model.add(k.layers.Dense(3))
    return model


def chain(k: Any) -> Any:
    """A functional model without branches."""
    x = k.Input((4,))
    hidden = k.layers.Dense(3, name="hidden")(x)
    return k.Model(x, k.layers.Dense(2)(hidden))


def branches(k: Any) -> Any:
    """Two inputs, two outputs, a residual sum and a concatenation."""
    first, second = k.Input((4,), name="first"), k.Input((3,), name="second")
    wide = k.layers.Dense(3, activation="tanh", name="wide")(first)
    total = k.layers.Add()([wide, second])
    both = k.layers.Concatenate()([total, wide])
    return k.Model(
        inputs=[first, second],
        outputs=[k.layers.Dense(2, name="a")(both), k.layers.Dense(1, name="b")(total)],
        name="branches",
    )


def nested_structures(k: Any) -> Any:
    """Inputs in a dictionary, outputs in a dictionary that holds a list."""
    inputs = {"left": k.Input((3,), name="left"), "right": k.Input((3,), name="right")}
    left = k.layers.Dense(2, name="dense_left")(inputs["left"])
    right = k.layers.Dense(2, name="dense_right")(inputs["right"])
    outputs = {"sum": k.layers.Add(name="plus")([left, right]), "sides": [left, right]}
    return k.Model(inputs, outputs)


def shared(k: Any) -> Any:
    """One layer called three times."""
    x, y = k.Input((4,)), k.Input((4,))
    layer = k.layers.Dense(4, name="shared")
    return k.Model([x, y], k.layers.Add()([layer(layer(x)), layer(y)]))


def models_as_layers(k: Any) -> Any:
    """A functional and a sequential model inside a model, one of them called twice."""
    x = k.Input((3,))
    body = k.Model(x, k.layers.Dense(3, name="inner")(x), name="body")
    head = k.Sequential([k.Input((3,)), k.layers.Dense(2, name="last")], name="head")
    start = k.Input((3,))
    return k.Model(start, head(body(body(start))), name="outer")


def inception(k: Any) -> Any:
    """Parallel convolutions over one image."""
    image = k.Input((6, 6, 2))
    towers = [
        k.layers.Conv2D(2, 1, padding="same", activation="relu")(image),
        k.layers.Conv2D(3, 3, padding="same", activation="relu")(image),
        k.layers.MaxPooling2D(3, strides=1, padding="same")(image),
    ]
    joined = k.layers.Concatenate(axis=-1)(towers)
    return k.Model(image, k.layers.GlobalAveragePooling2D()(joined))


def text(k: Any) -> Any:
    """Tokens with a mask into a recurrent layer."""
    tokens = k.Input((5,), dtype="int32")
    embedded = k.layers.Embedding(7, 4, mask_zero=True)(tokens)
    return k.Model(tokens, k.layers.Dense(1)(k.layers.LSTM(3)(embedded)))


def uneven(k: Any) -> Any:
    """Branches of different depth that meet; the order of layers is not the order of calls."""
    x = k.Input((4,))
    short = k.layers.Dense(4, name="short")(x)
    long = k.layers.Dense(4, name="long_2")(k.layers.Dense(4, name="long_1")(x))
    side = k.layers.Dense(4, name="side")(long)
    return k.Model(x, [k.layers.Add(name="meet")([short, long]), side])


def operators(k: Any) -> Any:
    """Operators of Python between layers."""
    x = k.Input((4,))
    y = k.layers.Dense(4)(x)
    return k.Model(x, k.layers.Dense(2)(-(x + y) * 2.0 - y / 3.0))


BUILDERS = {
    builder.__name__: builder
    for builder in (
        mlp,
        convnet,
        chain,
        branches,
        nested_structures,
        shared,
        models_as_layers,
        inception,
        text,
        uneven,
        operators,
    )
}


def inputs(name: str, batch: int = 2) -> Any:
    """Return arrays for the model `name`, in the structure of its inputs."""
    rng = np.random.default_rng(len(name))

    def floats(*shape: int) -> np.ndarray:
        return rng.uniform(-1, 1, (batch, *shape)).astype("float32")

    special = {
        "convnet": lambda: floats(6, 6, 1),
        "branches": lambda: [floats(4), floats(3)],
        "nested_structures": lambda: {"left": floats(3), "right": floats(3)},
        "shared": lambda: [floats(4), floats(4)],
        "models_as_layers": lambda: floats(3),
        "inception": lambda: floats(6, 6, 2),
        "text": lambda: np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0]] * batch, "int32")[:batch],
    }
    return special.get(name, lambda: floats(4))()
