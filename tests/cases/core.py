"""Core layers: Dense, Embedding, Masking, Lambda, ..."""

from .row import Row, Wrong, floats

ROWS: list[Row] = [
    Row(
        "Dense",
        lambda k: k.layers.Dense(3),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.Dense(-1), "`units` must be a positive integer. Received"),
            Wrong(lambda k: k.layers.Dense(2.5), "units=2.5"),
            Wrong(lambda k: k.layers.Dense(3, activation="relo"), "relu"),
            Wrong(lambda k: k.layers.Dense(3, unit=4), "unit"),
            Wrong(lambda k: k.layers.Dense(3), "min_ndim=2, found ndim=1", args=floats(4)),
        ),
    ),
    Row(
        "Dense-everything",
        lambda k: k.layers.Dense(
            3,
            activation="relu",
            use_bias=True,
            kernel_initializer=k.initializers.HeNormal(seed=1),
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer=k.regularizers.L1(0.1),
            kernel_constraint="non_neg",
            bias_constraint=k.constraints.MaxNorm(2.0),
            name="named",
        ),
        floats(2, 4),
    ),
    Row("Dense-no_bias", lambda k: k.layers.Dense(3, use_bias=False), floats(2, 4)),
    Row("Dense-3d", lambda k: k.layers.Dense(3, "tanh"), floats(2, 5, 4)),
    Row("Dense-frozen", lambda k: k.layers.Dense(3, trainable=False), floats(2, 4)),
    Row("Dense-masked", lambda k: k.layers.Dense(3), floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]])),
    Row(
        "Dense-activity",
        lambda k: k.layers.Dense(3, activity_regularizer="l2"),
        floats(2, 4),
    ),
]
