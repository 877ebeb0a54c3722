"""Normalization layers."""

from .row import Row, Wrong, floats, ints

TRAINING = {"training": True}
IMAGE = floats(3, 4, 4, 2)


def batch(variant: str, inputs, training: bool = True, skip=None, **kwargs) -> Row:
    """A row of batch normalization."""
    return Row(
        f"BatchNormalization-{variant}",
        lambda k: k.layers.BatchNormalization(**kwargs),
        inputs,
        TRAINING if training else {},
        skip=skip or {},
        tolerance=2e-5,
    )


MASKED = floats(3, 4, 2, mask=[[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]])
MOVING = {"export": "the output depends on averages that each call moves"}
CLIPPING = {"rmax": 1.5, "rmin": 0.5, "dmax": 0.5}
IMAGES_OF_GROUPS = floats(3, 3, 2, 4)
SPECTRAL = {"export": "writes into its own kernel"}


def group(variant: str, inputs, groups: int, **kwargs) -> Row:
    """A row of group normalization."""
    return Row(
        f"GroupNormalization-{variant}",
        lambda k: k.layers.GroupNormalization(groups, **kwargs),
        inputs,
        tolerance=2e-5,
    )


ROWS: list[Row] = [
    Row(
        "BatchNormalization",
        lambda k: k.layers.BatchNormalization(),
        floats(4, 3),
        wrong=(
            Wrong(
                lambda k: k.layers.BatchNormalization(3), "axis=3, input_shape=(2, 3)", floats(2, 3)
            ),
            Wrong(lambda k: k.layers.BatchNormalization(synchronized=True), "synchronized=True"),
            Wrong(
                lambda k: k.layers.BatchNormalization(renorm=True, renorm_clipping={"max": 1}),
                "renorm_clipping={'max': 1}",
            ),
            Wrong(
                lambda k: k.layers.BatchNormalization(),
                "`mask` must have one axis less",
                floats(2, 3, 4, mask=[1, 0]),
            ),
        ),
    ),
    batch("training", floats(4, 3)),
    batch("sequence", floats(3, 4, 2)),
    batch("sequence_inference", floats(3, 4, 2), training=False),
    batch("image", IMAGE),
    batch("image_inference", IMAGE, training=False),
    batch("image_first", floats(3, 2, 4, 4), axis=1),
    batch("image_middle", floats(3, 4, 2, 4), axis=2),
    batch("volume", floats(2, 2, 3, 4, 2)),
    batch("one_entry", floats(1, 3), skip={"export": "torch takes a batch of 1 for a fixed one"}),
    batch("ints", ints(4, 3, below=9)),
    batch("frozen", floats(4, 3), trainable=False),
    batch("masked", MASKED),
    batch("masked_inference", MASKED, training=False),
    batch("bare", floats(4, 3), center=False, scale=False),
    batch("no_center", floats(4, 3), center=False),
    batch("no_scale", IMAGE, scale=False),
    batch("renorm", floats(4, 3), skip=MOVING, renorm=True),
    batch("renorm_clipped", IMAGE, skip=MOVING, renorm=True, renorm_clipping=CLIPPING, scale=False),
    Row(
        "BatchNormalization-everything",
        lambda k: k.layers.BatchNormalization(
            momentum=0.9,
            epsilon=0.1,
            beta_initializer="ones",
            gamma_initializer=k.initializers.Constant(2.0),
            moving_mean_initializer="ones",
            moving_variance_initializer=k.initializers.Constant(2.0),
            beta_regularizer="l2",
            gamma_regularizer="l1",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
            name="named",
        ),
        floats(4, 3),
        TRAINING,
        tolerance=2e-5,
    ),
    Row(
        "LayerNormalization",
        lambda k: k.layers.LayerNormalization(),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.LayerNormalization("1"), "axis='1'", error=TypeError),
            Wrong(lambda k: k.layers.LayerNormalization(2), "axis=2, input_shape=", floats(2, 3)),
        ),
    ),
    Row("LayerNormalization-image", lambda k: k.layers.LayerNormalization(), IMAGE),
    Row("LayerNormalization-axes", lambda k: k.layers.LayerNormalization([1, 2]), floats(2, 3, 4)),
    Row("LayerNormalization-negative", lambda k: k.layers.LayerNormalization((-2, -1)), IMAGE),
    Row("LayerNormalization-no_scale", lambda k: k.layers.LayerNormalization(scale=False), IMAGE),
    Row("LayerNormalization-no_center", lambda k: k.layers.LayerNormalization(center=False), IMAGE),
    Row("LayerNormalization-apart", lambda k: k.layers.LayerNormalization([1, 3]), IMAGE),
    Row(
        "LayerNormalization-everything",
        lambda k: k.layers.LayerNormalization(
            epsilon=0.1,
            beta_initializer="ones",
            gamma_initializer=k.initializers.Constant(2.0),
            beta_regularizer="l2",
            gamma_regularizer="l1",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
            name="named",
        ),
        floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]),
    ),
    Row(
        "GroupNormalization",
        lambda k: k.layers.GroupNormalization(2),
        IMAGES_OF_GROUPS,
        wrong=(
            Wrong(lambda k: k.layers.GroupNormalization(0), "groups=0"),
            Wrong(lambda k: k.layers.GroupNormalization(1.5), "groups=1.5"),
            Wrong(lambda k: k.layers.GroupNormalization(), "groups=32", IMAGE),
            Wrong(lambda k: k.layers.GroupNormalization(2), "groups=2", floats(2, 3)),
            Wrong(lambda k: k.layers.GroupNormalization(1, axis=2), "axis=2, input", floats(2, 3)),
        ),
        tolerance=2e-5,
    ),
    group("flat", floats(3, 6), 3),
    group("sequence", floats(3, 4, 6), 2),
    group("volume", floats(2, 2, 3, 2, 4), 2),
    group("each", IMAGES_OF_GROUPS, -1),
    group("one", IMAGES_OF_GROUPS, 1),
    group("first", floats(3, 4, 3, 2), 2, axis=1),
    group("middle", floats(3, 2, 4, 3), 2, axis=2),
    group("negative", floats(3, 2, 4, 3), 2, axis=-2),
    group("bare", IMAGES_OF_GROUPS, 2, center=False, scale=False),
    group("no_scale", IMAGES_OF_GROUPS, 2, scale=False),
    group("masked", floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]), 2),
    Row(
        "GroupNormalization-everything",
        lambda k: k.layers.GroupNormalization(
            groups=3,
            epsilon=0.1,
            beta_initializer="ones",
            gamma_initializer=k.initializers.Constant(2.0),
            beta_regularizer="l2",
            gamma_regularizer="l1",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
            name="named",
        ),
        floats(2, 3, 6),
    ),
    Row(
        "RMSNormalization",
        lambda k: k.layers.RMSNormalization(),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.RMSNormalization("1"), "axis='1'", error=TypeError),
            Wrong(lambda k: k.layers.RMSNormalization(2), "axis=2, input_shape=", floats(2, 3)),
        ),
    ),
    Row("RMSNormalization-image", lambda k: k.layers.RMSNormalization(epsilon=0.1), IMAGE),
    Row("RMSNormalization-axes", lambda k: k.layers.RMSNormalization([-2, -1]), floats(2, 3, 4)),
    Row("RMSNormalization-tuple", lambda k: k.layers.RMSNormalization((-1, -2)), IMAGE),
    Row("RMSNormalization-positive", lambda k: k.layers.RMSNormalization(2), floats(2, 3, 4)),
    Row(
        "UnitNormalization",
        lambda k: k.layers.UnitNormalization(),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.UnitNormalization("1"), "axis='1'", error=TypeError),
            Wrong(lambda k: k.layers.UnitNormalization(2), "axis=2, input_shape=", floats(2, 3)),
        ),
    ),
    Row("UnitNormalization-axes", lambda k: k.layers.UnitNormalization([1, 2]), IMAGE),
    Row("UnitNormalization-first", lambda k: k.layers.UnitNormalization(axis=1), floats(2, 3, 4)),
    Row(
        "UnitNormalization-masked",
        lambda k: k.layers.UnitNormalization(),
        floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]),
    ),
    Row(
        "SpectralNormalization",
        lambda k: k.layers.SpectralNormalization(k.layers.Dense(3, kernel_regularizer="l2")),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.SpectralNormalization(3), "layer=3"),
            Wrong(
                lambda k: k.layers.SpectralNormalization(k.layers.Dense(3), 0), "power_iterations"
            ),
            Wrong(
                lambda k: k.layers.SpectralNormalization(k.layers.Flatten()),
                "`layer` must have a `kernel`",
                floats(2, 3),
            ),
        ),
    ),
    Row(
        "SpectralNormalization-training",
        lambda k: k.layers.SpectralNormalization(k.layers.Dense(3), power_iterations=2),
        floats(2, 4),
        TRAINING,
        skip=SPECTRAL,
    ),
    Row(
        "SpectralNormalization-image",
        lambda k: k.layers.SpectralNormalization(k.layers.Conv2D(3, 2), name="named"),
        IMAGE,
        TRAINING,
        skip=SPECTRAL,
    ),
]
