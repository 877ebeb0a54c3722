"""Convolutions."""

from .row import Data, Row, Wrong, floats

FIRST = "channels_first"


def rows(rank: int) -> list[Row]:
    """What every convolution must do, on inputs of different sizes along each axis."""
    name, sizes = f"Conv{rank}D", (6, 5, 4)[:rank]

    def row(variant: str, *args, channels: int = 3, **kwargs) -> Row:
        first = kwargs.get("data_format") == FIRST
        shape = (2, channels, *sizes) if first else (2, *sizes, channels)
        return Row(
            f"{name}-{variant}", lambda k: getattr(k.layers, name)(*args, **kwargs), floats(*shape)
        )

    if rank == 3:
        return [
            row("same_strides", 4, 3, strides=2, padding="same"),
            row("same_dilated", 4, 2, dilation_rate=3, padding="same"),
            row("groups", 4, 2, groups=2, channels=2),
            row("first", 4, 2, padding="same", data_format=FIRST),
        ]
    return [
        row("strides", 4, 3, strides=2),
        row("even", 4, 2, padding="same"),
        row("same", 4, 3, padding="same"),
        row("same_strides", 4, 3, strides=2, padding="SAME"),
        row("same_long_strides", 4, 2, strides=3, padding="same"),
        row("same_wide", 4, 4, strides=2, padding="same"),
        row("dilated", 4, 2, dilation_rate=2),
        row("same_dilated", 4, 2, dilation_rate=3, padding="same"),
        row("groups", 4, 2, groups=2, channels=2),
        row("no_bias", 4, 2, use_bias=False, activation="relu"),
        row("first", 4, 2, data_format=FIRST),
        row("first_same", 4, 3, strides=2, padding="same", data_format=FIRST),
        row("one", 4, 1),
    ]


def wrong(name: str, inputs: Data) -> tuple[Wrong, ...]:
    """What every convolution must refuse."""

    def make(*args, **kwargs):
        return lambda k: getattr(k.layers, name)(*args, **kwargs)

    return (
        Wrong(make(0, 3), "`filters` must be a positive integer. Received: filters=0"),
        Wrong(make(4, 0), "kernel_size=0"),
        Wrong(make(4, (1, 2, 3, 4)), "kernel_size=(1, 2, 3, 4)"),
        Wrong(make(4, 3, strides="2"), "strides='2'"),
        Wrong(make(4, 3, padding="sam"), "Received: padding='sam'. Did you mean 'same'?"),
        Wrong(make(4, 3, data_format="nhwc"), "data_format='nhwc'"),
        Wrong(make(4, 3, groups=3), "`filters` must be a multiple of `groups`"),
        Wrong(make(4, 3, strides=2, dilation_rate=2), "not both"),
        Wrong(make(4, 1, groups=2), "groups=2, 3 channels", inputs),
        Wrong(make(4, 9), "does not fit into its input", inputs),
        Wrong(make(4, 1), "found ndim=2", floats(2, 3)),
    )


def complete(name: str, inputs: Data) -> Row:
    """A row with all arguments that a config must keep."""
    return Row(
        f"{name}-everything",
        lambda k: getattr(k.layers, name)(
            4,
            2,
            activation="tanh",
            kernel_initializer=k.initializers.HeNormal(seed=1),
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer=k.regularizers.L1(0.1),
            activity_regularizer="l2",
            kernel_constraint="non_neg",
            bias_constraint=k.constraints.MaxNorm(2.0),
            name="named",
        ),
        inputs,
    )


SEQUENCE, IMAGE, VOLUME = floats(2, 6, 3), floats(2, 6, 5, 3), floats(2, 4, 3, 3, 3)
ROWS: list[Row] = [
    Row("Conv1D", lambda k: k.layers.Conv1D(4, 3), SEQUENCE, wrong=wrong("Conv1D", SEQUENCE)),
    *rows(1),
    complete("Conv1D", SEQUENCE),
    Row("Conv1D-causal", lambda k: k.layers.Conv1D(4, 3, padding="causal"), SEQUENCE),
    Row(
        "Conv1D-causal_dilated",
        lambda k: k.layers.Conv1D(
            4, 2, padding="causal", dilation_rate=3, groups=1, data_format=FIRST
        ),
        floats(2, 3, 6),
    ),
    Row("Conv1D-causal_strides", lambda k: k.layers.Conv1D(4, 3, 2, "causal"), SEQUENCE),
    Row("Conv2D", lambda k: k.layers.Conv2D(4, 3), IMAGE, wrong=wrong("Conv2D", IMAGE)),
    *rows(2),
    complete("Conv2D", IMAGE),
    Row("Conv2D-oblong", lambda k: k.layers.Conv2D(4, (1, 3), (3, 1), "same"), IMAGE),
    Row("Conv3D", lambda k: k.layers.Conv3D(4, 3), VOLUME, wrong=wrong("Conv3D", VOLUME)),
    *rows(3),
]
