"""Layers that prepare inputs."""

import numpy as np

from .row import Row, Wrong, floats, ints

GIVEN = "Keras computes with the statistics of before `set_weights`; tests/unit has ours"

ROWS: list[Row] = [
    Row(
        "CategoryEncoding",
        lambda k: k.layers.CategoryEncoding(5),
        ints(2, 3, below=5),
        wrong=(
            Wrong(lambda k: k.layers.CategoryEncoding(), "num_tokens=None"),
            Wrong(lambda k: k.layers.CategoryEncoding(0), "num_tokens=0"),
            Wrong(lambda k: k.layers.CategoryEncoding(3, "hot"), "output_mode='hot'"),
        ),
    ),
    Row(
        "CategoryEncoding-one", lambda k: k.layers.CategoryEncoding(4, "one_hot"), ints(3, below=4)
    ),
    Row(
        "CategoryEncoding-column",
        lambda k: k.layers.CategoryEncoding(4, "one_hot"),
        ints(3, 1, below=4),
    ),
    Row(
        "CategoryEncoding-count",
        lambda k: k.layers.CategoryEncoding(4, "count"),
        ints(2, 6, below=4),
    ),
    Row(
        "Normalization",
        lambda k: k.layers.Normalization(),
        floats(4, 3),
        skip={"numbers": GIVEN},
        wrong=(
            Wrong(lambda k: k.layers.Normalization(mean=1.0), "variance=None"),
            Wrong(lambda k: k.layers.Normalization(mean=[1, 2], variance=1), "of shape (2,)"),
            Wrong(lambda k: k.layers.Normalization(None, [1.0], [2.0]), "axis=()"),
            Wrong(lambda k: k.layers.Normalization(3), "axis=(3,)", floats(2, 3)),
            Wrong(lambda k: k.layers.Normalization("last"), "axis='last'"),
            Wrong(
                lambda k: k.layers.Normalization(-1, [1.0, 2.0], [1.0, 2.0]),
                "mean=[1.0, 2.0]",
                floats(2, 3),
            ),
        ),
    ),
    Row("Normalization-given", lambda k: k.layers.Normalization(None, 2.0, 4.0), floats(4, 3)),
    Row(
        "Normalization-list",
        lambda k: k.layers.Normalization(-1, [1.0, 2.0, 0.0], [4.0, 9.0, 0.0]),
        floats(4, 2, 3),
    ),
    Row(
        "Normalization-axes",
        lambda k: k.layers.Normalization((1, -1), [1.0, 2.0], [4.0, 9.0]),
        floats(2, 3, 4, 2),
    ),
    Row(
        "Normalization-invert",
        lambda k: k.layers.Normalization(1, 2, 4, invert=True),
        ints(2, 3, below=9),
    ),
    Row(
        "Rescaling",
        lambda k: k.layers.Rescaling(0.5, -1.0),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.Rescaling("half"), "scale='half'"),),
    ),
    Row(
        "Rescaling-bytes", lambda k: k.layers.Rescaling(1 / 255), ints(2, 3, below=9, dtype="uint8")
    ),
    Row("Rescaling-lists", lambda k: k.layers.Rescaling([1.0, 2.0], [3.0, 4.0]), floats(3, 2)),
    Row("Rescaling-array", lambda k: k.layers.Rescaling(np.array([1.0, 2.0])), floats(3, 2)),
    Row(
        "Rescaling-masked", lambda k: k.layers.Rescaling(2), floats(2, 2, 3, mask=[[1, 0], [1, 1]])
    ),
]
