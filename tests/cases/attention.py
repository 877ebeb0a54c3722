"""Attention layers."""

from typing import Any

from .row import Row, Wrong, bools, floats

QUERY, VALUE = floats(2, 3, 4), floats(2, 5, 4)
SELF = (floats(2, 3, 4), floats(2, 3, 4))
# The second sequence of each has one step that counts, or none.
QUERY_MASK = [[1, 1, 0], [1, 0, 0]]
VALUE_MASK = [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]]
MASKED = (floats(2, 3, 4, mask=QUERY_MASK), floats(2, 5, 4, mask=VALUE_MASK))
PAIR, MASKED_PAIR = [QUERY, VALUE], list(MASKED)
NO_SEED = {
    "export": "draws with a seed go through a torch generator, which export does not take",
}


def _attention(**options: Any) -> Any:
    return lambda k: k.layers.MultiHeadAttention(2, 3, **options)


def _wrong(text: str, *args: Any, **options: Any) -> Wrong:
    return Wrong(lambda k: k.layers.MultiHeadAttention(*args, **options), text)


def _row(name: str, args: Any = (QUERY, VALUE), kwargs: Any = None, **options: Any) -> Row:
    return Row(f"MultiHeadAttention-{name}", _attention(**options), args, kwargs=kwargs or {})


def _luong(
    name: str, args: Any = None, kwargs: Any = None, skip: Any = None, **options: Any
) -> Row:
    return Row(
        f"Attention-{name}",
        lambda k: k.layers.Attention(**options),
        args or PAIR,
        kwargs or {},
        skip=skip or {},
    )


def _bahdanau(name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Row:
    return Row(
        f"AdditiveAttention-{name}",
        lambda k: k.layers.AdditiveAttention(**options),
        args or PAIR,
        kwargs or {},
    )


def _grouped(name: str, args: Any = SELF, kwargs: Any = None, **options: Any) -> Row:
    return Row(
        f"GroupQueryAttention-{name}",
        lambda k: k.layers.GroupQueryAttention(3, 4, 2, **options),
        args,
        kwargs or {},
    )


def _wrong_group(text: str, *args: Any, **options: Any) -> Wrong:
    return Wrong(lambda k: k.layers.GroupQueryAttention(*args, **options), text)


LUONG: list[Row] = [
    Row(
        "Attention",
        lambda k: k.layers.Attention(),
        PAIR,
        wrong=(
            Wrong(lambda k: k.layers.Attention(score_mode="x"), "score_mode='x'"),
            Wrong(lambda k: k.layers.Attention(dropout=2), "dropout=2"),
            Wrong(lambda k: k.layers.Attention(), "must be called on a list", QUERY),
            Wrong(lambda k: k.layers.Attention(), "length 2 or 3", [QUERY]),
            Wrong(lambda k: k.layers.Attention(), "last axis", [QUERY, floats(2, 5, 3)]),
        ),
    ),
    _luong("key", [QUERY, floats(2, 5, 3), VALUE]),
    _luong("scale", use_scale=True),
    _luong("concat", score_mode="concat"),
    _luong("concat_scale", score_mode="concat", use_scale=True),
    _luong("causal", kwargs={"use_causal_mask": True}),
    _luong("mask", kwargs={"mask": [bools(2, 3), bools(2, 5)]}),
    _luong("mask_causal", kwargs={"mask": [bools(2, 3), bools(2, 5)], "use_causal_mask": True}),
    _luong("masked", MASKED_PAIR),
    _luong("masked_scale", MASKED_PAIR, use_scale=True),
    _luong("masked_causal", MASKED_PAIR, {"use_causal_mask": True}),
    _luong("masked_scores", MASKED_PAIR, {"return_attention_scores": True}),
    _luong("masked_concat", MASKED_PAIR, score_mode="concat"),
    _luong("half_masked", [QUERY, floats(2, 5, 4, mask=VALUE_MASK)]),
    _luong("scores", kwargs={"return_attention_scores": True}),
    _luong("scores_causal", None, {"return_attention_scores": True, "use_causal_mask": True}),
    _luong("heads", [floats(2, 2, 3, 4), floats(2, 2, 5, 4)], {"use_causal_mask": True}),
    _luong("dropout_at_rest", dropout=0.5),
    _luong("dropout", MASKED_PAIR, {"training": True}, NO_SEED, dropout=0.5, seed=3),
]
BAHDANAU: list[Row] = [
    Row(
        "AdditiveAttention",
        lambda k: k.layers.AdditiveAttention(),
        PAIR,
        wrong=(
            Wrong(lambda k: k.layers.AdditiveAttention(dropout=2), "dropout=2"),
            Wrong(lambda k: k.layers.AdditiveAttention(), "must be called on a list", QUERY),
        ),
    ),
    _bahdanau("key", [QUERY, floats(2, 5, 3), VALUE]),
    _bahdanau("no_scale", use_scale=False),
    _bahdanau("causal", kwargs={"use_causal_mask": True}),
    _bahdanau("masked", MASKED_PAIR),
    _bahdanau("masked_scores", MASKED_PAIR, {"return_attention_scores": True}),
    _bahdanau("dropout_at_rest", dropout=0.5, seed=3),
]
GROUPED: list[Row] = [
    Row(
        "GroupQueryAttention",
        lambda k: k.layers.GroupQueryAttention(3, 4, 2),
        (QUERY, VALUE),
        wrong=(
            _wrong_group("head_dim", 0, 4, 2),
            _wrong_group("num_query_heads", 3, 4.5, 2),
            _wrong_group("num_key_value_heads=3", 3, 4, 3),
            _wrong_group("dropout", 3, 4, 2, dropout=2),
            _wrong_group("sliding_window", 3, 4, 2, sliding_window=0),
            _wrong_group("flash_attention", 3, 4, 2, flash_attention=True, dropout=0.5),
            Wrong(
                lambda k: k.layers.GroupQueryAttention(3, 4, 2), "`query` of", (floats(2, 4), VALUE)
            ),
        ),
    ),
    Row(
        "GroupQueryAttention-one",
        lambda k: k.layers.GroupQueryAttention(3, 2, 1, use_bias=False),
        (QUERY, VALUE),
    ),
    Row(
        "GroupQueryAttention-all",
        lambda k: k.layers.GroupQueryAttention(3, 2, 2, name="named"),
        (QUERY, VALUE, VALUE),
    ),
    _grouped("gate", use_gate=True),
    _grouped("window", sliding_window=2),
    _grouped("window_causal", kwargs={"use_causal_mask": True}, sliding_window=2),
    _grouped("causal", (QUERY, VALUE), {"use_causal_mask": True}),
    _grouped("mask", (QUERY, VALUE), {"attention_mask": bools(2, 3, 5)}),
    _grouped("masked", MASKED),
    _grouped("masked_causal", MASKED, {"use_causal_mask": True}),
    _grouped("key_mask", (QUERY, VALUE), {"key_mask": bools(2, 5)}),
    _grouped("query_mask", (QUERY, VALUE), {"query_mask": bools(2, 3)}),
    _grouped("scores", (QUERY, VALUE), {"return_attention_scores": True}),
    _grouped("scores_causal", SELF, {"return_attention_scores": True, "use_causal_mask": True}),
    _grouped("scores_masked", MASKED, {"return_attention_scores": True}),
    _grouped("dropout_at_rest", MASKED, dropout=0.5),
    Row(
        "GroupQueryAttention-dropout",
        lambda k: k.layers.GroupQueryAttention(3, 4, 2, dropout=0.5, seed=3),
        MASKED,
        {"training": True},
        skip=NO_SEED,
    ),
    _grouped(
        "penalties",
        kernel_regularizer="l2",
        bias_regularizer="l1",
        activity_regularizer="l2",
        kernel_constraint="max_norm",
    ),
]
ROWS: list[Row] = [
    *LUONG,
    *BAHDANAU,
    *GROUPED,
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
