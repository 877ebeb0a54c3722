"""Core layers in smaller numbers: int8, int4 and float8."""

from collections.abc import Callable
from typing import Any

from .row import Row, Wrong, floats, ints

OWN_POLICY = {"mixed_precision": "has a policy of its own"}


def quantized(variant: str, make: Callable[[Any], Any], inputs: Any, *wrong: Wrong) -> Row:
    """A row of a layer that is built quantized."""
    return Row(variant, make, inputs, skip=OWN_POLICY, wrong=wrong)


ROWS: list[Row] = [
    quantized(
        "Dense-int8",
        lambda k: k.layers.Dense(3, "tanh", dtype="int8_from_float32"),
        floats(2, 4),
        Wrong(lambda k: k.layers.Dense(3, dtype="int8_from_float16"), "float16"),
        Wrong(lambda k: k.layers.Dense(3, quantization_config="int8"), "Config()`, or None"),
    ),
    quantized(
        "Dense-int4", lambda k: k.layers.Dense(3, dtype="int4/2_from_float32"), floats(2, 3, 5)
    ),
    quantized(
        "Dense-float8", lambda k: k.layers.Dense(3, dtype="float8_from_float32"), floats(2, 4)
    ),
    quantized(
        "EinsumDense-int8",
        lambda k: k.layers.EinsumDense(
            "abc,cde->abde", (4, 3, 2), bias_axes="de", dtype="int8_from_float32"
        ),
        floats(2, 4, 5),
    ),
    quantized(
        "EinsumDense-int4_any_order",
        lambda k: k.layers.EinsumDense("abc,bcd->abd", (4, 3), dtype="int4_from_float32"),
        floats(2, 4, 5),
    ),
    quantized(
        "Embedding-int8",
        lambda k: k.layers.Embedding(5, 3, dtype="int8_from_float32"),
        ints(2, 4, below=5),
    ),
    quantized(
        "ReversibleEmbedding-int4",
        lambda k: k.layers.ReversibleEmbedding(
            7, 3, tie_weights=False, dtype="int4/2_from_float32"
        ),
        ints(2, 4, below=7),
    ),
]
