"""Activations, convolutions, poolings, norms, losses and attention of ops, one call a row."""

import numpy as np

from .ops import OpRow, array, row, whole
from .row import bools, floats, ints

FIRST = "channels_first"
FLAT = {"gradients": "It has none, or is flat."}

SMOOTH = (
    "celu elu gelu glu leaky_relu log_sigmoid relu relu6 selu sigmoid silu softplus softsign "
    "sparse_plus sparse_sigmoid squareplus swish tanh_shrink hard_sigmoid hard_silu hard_swish "
    "hard_tanh hard_shrink soft_shrink softmax log_softmax sparsemax"
).split()

ACTIVATIONS: list[OpRow] = [
    *(row(name, floats(2, 4)) for name in SMOOTH),
    row("threshold", floats(2, 4), 0.5, 2.0),
    row("celu", floats(2, 4), 0.5, id="alpha"),
    row("elu", floats(2, 4), 0.5, id="alpha"),
    row("gelu", floats(2, 4), False, id="exact"),
    row("glu", floats(4, 3), 0, id="first-axis", skip={"batch": "The axis that is halved."}),
    row("leaky_relu", floats(2, 4), 0.4, id="slope"),
    row("squareplus", floats(2, 4), 1, id="b"),
    row("hard_shrink", floats(2, 4), 1.0, id="threshold"),
    row("soft_shrink", floats(2, 4), 1.0, id="threshold"),
    row("softmax", floats(2, 3, 4), (0, 2), id="axes"),
    row("softmax", floats(2, 3, 4), None, id="all"),
    row("log_softmax", floats(2, 3, 4), (1, 2), id="axes"),
    row("sparsemax", floats(2, 3, 4), 1, id="axis"),
]


def convolutions(rank: int) -> list[OpRow]:
    """Every padding, stride, dilation and format of convolutions over one to three axes."""
    sizes, ones = (8, 7, 6)[:rank], (1,) * rank
    last, first = floats(2, *sizes, 4), floats(2, 4, *sizes)
    kernel, grouped = floats(*(3, 2, 3)[:rank], 4, 6), floats(*(2,) * rank, 2, 6)
    deep, point = floats(*(3,) * rank, 4, 2), floats(*ones, 8, 5)
    back = floats(*(3, 2, 4)[:rank], 6, 4)
    d = f"{rank}d"
    return [
        row("conv", last, kernel, id=d, batch=1),
        row("conv", last, kernel, 2, "same", id=f"{d}-same-strided", batch=1),
        row("conv", last, kernel, 1, "same", None, 2, id=f"{d}-same-dilated", batch=1),
        row("conv", first, kernel, 2, "valid", FIRST, id=f"{d}-first", batch=1),
        row("conv", first, kernel, 1, "SAME", FIRST, id=f"{d}-first-same", batch=1),
        row("conv", last, grouped, id=f"{d}-groups", batch=1),
        row("depthwise_conv", last, deep, id=d, batch=1),
        row("depthwise_conv", first, deep, 2, "same", FIRST, id=f"{d}-first", batch=1),
        row("depthwise_conv", last, deep, dilation_rate=2, id=f"{d}-dilated", batch=1),
        row("separable_conv", last, deep, point, id=d, batch=1),
        row("separable_conv", first, deep, point, 2, "same", FIRST, id=f"{d}-first", batch=1),
        row("conv_transpose", last, back, id=d, batch=1),
        row("conv_transpose", last, back, 2, "same", id=f"{d}-same", batch=1),
        row("conv_transpose", first, back, 3, data_format=FIRST, id=f"{d}-first", batch=1),
        row("conv_transpose", last, back, 2, output_padding=1, id=f"{d}-padded", batch=1),
        row("conv_transpose", last, back, 1, "same", dilation_rate=2, id=f"{d}-wide", batch=1),
        row("max_pool", last, 2, id=d),
        row("max_pool", last, 3, 2, "same", id=f"{d}-same"),
        row("max_pool", first, 2, 1, "same", FIRST, id=f"{d}-first"),
        row("average_pool", last, 2, id=d),
        row("average_pool", last, 3, 2, "same", id=f"{d}-same"),
        row("average_pool", first, 2, 1, "same", FIRST, id=f"{d}-first"),
        row("adaptive_max_pool", last, 3, id=d),
        row("adaptive_max_pool", first, (3, 2, 4)[:rank], FIRST, id=f"{d}-first"),
        row("adaptive_average_pool", last, 3, id=d),
        row("adaptive_average_pool", first, (3, 2, 4)[:rank], FIRST, id=f"{d}-first"),
    ]


BLOCKS: list[OpRow] = [
    row("unfold", floats(2, 3, 6, 5), 2),
    row("unfold", floats(2, 3, 6, 5), (2, 3), 1, 1, 2, id="all"),
    row("fold", floats(2, 12, 9), 4, 2),
    row("fold", floats(2, 12, 12), (5, 4), (2, 2), 1, (0, 0), 1, id="all"),
    row("depth_to_space", floats(2, 3, 2, 8), 2),
    row("depth_to_space", floats(2, 8, 3, 2), 2, FIRST, id="first"),
    row("space_to_depth", floats(2, 4, 6, 3), 2),
    row("space_to_depth", floats(2, 3, 4, 6), 2, FIRST, id="first"),
    row("one_hot", ints(2, 3, below=4), 4),
    row("one_hot", array(-1, 2, dtype="int32"), 4, 0, "int32", id="axis"),
    row("multi_hot", ints(2, 3, below=4), 4, skip={"symbolic": "Keras's has one axis too many."}),
    row("multi_hot", ints(3, below=4), 4, id="one"),
    row("polar", floats(3, low=0.1), floats(3)),
    row("view_as_complex", floats(2, 3, 2)),
    row("view_as_real", array(1 + 2j, -3j, dtype="complex64")),
]

MEAN, SPREAD = floats(4), floats(4, low=0.5)
NORMS: list[OpRow] = [
    row("moments", floats(3, 4), 0),
    row("moments", floats(2, 3, 4), (0, -1), True, id="kept"),
    row("batch_normalization", floats(2, 3, 4), MEAN, SPREAD, -1),
    row("batch_normalization", floats(2, 4, 3), MEAN, SPREAD, 1, MEAN, SPREAD, 1e-2, id="all"),
    row("layer_normalization", floats(2, 3, 4)),
    row("layer_normalization", floats(2, 3, 4), MEAN, SPREAD, id="scaled"),
    row("layer_normalization", floats(2, 3, 4), floats(3, 4), floats(3, 4), (1, 2), id="axes"),
    row(
        "layer_normalization",
        floats(2, 3, 4),
        id="middle",
        axis=1,
        epsilon=1e-3,
        oracle=lambda x, axis, epsilon: (
            (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-3)
        ),
    ),
    row("rms_normalization", floats(2, 3, 4)),
    row("rms_normalization", floats(2, 3, 4), SPREAD, id="scaled"),
    row("rms_normalization", floats(2, 3, 4), axis=(1, 2), epsilon=1e-3, id="axes"),
    row("normalize", floats(2, 4)),
    row("normalize", floats(2, 3, 4), 1, 1, id="sum"),
    row("normalize", floats(2, 3, 4), (1, 2), id="axes"),
    row("normalize", array(0.0, 0.0), id="zero", skip={"gradients": "Keras's are NaN."}),
    row("normalize", whole(2, 3, low=1), order=3, id="whole"),
    row("psnr", floats(2, 3), floats(2, 3), 2.0),
]

SHARES = floats(3, 5, low=0.1, high=0.9)
LABELS = ints(3, below=5)
LOSSES: list[OpRow] = [
    *(
        row(name, *both, logits, id=f"{kind}{extra}", batch=count)
        for logits, kind in ((False, "probabilities"), (True, "logits"))
        for name, both, extra, count in (
            ("binary_crossentropy", (SHARES, SHARES), "", 2),
            ("categorical_crossentropy", (SHARES, SHARES), "", 2),
            ("sparse_categorical_crossentropy", (LABELS, SHARES), "", 2),
            ("sparse_categorical_crossentropy", (ints(3, 1, below=5), SHARES), "-column", 2),
        )
    ),
    row("categorical_crossentropy", SHARES, SHARES, axis=0, id="axis", batch=0),
    row("sparse_categorical_crossentropy", ints(5, below=3), SHARES, axis=0, id="axis", batch=0),
    row("ctc_loss", ints(2, 3, below=4), floats(2, 7, 5), array(3, 2, dtype="int32"),
        array(7, 6, dtype="int32"), 4, skip={"compile": "torch reads the lengths."}),
    row("ctc_decode", floats(2, 6, 4), array(6, 3, dtype="int32"), batch=2, skip=FLAT),
    row("ctc_decode", floats(2, 6, 4), array(6, 3, dtype="int32"), merge_repeated=False,
        mask_index=3, id="repeated", batch=2, skip=FLAT),
    row("ctc_decode", floats(2, 6, 4), array(6, 3, dtype="int32"), "beam_search", 10, 3,
        id="beams", batch=2, skip={"gradients": "What is counted together has none in Keras."}),
    row("ctc_decode", floats(2, 6, 4), array(6, 3, dtype="int32"), "beam_search", 2, 1,
        mask_index=2, id="few-beams", batch=2, skip={"gradients": "As above."}),
]  # fmt: skip

QUERY, KEY = floats(2, 5, 4, 8), floats(2, 6, 4, 8)
SHARED = floats(2, 6, 2, 8)
ATTENTION: list[OpRow] = [
    row("dot_product_attention", QUERY, KEY, KEY),
    row("dot_product_attention", QUERY, KEY, KEY, floats(2, 4, 5, 6), id="bias"),
    row("dot_product_attention", QUERY, KEY, KEY, mask=bools(2, 1, 5, 6), id="mask"),
    row("dot_product_attention", QUERY, KEY, KEY, scale=0.3, is_causal=True, id="causal"),
    row("dot_product_attention", QUERY, KEY, KEY, mask=bools(2, 4, 5, 6), is_causal=True,
        id="causal-mask"),
    row("dot_product_attention", QUERY, KEY, KEY, mask=np.zeros((2, 4, 5, 6), bool), id="nothing"),
    row("dot_product_attention", QUERY, SHARED, SHARED, id="shared-heads"),
]  # fmt: skip

ROWS: list[OpRow] = [
    *ACTIVATIONS, *(call for rank in (1, 2, 3) for call in convolutions(rank)),
    *BLOCKS, *NORMS, *LOSSES, *ATTENTION,
]  # fmt: skip
