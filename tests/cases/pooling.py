"""Pooling layers."""

from dataclasses import replace

from .row import Data, Row, Wrong, floats, ints

FIRST = "channels_first"
HALVES = {"mixed_precision": "Keras on torch has no such kernel on a CPU"}
INTEGERS = {"symbolic": "Keras's symbols are floats where the numbers are integers"}
SIZES = (7, 6, 5)


def windows(name: str, rank: int) -> list[Row]:
    """What every pooling with a window must do, on inputs of different sizes along each axis."""

    def made(*args, **kwargs):
        return lambda k: getattr(k.layers, name)(*args, **kwargs)

    skip = HALVES if name == "AveragePooling3D" else {}

    def row(variant: str, *args, **kwargs) -> Row:
        first = kwargs.get("data_format") == FIRST
        shape = (2, 3, *SIZES[:rank]) if first else (2, *SIZES[:rank], 3)
        id = f"{name}-{variant}" if variant else name
        return Row(id, made(*args, **kwargs), floats(*shape), skip=skip)

    short = floats(2, *(2,) * rank, 3)
    wrong = (
        Wrong(made(0), "pool_size=0"),
        Wrong(made((1, 2, 3, 4)), "pool_size=(1, 2, 3, 4)"),
        Wrong(made(2, strides=0), "strides=0"),
        Wrong(made(2, padding="causal"), "padding='causal'"),
        Wrong(made(2, data_format="nhwc"), "data_format='nhwc'"),
        Wrong(made(3), "does not fit into its input", short),
        Wrong(made(2), "found ndim=2", floats(2, 3)),
    )
    plain = replace(row("", 2), wrong=wrong)
    if rank != 2:
        return [
            plain,
            row("same", 2, padding="same"),
            row("same_even", 2, 1, padding="same"),
            row("same_overlap", 3, 2, padding="same"),
            row("first", 3, 1, data_format=FIRST),
        ]
    return [
        plain,
        row("strides", 3, 1),
        row("gaps", 1, 2, "same"),
        row("same", 2, padding="same"),
        row("same_even", 2, 1, padding="same"),
        row("same_odd", 3, 1, padding="same"),
        row("same_overlap", 3, 2, padding="same"),
        row("same_wide", 4, 2, padding="same"),
        row("same_long", 4, 3, padding="same"),
        row("first", 2, data_format=FIRST),
        row("first_same", 3, 2, padding="same", data_format=FIRST),
    ]


def globals_(name: str, rank: int) -> list[Row]:
    """What every global pooling must do."""

    def made(*args, **kwargs):
        return lambda k: getattr(k.layers, name)(*args, **kwargs)

    last, first = floats(2, *SIZES[:rank], 3), floats(2, 3, *SIZES[:rank])
    wrong = (
        Wrong(made("nhwc"), "data_format='nhwc'"),
        Wrong(made(), "found ndim=2", floats(2, 3)),
    )
    if rank == 3:
        return [
            Row(name, made(), last, wrong=wrong),
            Row(f"{name}-first", made(FIRST, True), first),
        ]
    return [
        Row(name, made(), last, wrong=wrong),
        Row(f"{name}-keepdims", made(keepdims=True), last),
        Row(f"{name}-first", made(FIRST), first),
        Row(f"{name}-first_keepdims", made(FIRST, True), first),
        Row(f"{name}-ties", made(), ints(2, *SIZES[:rank], 3, below=2, dtype="float32")),
        Row(f"{name}-ints", made(), ints(2, *SIZES[:rank], 3, below=9), skip=INTEGERS),
    ]


def adaptive(name: str, rank: int) -> list[Row]:
    """What every pooling to a given size must do."""

    def made(*args, **kwargs):
        return lambda k: getattr(k.layers, name)(*args, **kwargs)

    last, first = floats(2, *SIZES[:rank], 3), floats(2, 3, *SIZES[:rank])
    wrong = (
        Wrong(made(0), "output_size=0"),
        Wrong(made((1, 2, 3, 4)), "output_size=(1, 2, 3, 4)"),
        Wrong(made("x"), "output_size='x'", error=TypeError),
        Wrong(made(2, "nhwc"), "data_format='nhwc'"),
        Wrong(made(2), "found ndim=2", floats(2, 3)),
    )
    return [
        Row(name, made(2), last, wrong=wrong),
        Row(f"{name}-tuple", made((3, 2, 4)[:rank]), last),
        Row(f"{name}-first", made(3, FIRST), first),
        Row(f"{name}-one", made(1, name="named"), last),
    ]


STEPS = floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]])
STEPS_LAST = floats(2, 4, 3, mask=[[1, 1, 0], [1, 0, 0]])
ROWS: list[Row] = [
    *(row for n in (1, 2, 3) for row in windows(f"MaxPooling{n}D", n)),
    *(row for n in (1, 2, 3) for row in windows(f"AveragePooling{n}D", n)),
    *(row for n in (1, 2, 3) for row in globals_(f"GlobalMaxPooling{n}D", n)),
    *(row for n in (1, 2, 3) for row in globals_(f"GlobalAveragePooling{n}D", n)),
    *(row for n in (1, 2, 3) for row in adaptive(f"AdaptiveMaxPooling{n}D", n)),
    *(row for n in (1, 2, 3) for row in adaptive(f"AdaptiveAveragePooling{n}D", n)),
    Row("GlobalAveragePooling1D-masked", lambda k: k.layers.GlobalAveragePooling1D(), STEPS),
    Row(
        "GlobalAveragePooling1D-masked_first",
        lambda k: k.layers.GlobalAveragePooling1D(FIRST, keepdims=True),
        STEPS_LAST,
    ),
    Row(
        "MaxPooling2D-oblong",
        lambda k: k.layers.MaxPooling2D((3, 2), (2, 1), "same"),
        Data((2, 7, 6, 3)),
    ),
    Row(
        "AveragePooling2D-oblong",
        lambda k: k.layers.AveragePooling2D((3, 2), (2, 1), "same"),
        Data((2, 7, 6, 3)),
    ),
]
