"""Layers that prepare inputs."""

import numpy as np

from .row import Row, Wrong, floats, ints

ROWS: list[Row] = [
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
