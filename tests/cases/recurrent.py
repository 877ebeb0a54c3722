"""Recurrent layers, cells and wrappers around them."""

from typing import Any

from .row import Row, Wrong, floats

# Gaps, a full sequence, an empty one, one padded on the left: batch 4, steps 5.
GAPS = [[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]]
SEQUENCE = floats(2, 4, 3)
MASKED = floats(4, 5, 3, mask=GAPS)
H, C = floats(2, 3), floats(2, 3)
MASKED_H, MASKED_C = floats(4, 3), floats(4, 3)
TRAINING = {"training": True}
NO_SEED = {
    "export": "draws with a seed go through a torch generator, which export does not take",
}

NO_SYMBOLS = dict.fromkeys(
    ("symbolic", "weights"),
    "Keras keeps the mask drawn for symbols, which then fits no other batch",
)


def _not(name: str, **arguments: Any) -> Wrong:
    (argument,) = arguments
    return Wrong(lambda k: getattr(k.layers, name)(**{"units": 3, **arguments}), argument)


def _layer_rows(name: str, *states: Any) -> list[Row]:
    """Return the rows that all three built-in layers have."""

    def layer(**options: Any) -> Any:
        return lambda k: getattr(k.layers, name)(3, **options)

    masked_states = [floats(4, 3) for _ in states]
    no_copy = {"config": "the config of SimpleRNN has no seed"} if name == "SimpleRNN" else {}
    skip = NO_SEED | no_copy
    return [
        Row(
            name,
            layer(),
            SEQUENCE,
            wrong=(
                _not(name, units=0),
                _not(name, units=2.5),
                Wrong(layer(), "ndim=3", floats(2, 3)),
                _not(name, units=-1),
            ),
        ),
        Row(f"{name}-sequences", layer(return_sequences=True), SEQUENCE),
        Row(f"{name}-states", layer(return_sequences=True, return_state=True), SEQUENCE),
        Row(f"{name}-no_bias", layer(use_bias=False, return_sequences=True), SEQUENCE),
        Row(f"{name}-backwards", layer(go_backwards=True, return_sequences=True), SEQUENCE),
        Row(f"{name}-relu", layer(activation="relu", return_sequences=True), SEQUENCE),
        Row(f"{name}-softsign", layer(activation="softsign", return_state=True), SEQUENCE),
        Row(f"{name}-unrolled", layer(unroll=True), SEQUENCE),
        Row(
            f"{name}-initial_state",
            layer(return_state=True),
            SEQUENCE,
            kwargs={"initial_state": list(states)},
        ),
        Row(
            f"{name}-penalties",
            layer(
                kernel_regularizer="l2",
                recurrent_regularizer="l1",
                bias_regularizer="l2",
                kernel_constraint="max_norm",
            ),
            SEQUENCE,
        ),
        Row(f"{name}-masked", layer(), MASKED),
        Row(f"{name}-masked_sequences", layer(return_sequences=True), MASKED),
        Row(f"{name}-masked_states", layer(return_sequences=True, return_state=True), MASKED),
        Row(
            f"{name}-masked_zero",
            layer(return_sequences=True, zero_output_for_mask=True),
            MASKED,
        ),
        Row(
            f"{name}-masked_last_zero",
            layer(zero_output_for_mask=True),
            MASKED,
        ),
        Row(
            f"{name}-masked_backwards",
            layer(return_sequences=True, return_state=True, go_backwards=True),
            MASKED,
        ),
        Row(
            f"{name}-masked_initial_state",
            layer(return_sequences=True, return_state=True),
            MASKED,
            kwargs={"initial_state": masked_states},
        ),
        Row(
            f"{name}-masked_softsign",
            layer(activation="softsign", return_sequences=True, return_state=True),
            MASKED,
        ),
        Row(
            f"{name}-dropout",
            layer(dropout=0.5, seed=3, return_sequences=True),
            SEQUENCE,
            kwargs=TRAINING,
            skip=skip,
        ),
        Row(
            f"{name}-recurrent_dropout",
            layer(recurrent_dropout=0.5, seed=3, return_sequences=True),
            SEQUENCE,
            kwargs=TRAINING,
            skip=skip,
        ),
        Row(
            f"{name}-both_dropouts",
            layer(dropout=0.4, recurrent_dropout=0.5, seed=3),
            SEQUENCE,
            kwargs=TRAINING,
            skip=skip,
        ),
        Row(f"{name}-dropout_at_rest", layer(dropout=0.4, recurrent_dropout=0.5), SEQUENCE),
    ]


def _cell_rows(name: str, *states: Any) -> list[Row]:
    def cell(**options: Any) -> Any:
        return lambda k: getattr(k.layers, name)(3, **options)

    given = (floats(2, 3), list(states))
    return [
        Row(name, cell(), given, wrong=(_not(name, units=0), _not(name, units="3"))),
        Row(f"{name}-no_bias", cell(use_bias=False), given),
        Row(f"{name}-relu", cell(activation="relu"), given),
        Row(
            f"{name}-both_dropouts",
            cell(dropout=0.4, recurrent_dropout=0.5, seed=3),
            given,
            kwargs=TRAINING,
            skip=NO_SEED | NO_SYMBOLS,
        ),
    ]


def _bidirectional(options: Any = None, layer: str = "LSTM", **more: Any) -> Any:
    return lambda k: k.layers.Bidirectional(getattr(k.layers, layer)(3, **(options or {})), **more)


def _backward_layer(k: Any) -> Any:
    return k.layers.Bidirectional(
        k.layers.LSTM(3, return_sequences=True),
        backward_layer=k.layers.GRU(3, return_sequences=True, go_backwards=True),
    )


def _conv_rows(rank: int) -> list[Row]:
    """Return the rows that convolutional LSTMs of every rank have."""
    name, sizes = f"ConvLSTM{rank}D", (5, 4, 3)[:rank]
    images, masked = floats(2, 3, *sizes, 2), floats(4, 5, *sizes, 2, mask=GAPS)
    skip = NO_SEED

    def layer(filters: Any = 3, kernel_size: Any = 2, **options: Any) -> Any:
        return lambda k: getattr(k.layers, name)(filters, kernel_size, **options)

    return [
        Row(
            name,
            layer(),
            images,
            wrong=(
                Wrong(layer(filters=0), "filters"),
                Wrong(layer(kernel_size=0), "kernel_size"),
                Wrong(layer(padding="causal"), "padding"),
                Wrong(layer(strides=2, dilation_rate=2), "dilation_rate"),
                Wrong(layer(), f"ndim={rank + 3}", floats(2, 3)),
                Wrong(layer(kernel_size=9), "kernel_size", images),
            ),
        ),
        Row(f"{name}-same", layer(padding="same", kernel_size=3, return_sequences=True), images),
        Row(f"{name}-strides", layer(strides=2, padding="same", return_state=True), images),
        Row(
            f"{name}-dilation",
            layer(dilation_rate=2, return_sequences=True, return_state=True, use_bias=False),
            images,
        ),
        Row(
            f"{name}-channels_first",
            layer(data_format="channels_first", padding="same", return_sequences=True),
            floats(2, 3, 2, *sizes),
        ),
        Row(
            f"{name}-backwards",
            layer(go_backwards=True, return_sequences=True, unit_forget_bias=False),
            images,
        ),
        Row(
            f"{name}-activations",
            layer(activation="softmax", recurrent_activation="hard_sigmoid", padding="same"),
            images,
        ),
        Row(
            f"{name}-penalties",
            layer(
                kernel_regularizer="l2", recurrent_regularizer="l1", kernel_constraint="max_norm"
            ),
            images,
        ),
        Row(f"{name}-masked", layer(return_sequences=True, return_state=True), masked),
        Row(f"{name}-masked_last", layer(padding="same"), masked),
        Row(f"{name}-masked_zero", layer(return_sequences=True, zero_output_for_mask=True), masked),
        Row(
            f"{name}-initial_state",
            layer(padding="same", return_state=True),
            images,
            kwargs={"initial_state": [floats(2, *sizes, 3), floats(2, *sizes, 3)]},
        ),
        Row(
            f"{name}-both_dropouts",
            layer(dropout=0.4, recurrent_dropout=0.5, seed=3, return_sequences=True),
            images,
            kwargs=TRAINING,
            skip=skip,
        ),
    ]


def _some(rows: list[Row]) -> list[Row]:
    """Leave out what is the same for every rank."""
    kept = ("", "same", "strides", "channels_first", "masked", "both_dropouts")
    return [row for row in rows if row.id.partition("-")[2] in kept]


SEQUENCES = {"return_sequences": True}
BOTH = {"return_sequences": True, "return_state": True}

ROWS: list[Row] = [
    *_layer_rows("SimpleRNN", H),
    *_layer_rows("LSTM", H, C),
    Row(
        "LSTM-no_unit_forget_bias",
        lambda k: k.layers.LSTM(3, unit_forget_bias=False, bias_initializer="ones"),
        SEQUENCE,
    ),
    Row("LSTM-activity", lambda k: k.layers.LSTM(3, activity_regularizer="l2"), SEQUENCE),
    Row("LSTM-hard", lambda k: k.layers.LSTM(3, recurrent_activation="hard_sigmoid"), MASKED),
    *_layer_rows("GRU", H),
    Row("GRU-before", lambda k: k.layers.GRU(3, reset_after=False, return_state=True), SEQUENCE),
    Row(
        "GRU-before_masked",
        lambda k: k.layers.GRU(3, reset_after=False, return_sequences=True),
        MASKED,
    ),
    Row(
        "GRU-before_dropouts",
        lambda k: k.layers.GRU(3, reset_after=False, dropout=0.4, recurrent_dropout=0.5, seed=3),
        SEQUENCE,
        kwargs=TRAINING,
        skip=NO_SEED,
    ),
    *_some(_conv_rows(1)),
    *_conv_rows(2),
    *_some(_conv_rows(3)),
    *_cell_rows("SimpleRNNCell", H),
    *_cell_rows("LSTMCell", H, C),
    *_cell_rows("GRUCell", H),
    Row("GRUCell-before", lambda k: k.layers.GRUCell(3, reset_after=False), (floats(2, 3), [H])),
    Row(
        "StackedRNNCells",
        lambda k: k.layers.StackedRNNCells([k.layers.LSTMCell(3), k.layers.SimpleRNNCell(3)]),
        (floats(2, 3), [[H, C], [H]]),
        wrong=(Wrong(lambda k: k.layers.StackedRNNCells([object()]), "cells"),),
    ),
    Row(
        "RNN",
        lambda k: k.layers.RNN(k.layers.LSTMCell(3)),
        SEQUENCE,
        wrong=(
            Wrong(lambda k: k.layers.RNN(3), "cell"),
            Wrong(lambda k: k.layers.RNN(k.layers.Dense(3)), "state_size"),
        ),
    ),
    Row("RNN-masked", lambda k: k.layers.RNN(k.layers.GRUCell(3), return_sequences=True), MASKED),
    Row(
        "RNN-stacked",
        lambda k: k.layers.RNN([k.layers.LSTMCell(3), k.layers.LSTMCell(2)], **BOTH),
        SEQUENCE,
    ),
    Row(
        "RNN-stacked_masked",
        lambda k: k.layers.RNN(
            [k.layers.LSTMCell(3), k.layers.LSTMCell(2, activation="relu")], **BOTH
        ),
        MASKED,
    ),
    Row(
        "Bidirectional",
        _bidirectional(),
        SEQUENCE,
        wrong=(
            Wrong(lambda k: k.layers.Bidirectional(k.layers.Dense(3)), "layer"),
            Wrong(lambda k: k.layers.Bidirectional("lstm"), "layer"),
            Wrong(_bidirectional(merge_mode="cat"), "merge_mode"),
            Wrong(
                lambda k: k.layers.Bidirectional(k.layers.LSTM(3), backward_layer=k.layers.LSTM(3)),
                "backward_layer",
            ),
            Wrong(
                lambda k: k.layers.Bidirectional(
                    k.layers.LSTM(3),
                    backward_layer=k.layers.LSTM(3, return_sequences=True, go_backwards=True),
                ),
                "return_sequences",
            ),
        ),
    ),
    Row("Bidirectional-sequences", _bidirectional(SEQUENCES), SEQUENCE),
    Row("Bidirectional-states", _bidirectional(BOTH), SEQUENCE),
    Row("Bidirectional-sum", _bidirectional(SEQUENCES, "GRU", merge_mode="sum"), SEQUENCE),
    Row("Bidirectional-ave", _bidirectional(SEQUENCES, "GRU", merge_mode="ave"), SEQUENCE),
    Row("Bidirectional-mul", _bidirectional(None, "SimpleRNN", merge_mode="mul"), SEQUENCE),
    Row("Bidirectional-two", _bidirectional(SEQUENCES, merge_mode=None), SEQUENCE),
    Row("Bidirectional-two_states", _bidirectional(BOTH, merge_mode=None), SEQUENCE),
    Row("Bidirectional-backward_layer", _backward_layer, SEQUENCE),
    Row(
        "Bidirectional-images",
        lambda k: k.layers.Bidirectional(k.layers.ConvLSTM2D(3, 2, return_sequences=True)),
        floats(2, 3, 4, 4, 2),
    ),
    Row("Bidirectional-masked", _bidirectional(), MASKED),
    Row("Bidirectional-masked_sequences", _bidirectional(SEQUENCES), MASKED),
    Row("Bidirectional-masked_states", _bidirectional(BOTH, "GRU"), MASKED),
    Row(
        "Bidirectional-initial_state",
        _bidirectional(BOTH),
        SEQUENCE,
        kwargs={"initial_state": [H, C, H, C]},
    ),
    Row(
        "TimeDistributed",
        lambda k: k.layers.TimeDistributed(k.layers.Dense(3)),
        SEQUENCE,
        wrong=(
            Wrong(lambda k: k.layers.TimeDistributed("dense"), "layer"),
            Wrong(
                lambda k: k.layers.TimeDistributed(k.layers.Dense(3)), "three axes", floats(2, 3)
            ),
        ),
    ),
    Row(
        "TimeDistributed-images",
        lambda k: k.layers.TimeDistributed(k.layers.Conv2D(3, 2)),
        floats(2, 3, 4, 4, 2),
    ),
    Row(
        "TimeDistributed-masked",
        lambda k: k.layers.TimeDistributed(k.layers.Dense(3)),
        MASKED,
    ),
    Row(
        "TimeDistributed-sequences",
        lambda k: k.layers.TimeDistributed(k.layers.LSTM(3)),
        floats(2, 3, 4, 2),
    ),
    Row(
        "TimeDistributed-statistics",
        lambda k: k.layers.TimeDistributed(k.layers.BatchNormalization()),
        floats(4, 3, 2),
        kwargs=TRAINING,
        skip={"export": "statistics change in training"},
    ),
]
