"""Layers that only act in training."""

from .row import Row, Wrong, floats

TRAINING = {"training": True}
SEEDED = {
    "export": "draws anew at each call",
}
ROWS: list[Row] = [
    Row(
        "Dropout",
        lambda k: k.layers.Dropout(0.5),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.Dropout(1.5), "from 0 to 1. Received: rate=1.5"),
            Wrong(lambda k: k.layers.Dropout("half"), "rate='half'"),
            Wrong(lambda k: k.layers.Dropout(0.5, noise_shape="x"), "noise_shape='x'"),
            Wrong(lambda k: k.layers.Dropout(0.5, noise_shape=(0,)), "noise_shape=(0,)"),
        ),
    ),
    Row(
        "Dropout-training",
        lambda k: k.layers.Dropout(0.5, seed=3),
        floats(4, 5),
        TRAINING,
        skip=SEEDED,
    ),
    Row(
        "Dropout-shape",
        lambda k: k.layers.Dropout(0.5, noise_shape=(None, 1, 3), seed=3),
        floats(4, 5, 3),
        TRAINING,
        skip=SEEDED,
    ),
    Row("Dropout-none", lambda k: k.layers.Dropout(0.0), floats(2, 4), TRAINING),
    Row(
        "Dropout-all",
        lambda k: k.layers.Dropout(1.0),
        floats(2, 4),
        TRAINING,
        skip={"gradients": "the gradient is zero; Keras has none"},
    ),
    Row("Dropout-masked", lambda k: k.layers.Dropout(0.5), floats(2, 2, 3, mask=[[1, 0], [1, 1]])),
    Row(
        "SpatialDropout1D",
        lambda k: k.layers.SpatialDropout1D(0.5, seed=3),
        floats(3, 4, 5),
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.SpatialDropout1D(-1), "rate=-1"),
            Wrong(lambda k: k.layers.SpatialDropout1D(0.5), "expected ndim=3", floats(2, 3)),
        ),
        skip=SEEDED,
    ),
    Row("SpatialDropout1D-asleep", lambda k: k.layers.SpatialDropout1D(0.5), floats(3, 4, 5)),
    Row(
        "SpatialDropout2D",
        lambda k: k.layers.SpatialDropout2D(0.5, seed=3),
        floats(3, 2, 2, 5),
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.SpatialDropout2D(2), "rate=2"),),
        skip=SEEDED,
    ),
    Row(
        "SpatialDropout2D-first",
        lambda k: k.layers.SpatialDropout2D(0.5, "channels_first", seed=3),
        floats(3, 5, 2, 2),
        TRAINING,
        skip=SEEDED,
    ),
    Row(
        "SpatialDropout3D",
        lambda k: k.layers.SpatialDropout3D(0.5, seed=3),
        floats(3, 2, 1, 2, 5),
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.SpatialDropout3D(2), "rate=2"),),
        skip=SEEDED,
    ),
    Row(
        "GaussianNoise",
        lambda k: k.layers.GaussianNoise(0.5, seed=3),
        floats(3, 4),
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.GaussianNoise(2), "stddev=2"),),
        skip=SEEDED,
    ),
    Row("GaussianNoise-asleep", lambda k: k.layers.GaussianNoise(0.5), floats(3, 4)),
    Row(
        "GaussianDropout",
        lambda k: k.layers.GaussianDropout(0.5, seed=3),
        floats(3, 4),
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.GaussianDropout(2), "rate=2"),),
        skip=SEEDED,
    ),
    Row(
        "AlphaDropout",
        lambda k: k.layers.AlphaDropout(0.3, seed=3),
        floats(3, 4),
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.AlphaDropout(2), "rate=2"),
            Wrong(lambda k: k.layers.AlphaDropout(0.5, noise_shape="x"), "noise_shape='x'"),
        ),
        skip=SEEDED,
    ),
    Row(
        "AlphaDropout-shape",
        lambda k: k.layers.AlphaDropout(0.5, noise_shape=(None, 1, 3), seed=3),
        floats(4, 5, 3),
        TRAINING,
        skip=SEEDED,
    ),
    Row("AlphaDropout-asleep", lambda k: k.layers.AlphaDropout(0.5), floats(3, 4)),
    Row("AlphaDropout-none", lambda k: k.layers.AlphaDropout(0.0), floats(3, 4), TRAINING),
    Row(
        "ActivityRegularization",
        lambda k: k.layers.ActivityRegularization(l1=0.1, l2=0.2),
        floats(3, 4),
        wrong=(Wrong(lambda k: k.layers.ActivityRegularization(l1=-1), "l1=-1"),),
    ),
    Row(
        "ActivityRegularization-masked",
        lambda k: k.layers.ActivityRegularization(l2=0.2),
        floats(2, 2, 3, mask=[[1, 0], [1, 1]]),
    ),
    Row("GaussianDropout-asleep", lambda k: k.layers.GaussianDropout(0.5), floats(3, 4)),
]
