"""Layers that are activation functions."""

from .row import Row, Wrong, bools, floats

NEGATIVE = "must be a number, at least 0.0. Received: {}=-1"
ROWS: list[Row] = [
    Row(
        "ReLU",
        lambda k: k.layers.ReLU(),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.ReLU(max_value=-1), NEGATIVE.format("max_value")),
            Wrong(lambda k: k.layers.ReLU(negative_slope=-1), NEGATIVE.format("negative_slope")),
            Wrong(lambda k: k.layers.ReLU(threshold=-1), NEGATIVE.format("threshold")),
            Wrong(lambda k: k.layers.ReLU(threshold=None), "threshold=None"),
        ),
    ),
    Row("ReLU-bent", lambda k: k.layers.ReLU(1.5, 0.1, 0.5), floats(2, 3, 4)),
    Row("ReLU-masked", lambda k: k.layers.ReLU(6), floats(2, 2, 3, mask=[[1, 0], [1, 1]])),
    Row(
        "LeakyReLU",
        lambda k: k.layers.LeakyReLU(),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.LeakyReLU(-1), NEGATIVE.format("negative_slope")),
            Wrong(lambda k: k.layers.LeakyReLU(None), "negative_slope=None"),
        ),
    ),
    Row("LeakyReLU-steep", lambda k: k.layers.LeakyReLU(negative_slope=1.5), floats(2, 4)),
    Row(
        "ELU",
        lambda k: k.layers.ELU(),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.ELU("deep"), "alpha='deep'"),),
    ),
    Row("ELU-deep", lambda k: k.layers.ELU(alpha=2.5), floats(2, 3, 4)),
    Row(
        "PReLU",
        lambda k: k.layers.PReLU(),
        floats(2, 3, 4),
        wrong=(
            Wrong(lambda k: k.layers.PReLU(shared_axes=0), "shared_axes=[0]", floats(2, 3)),
            Wrong(lambda k: k.layers.PReLU(shared_axes=[3]), "shared_axes=[3]", floats(2, 3)),
        ),
    ),
    Row(
        "PReLU-shared",
        lambda k: k.layers.PReLU(
            alpha_initializer="ones",
            alpha_regularizer="l2",
            alpha_constraint="non_neg",
            shared_axes=[1, 2],
        ),
        floats(2, 3, 3, 4),
    ),
    Row(
        "Softmax",
        lambda k: k.layers.Softmax(),
        floats(2, 4),
        wrong=(
            Wrong(
                lambda k: k.layers.Softmax(),
                "`mask` must broadcast to the inputs. Received: mask=",
                floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]),
            ),
        ),
    ),
    Row("Softmax-axis", lambda k: k.layers.Softmax(axis=1), floats(2, 3, 4)),
    Row("Softmax-axes", lambda k: k.layers.Softmax(axis=[1, 2]), floats(2, 3, 4)),
    Row("Softmax-mask", lambda k: k.layers.Softmax(), floats(3, 4), kwargs={"mask": bools(3, 4)}),
    Row(
        "Softmax-nothing_counts",
        lambda k: k.layers.Softmax(),
        floats(2, 2, mask=[[0, 0], [1, 0]]),
    ),
]
