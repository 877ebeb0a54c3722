"""Layers that change shapes."""

from .row import Row, Wrong, floats, ints

FIRST = "channels_first"
INTEGERS = {"symbolic": "Keras's symbols are floats where the numbers are integers"}
NAMED = Wrong(lambda k: k.layers.Flatten(data_format="last"), "data_format='last'")
ROWS: list[Row] = [
    Row("Flatten", lambda k: k.layers.Flatten(), floats(2, 3, 4), wrong=(NAMED,)),
    Row("Flatten-first", lambda k: k.layers.Flatten(data_format=FIRST), floats(2, 3, 4, 2)),
    Row("Flatten-batch", lambda k: k.layers.Flatten(), floats(3)),
    Row("Flatten-ints", lambda k: k.layers.Flatten(), ints(2, 3, 4, below=5)),
    Row(
        "Reshape",
        lambda k: k.layers.Reshape((2, 6)),
        floats(2, 3, 4),
        wrong=(
            Wrong(lambda k: k.layers.Reshape((2, -1, -1)), "target_shape=(2, -1, -1)"),
            Wrong(lambda k: k.layers.Reshape(6), "target_shape=6"),
            Wrong(lambda k: k.layers.Reshape((5,)), "target_shape=(5,), a sample", floats(2, 3)),
        ),
    ),
    Row("Reshape-free", lambda k: k.layers.Reshape((-1, 2)), floats(2, 3, 4)),
    Row("Reshape-scalar", lambda k: k.layers.Reshape(()), ints(2, 1, below=5)),
    Row(
        "Permute",
        lambda k: k.layers.Permute((2, 1)),
        floats(2, 3, 4),
        wrong=(
            Wrong(lambda k: k.layers.Permute((0, 1)), "dims=(0, 1)"),
            Wrong(lambda k: k.layers.Permute(2), "dims=2"),
            Wrong(
                lambda k: k.layers.Permute((2, 1)), "expected ndim=3, found ndim=2", floats(2, 3)
            ),
        ),
    ),
    Row("Permute-three", lambda k: k.layers.Permute([3, 1, 2]), floats(2, 3, 4, 5)),
    Row(
        "RepeatVector",
        lambda k: k.layers.RepeatVector(3),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.RepeatVector(0), "n=0"),
            Wrong(lambda k: k.layers.RepeatVector(2.5), "n=2.5", error=TypeError),
        ),
    ),
    Row(
        "UpSampling1D",
        lambda k: k.layers.UpSampling1D(3),
        floats(2, 3, 2),
        wrong=(
            Wrong(lambda k: k.layers.UpSampling1D(0), "size=0"),
            Wrong(lambda k: k.layers.UpSampling1D((2,)), "size=(2,)", error=TypeError),
        ),
    ),
    Row(
        "UpSampling1D-ints",
        lambda k: k.layers.UpSampling1D(),
        ints(2, 3, 2, below=5),
        skip=INTEGERS,
    ),
    Row(
        "UpSampling2D",
        lambda k: k.layers.UpSampling2D(),
        floats(2, 2, 3, 2),
        wrong=(
            Wrong(lambda k: k.layers.UpSampling2D((2, 2, 2)), "size=(2, 2, 2)"),
            Wrong(lambda k: k.layers.UpSampling2D(interpolation="cubic"), "'bicubic'"),
        ),
    ),
    Row("UpSampling2D-sizes", lambda k: k.layers.UpSampling2D((1, 3)), floats(2, 2, 3, 2)),
    Row("UpSampling2D-first", lambda k: k.layers.UpSampling2D(2, FIRST), floats(2, 2, 3, 2)),
    Row(
        "UpSampling2D-ints",
        lambda k: k.layers.UpSampling2D(2),
        ints(2, 2, 3, 2, below=5),
        skip=INTEGERS,
    ),
    *(
        Row(
            f"UpSampling2D-{kind}{suffix}",
            lambda k, kind=kind, first=first: k.layers.UpSampling2D((2, 3), first, kind),
            floats(2, 4, 3, 2),
        )
        for kind in ("bilinear", "bicubic")
        for suffix, first in (("", None), ("_first", FIRST))
    ),
    Row(
        "UpSampling2D-bilinear_ints",
        lambda k: k.layers.UpSampling2D(2, interpolation="bilinear"),
        ints(2, 2, 3, 2, below=100),
        skip=INTEGERS,
    ),
    Row(
        "UpSampling3D",
        lambda k: k.layers.UpSampling3D((1, 2, 3)),
        floats(2, 2, 1, 3, 2),
        wrong=(Wrong(lambda k: k.layers.UpSampling3D("2"), "size='2'"),),
    ),
    Row("UpSampling3D-first", lambda k: k.layers.UpSampling3D(2, FIRST), floats(2, 2, 1, 3, 2)),
    Row(
        "ZeroPadding1D",
        lambda k: k.layers.ZeroPadding1D(2),
        floats(2, 3, 2),
        wrong=(Wrong(lambda k: k.layers.ZeroPadding1D(-1), "padding=-1"),),
    ),
    Row("ZeroPadding1D-uneven", lambda k: k.layers.ZeroPadding1D((0, 2)), floats(2, 3, 2)),
    Row("ZeroPadding1D-first", lambda k: k.layers.ZeroPadding1D(1, FIRST), floats(2, 3, 2)),
    Row(
        "ZeroPadding2D",
        lambda k: k.layers.ZeroPadding2D(),
        floats(2, 3, 4, 2),
        wrong=(
            Wrong(lambda k: k.layers.ZeroPadding2D((1, 2, 3)), "padding=(1, 2, 3)"),
            Wrong(lambda k: k.layers.ZeroPadding2D(((1, 2), (3, -1))), "(3, -1)"),
        ),
    ),
    Row(
        "ZeroPadding2D-number",
        lambda k: k.layers.ZeroPadding2D(2),
        ints(2, 3, 4, 2, below=5),
        skip=INTEGERS,
    ),
    Row("ZeroPadding2D-sizes", lambda k: k.layers.ZeroPadding2D((1, 2)), floats(2, 3, 4, 2)),
    Row(
        "ZeroPadding2D-sides",
        lambda k: k.layers.ZeroPadding2D(((1, 0), (2, 3)), data_format=FIRST),
        floats(2, 2, 3, 4),
    ),
    Row(
        "ZeroPadding3D",
        lambda k: k.layers.ZeroPadding3D(((1, 0), (2, 3), (0, 1))),
        floats(2, 3, 2, 1, 2),
        wrong=(Wrong(lambda k: k.layers.ZeroPadding3D((1, 2)), "padding=(1, 2)"),),
    ),
    Row("ZeroPadding3D-first", lambda k: k.layers.ZeroPadding3D(1, FIRST), floats(2, 3, 2, 1, 2)),
    Row(
        "Cropping1D",
        lambda k: k.layers.Cropping1D((1, 2)),
        floats(2, 5, 2),
        wrong=(
            Wrong(lambda k: k.layers.Cropping1D(-1), "cropping=-1"),
            Wrong(lambda k: k.layers.Cropping1D(2), "must leave something", floats(2, 4, 2)),
        ),
    ),
    Row("Cropping1D-start", lambda k: k.layers.Cropping1D((1, 0)), floats(2, 5, 2)),
    Row(
        "Cropping2D",
        lambda k: k.layers.Cropping2D(((1, 0), (0, 2))),
        floats(2, 4, 5, 2),
        wrong=(Wrong(lambda k: k.layers.Cropping2D("1"), "cropping='1'"),),
    ),
    Row("Cropping2D-first", lambda k: k.layers.Cropping2D(1, FIRST), floats(2, 2, 4, 5)),
    Row(
        "Cropping3D",
        lambda k: k.layers.Cropping3D((1, 0, 1)),
        floats(2, 3, 4, 5, 2),
        wrong=(Wrong(lambda k: k.layers.Cropping3D((1, 2)), "cropping=(1, 2)"),),
    ),
    Row("Cropping3D-first", lambda k: k.layers.Cropping3D(1, FIRST), floats(2, 2, 3, 4, 5)),
]
