"""Convolutions."""

from .row import MERGED_LORA, Data, Row, Wrong, floats

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


def made(name: str, *args, **kwargs):
    """Return what makes a layer of a class."""
    return lambda k: getattr(k.layers, name)(*args, **kwargs)


def inputs_of(rank: int, *, first: bool = False) -> Data:
    """Inputs of different sizes along each axis, with 3 channels."""
    sizes = (5, 4, 3)[:rank]
    return floats(2, 3, *sizes) if first else floats(2, *sizes, 3)


def transposed(rank: int) -> list[Row]:
    """What every transposed convolution must do."""
    name = f"Conv{rank}DTranspose"
    last, first = inputs_of(rank), inputs_of(rank, first=True)
    wrong = (
        Wrong(made(name, 0, 3), "filters=0"),
        Wrong(made(name, 4, 3, padding="causal"), "padding='causal'"),
        Wrong(made(name, 4, 3, 2, output_padding=2), "output_padding=2, strides="),
        Wrong(made(name, 4, 3, 2, dilation_rate=2), "not both"),
        Wrong(made(name, 4, 3), "found ndim=2", floats(2, 3)),
    )
    rows = [
        Row(name, made(name, 4, 3), last, wrong=wrong),
        Row(f"{name}-same_strides", made(name, 4, 3, 2, "same", activation="relu"), last),
        Row(f"{name}-first", made(name, 4, 4, 2, "same", data_format=FIRST), first),
        Row(f"{name}-small", made(name, 4, 2, 3, "same", use_bias=False), last),
    ]
    if rank == 3:
        return rows
    return [
        *rows,
        Row(f"{name}-same", made(name, 4, 2, 1, "same"), last),
        Row(f"{name}-wide", made(name, 4, 5, 2, "same"), last),
        Row(f"{name}-valid_small", made(name, 4, 1, 3), last),
        Row(f"{name}-extra", made(name, 4, 3, 2, "same", 1), last),
        Row(f"{name}-valid_extra", made(name, 4, 3, 2, output_padding=1), last),
        Row(f"{name}-dilated", made(name, 4, 2, padding="same", dilation_rate=2), last),
    ]


def depthwise(rank: int) -> list[Row]:
    """What every depthwise convolution must do."""
    name = f"DepthwiseConv{rank}D"
    last, first = inputs_of(rank), inputs_of(rank, first=True)
    wrong = (
        Wrong(made(name, 0), "kernel_size=0"),
        Wrong(made(name, 2, depth_multiplier=0), "depth_multiplier=0"),
        Wrong(made(name, 9), "does not fit into its input", last),
    )
    regular = {"depthwise_regularizer": "l2", "depthwise_constraint": "max_norm"}
    return [
        Row(name, made(name, 3), last, wrong=wrong),
        Row(f"{name}-many", made(name, 2, 2, "same", 2, activation="relu", **regular), last),
        Row(f"{name}-first", made(name, 3, data_format=FIRST, use_bias=False), first),
        Row(f"{name}-dilated", made(name, 2, padding="same", dilation_rate=2), last),
    ]


def separable(rank: int) -> list[Row]:
    """What every separable convolution must do."""
    name = f"SeparableConv{rank}D"
    last, first = inputs_of(rank), inputs_of(rank, first=True)
    wrong = (
        Wrong(made(name, 0, 2), "filters=0"),
        Wrong(made(name, 4, 2, depth_multiplier=0), "depth_multiplier=0"),
        Wrong(made(name, 4, 9), "does not fit into its input", last),
    )
    regular = {"pointwise_regularizer": "l2", "pointwise_constraint": "max_norm"}
    return [
        Row(name, made(name, 4, 3), last, wrong=wrong),
        Row(f"{name}-many", made(name, 4, 2, 2, "same", depth_multiplier=2, **regular), last),
        Row(f"{name}-first", made(name, 4, 3, data_format=FIRST, use_bias=False), first),
    ]


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
    Row(
        "Conv2D-lora",
        lambda k: k.layers.Conv2D(4, 3, lora_rank=2, lora_alpha=3),
        IMAGE,
        skip=MERGED_LORA,
    ),
    Row("Conv2D-oblong", lambda k: k.layers.Conv2D(4, (1, 3), (3, 1), "same"), IMAGE),
    Row("Conv3D", lambda k: k.layers.Conv3D(4, 3), VOLUME, wrong=wrong("Conv3D", VOLUME)),
    *rows(3),
    *(row for n in (1, 2, 3) for row in transposed(n)),
    *(row for n in (1, 2) for row in depthwise(n)),
    *(row for n in (1, 2) for row in separable(n)),
]
