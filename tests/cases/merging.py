"""Layers that merge several inputs."""

from .row import Row, Wrong, floats, ints

PAIR = [floats(2, 3), floats(2, 3)]
WIDE = [floats(2, 3, 4), floats(2, 1, 4), floats(2, 4)]
MASKED = [
    floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]),
    floats(2, 3, 4, mask=[[1, 0, 0], [1, 1, 0]]),
]
HALF_MASKED = [floats(2, 3, 4), floats(2, 3, 4, mask=[[1, 0, 0], [1, 1, 0]])]
WORDS = (
    (PAIR[0], "must be called on a list of "),
    ([floats(2, 3), floats(3, 3)], "different batch sizes"),
    ([floats(2, 3), floats(2, 4)], "do not broadcast"),
)


def rows(name: str) -> list[Row]:
    """What every merge of equal shapes must do."""

    def make(k, **kwargs):
        return getattr(k.layers, name)(**kwargs)

    wrong = tuple(Wrong(make, text, args) for args, text in WORDS)
    found = [
        Row(name, make, PAIR, wrong=wrong),
        Row(f"{name}-masked", make, MASKED),
        Row(f"{name}-half_masked", make, HALF_MASKED),
    ]
    return found if name == "Subtract" else [*found, Row(f"{name}-broadcast", make, WIDE)]


INTEGERS = {"symbolic": "Keras's symbols are floats where the numbers are integers"}
ROWS: list[Row] = [
    *(row for name in "Add Multiply Average Maximum Minimum".split() for row in rows(name)),
    *rows("Subtract"),
    Row(
        "Average-ints",
        lambda k: k.layers.Average(),
        [ints(2, 3, below=5), ints(2, 3, below=5)],
    ),
    Row(
        "Maximum-ints",
        lambda k: k.layers.Maximum(),
        [ints(2, 3, below=5), ints(2, 3, below=5)],
        skip=INTEGERS,
    ),
    Row("Subtract-broadcast", lambda k: k.layers.Subtract(), [floats(2, 3, 4), floats(2, 4)]),
    Row(
        "Concatenate",
        lambda k: k.layers.Concatenate(),
        [floats(2, 3), floats(2, 4)],
        wrong=(
            Wrong(lambda k: k.layers.Concatenate(), "must be called on a list", PAIR[0]),
            Wrong(
                lambda k: k.layers.Concatenate(),
                "equal sizes but for axis -1",
                [floats(2, 3, 4), floats(2, 2, 4)],
            ),
            Wrong(
                lambda k: k.layers.Concatenate(5),
                "axis 5. Received inputs of shapes [(2, 3), (2, 3)]",
                PAIR,
            ),
        ),
    ),
    Row(
        "Concatenate-axis",
        lambda k: k.layers.Concatenate(axis=1),
        [floats(2, 3, 4), floats(2, 2, 4), floats(2, 1, 4)],
    ),
    Row("Concatenate-masked", lambda k: k.layers.Concatenate(), MASKED),
    Row("Concatenate-masked_steps", lambda k: k.layers.Concatenate(axis=1), MASKED),
    Row("Concatenate-half_masked", lambda k: k.layers.Concatenate(axis=1), HALF_MASKED),
    Row(
        "Dot",
        lambda k: k.layers.Dot(1),
        PAIR,
        wrong=(
            Wrong(lambda k: k.layers.Dot("1"), "axes='1'", error=TypeError),
            Wrong(lambda k: k.layers.Dot([1, 2, 3]), "axes=[1, 2, 3]"),
            Wrong(
                lambda k: k.layers.Dot(1), "must be called on a list of exactly 2", [*PAIR, *PAIR]
            ),
            Wrong(lambda k: k.layers.Dot(1), "sizes 3 and 4", [floats(2, 3), floats(2, 4)]),
            Wrong(lambda k: k.layers.Dot(0), "not the batch", PAIR),
        ),
    ),
    Row("Dot-cosine", lambda k: k.layers.Dot(-1, normalize=True), PAIR),
    Row("Dot-matrices", lambda k: k.layers.Dot((1, 2)), [floats(2, 3, 4), floats(2, 5, 3)]),
    Row("Dot-vector", lambda k: k.layers.Dot((2, 1)), [floats(2, 3, 4), floats(2, 4)]),
    Row("Dot-rank_4", lambda k: k.layers.Dot((3, 1)), [floats(2, 2, 3, 4), floats(2, 4, 5, 2)]),
    Row("Dot-masked", lambda k: k.layers.Dot(2), MASKED),
]
