"""Attention layers."""

from typing import Any

from .row import Row, Wrong, bools, floats

QUERY, VALUE = floats(2, 3, 4), floats(2, 5, 4)
SELF = (floats(2, 3, 4), floats(2, 3, 4))
# The second sequence of each has one step that counts, or none.
QUERY_MASK = [[1, 1, 0], [1, 0, 0]]
VALUE_MASK = [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]]
MASKED = (floats(2, 3, 4, mask=QUERY_MASK), floats(2, 5, 4, mask=VALUE_MASK))
NO_SEED = {
    "compile": "draws with a seed go through a torch generator, which the compiler does not take",
    "export": "draws with a seed go through a torch generator, which export does not take",
}


def _attention(**options: Any) -> Any:
    return lambda k: k.layers.MultiHeadAttention(2, 3, **options)


def _wrong(text: str, *args: Any, **options: Any) -> Wrong:
    return Wrong(lambda k: k.layers.MultiHeadAttention(*args, **options), text)


def _row(name: str, args: Any = (QUERY, VALUE), kwargs: Any = None, **options: Any) -> Row:
    return Row(f"MultiHeadAttention-{name}", _attention(**options), args, kwargs=kwargs or {})


ROWS: list[Row] = [
    Row(
        "MultiHeadAttention",
        _attention(),
        (QUERY, VALUE),
        wrong=(
            _wrong("num_heads", 0, 3),
            _wrong("key_dim", 2, 2.5),
            _wrong("value_dim", 2, 3, value_dim=-1),
            _wrong("dropout", 2, 3, dropout=2),
            _wrong("output_shape", 2, 3, output_shape="x"),
            _wrong("attention_axes", 2, 3, attention_axes=1.5),
            _wrong("sliding_window", 2, 3, sliding_window=0),
            _wrong("flash_attention", 2, 3, flash_attention=True, dropout=0.5),
            Wrong(_attention(), "key", (QUERY, VALUE, floats(2, 3, 4))),
        ),
    ),
    _row("key", (QUERY, VALUE, floats(2, 5, 6)), value_dim=5),
    _row("no_bias", use_bias=False, output_shape=5),
    _row("two_outputs", output_shape=(5, 2)),
    _row("gate", use_gate=True, value_dim=4),
    _row("window", SELF, sliding_window=2),
    _row("window_causal", SELF, {"use_causal_mask": True}, sliding_window=2),
    _row("causal", kwargs={"use_causal_mask": True}),
    _row("mask", kwargs={"attention_mask": bools(2, 3, 5)}),
    _row("mask_by_head", kwargs={"attention_mask": bools(2, 2, 3, 5)}),
    _row("mask_causal", SELF, {"attention_mask": bools(2, 3, 3), "use_causal_mask": True}),
    _row("masked", MASKED),
    _row("masked_causal", MASKED, {"use_causal_mask": True}),
    _row("value_mask", kwargs={"value_mask": bools(2, 5)}),
    _row("key_mask", kwargs={"key_mask": bools(2, 5)}),
    _row("query_mask", kwargs={"query_mask": bools(2, 3)}),
    _row("scores", SELF, {"return_attention_scores": True}),
    _row("scores_causal", SELF, {"return_attention_scores": True, "use_causal_mask": True}),
    _row(
        "scores_masked",
        (floats(2, 3, 4, mask=QUERY_MASK), floats(2, 3, 4, mask=[[1, 0, 1], [0, 0, 0]])),
        {"return_attention_scores": True},
    ),
    _row("dropout_at_rest", MASKED, dropout=0.5),
    Row(
        "MultiHeadAttention-dropout",
        _attention(dropout=0.5, seed=3),
        MASKED,
        kwargs={"training": True},
        skip=NO_SEED,
    ),
    _row("two_axes", (floats(2, 3, 2, 4), floats(2, 4, 2, 4))),
    _row("second_axis", (floats(2, 3, 5, 4), floats(2, 3, 2, 4)), attention_axes=2),
    _row("last_axis", (floats(2, 3, 5, 4), floats(2, 3, 2, 4)), attention_axes=(-2,)),
    _row(
        "two_axes_mask",
        (floats(2, 3, 2, 4), floats(2, 3, 2, 4)),
        {"attention_mask": bools(2, 3, 2, 3, 2)},
    ),
    _row(
        "penalties",
        kernel_regularizer="l2",
        bias_regularizer="l1",
        activity_regularizer="l2",
        kernel_constraint="max_norm",
    ),
]
