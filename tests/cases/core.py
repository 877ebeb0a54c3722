"""Core layers: Dense, Embedding, Masking, Lambda, ..."""

import numpy as np

from .row import MERGED_LORA, Row, Wrong, floats, ints


def doubled(x, factor=2.0):
    """A function that `Lambda` rows call."""
    return x * factor


def in_training(x, training=False, mask=None):
    """A function with the arguments that layers fill in."""
    return x + 1 if training else x - 1 if mask is None else x


def keep_mask(inputs, mask):
    """A function that gives the mask of a `Lambda`'s outputs."""
    return mask


def registered(k, function):
    """Return a function that both packages can write into configs."""
    return k.saving.register_keras_serializable("cases")(function)


def einsum(variant: str, equation: str, output_shape, inputs, **kwargs) -> Row:
    """A row of `EinsumDense`."""
    return Row(
        f"EinsumDense-{variant}",
        lambda k: k.layers.EinsumDense(equation, output_shape, **kwargs),
        inputs,
    )


def reversible(variant: str, inputs, called=None, **kwargs) -> Row:
    """A row of `ReversibleEmbedding`."""
    return Row(
        f"ReversibleEmbedding-{variant}",
        lambda k: k.layers.ReversibleEmbedding(7, 3, **kwargs),
        inputs,
        called or {},
    )


ROWS: list[Row] = [
    Row(
        "Dense",
        lambda k: k.layers.Dense(3),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.Dense(-1), "`units` must be a positive integer. Received"),
            Wrong(lambda k: k.layers.Dense(2.5), "units=2.5"),
            Wrong(lambda k: k.layers.Dense(3, activation="relo"), "relu"),
            Wrong(lambda k: k.layers.Dense(3, unit=4), "unit"),
            Wrong(lambda k: k.layers.Dense(3), "min_ndim=2, found ndim=1", args=floats(4)),
        ),
    ),
    Row(
        "Dense-everything",
        lambda k: k.layers.Dense(
            3,
            activation="relu",
            use_bias=True,
            kernel_initializer=k.initializers.HeNormal(seed=1),
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer=k.regularizers.L1(0.1),
            kernel_constraint="non_neg",
            bias_constraint=k.constraints.MaxNorm(2.0),
            name="named",
        ),
        floats(2, 4),
    ),
    Row("Dense-no_bias", lambda k: k.layers.Dense(3, use_bias=False), floats(2, 4)),
    Row("Dense-lora", lambda k: k.layers.Dense(3, lora_rank=2), floats(2, 4), skip=MERGED_LORA),
    Row("Dense-3d", lambda k: k.layers.Dense(3, "tanh"), floats(2, 5, 4)),
    Row("Dense-frozen", lambda k: k.layers.Dense(3, trainable=False), floats(2, 4)),
    Row("Dense-masked", lambda k: k.layers.Dense(3), floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]])),
    Row(
        "Dense-activity",
        lambda k: k.layers.Dense(3, activity_regularizer="l2"),
        floats(2, 4),
    ),
    Row(
        "Dense-floats_of_64_bits",
        lambda k: k.layers.Dense(3, dtype="float64"),
        floats(2, 4),
        skip={"mixed_precision": "has a policy of its own"},
    ),
    Row(
        "Activation",
        lambda k: k.layers.Activation("relu"),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.Activation("relo"), "Did you mean 'relu'?"),),
    ),
    Row(
        "Activation-masked",
        lambda k: k.layers.Activation(k.activations.tanh),
        floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]]),
    ),
    Row(
        "Identity",
        lambda k: k.layers.Identity(),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.Identity(units=3), "units"),),
    ),
    Row("Identity-nested", lambda k: k.layers.Identity(), [floats(2, 4), floats(2, 3)]),
    Row(
        "Masking",
        lambda k: k.layers.Masking(),
        ints(2, 3, 2, below=2, dtype="float32"),
        wrong=(Wrong(lambda k: k.layers.Masking(value=1.0), "value"),),
    ),
    Row("Masking-value", lambda k: k.layers.Masking(1.0), ints(3, 4, 1, below=2, dtype="float32")),
    Row(
        "Embedding",
        lambda k: k.layers.Embedding(5, 3),
        ints(2, 4, below=5),
        wrong=(
            Wrong(lambda k: k.layers.Embedding(0, 3), "`input_dim` must be a positive integer"),
            Wrong(lambda k: k.layers.Embedding(5, 2.5), "output_dim=2.5"),
            Wrong(lambda k: k.layers.Embedding(5, 3, weights=np.ones((3, 5))), "shape"),
            Wrong(
                lambda k: k.layers.Embedding(5, 3),
                "`input_dim`=5. Received numbers from ",
                ints(2, 4, below=9),
                error=IndexError,
            ),
        ),
    ),
    Row(
        "Embedding-masked",
        lambda k: k.layers.Embedding(3, 2, mask_zero=True),
        ints(3, 4, below=3),
    ),
    Row(
        "Embedding-lora",
        lambda k: k.layers.Embedding(5, 3, lora_rank=2),
        ints(2, 4, below=5),
        skip=MERGED_LORA,
    ),
    Row("Embedding-wide", lambda k: k.layers.Embedding(5, 3), ints(2, 4, below=5, dtype="int64")),
    Row("Embedding-bytes", lambda k: k.layers.Embedding(5, 3), ints(2, 4, below=5, dtype="uint8")),
    Row("Embedding-floats", lambda k: k.layers.Embedding(5, 3), floats(2, 4, low=0, high=4.9)),
    Row(
        "Embedding-negative",
        lambda k: k.layers.Embedding(5, 3),
        floats(2, 4, low=-4.9, high=4.9),
        skip={"export": "eager alone", "compile": "eager alone"},
    ),
    Row(
        "Embedding-everything",
        lambda k: k.layers.Embedding(
            5,
            3,
            embeddings_initializer="ones",
            embeddings_regularizer="l2",
            embeddings_constraint="unit_norm",
            activity_regularizer="l1",
        ),
        ints(2, 4, below=5),
    ),
    Row(
        "Embedding-weights",
        lambda k: k.layers.Embedding(5, 3, weights=[np.arange(15.0).reshape(5, 3)]),
        ints(2, below=5),
        skip={
            "weights": "made at once, so the paths lack the layer's name in Keras",
            "config": "built at once, which Keras writes down as built for no shapes",
        },
    ),
    Row(
        "Lambda",
        lambda k: k.layers.Lambda(registered(k, doubled)),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.Lambda(3), "function=3", error=TypeError),),
    ),
    Row(
        "Lambda-arguments",
        lambda k: k.layers.Lambda(
            registered(k, doubled), output_shape=(4,), arguments={"factor": 3.0}
        ),
        floats(2, 4),
    ),
    Row("Lambda-training", lambda k: k.layers.Lambda(registered(k, in_training)), floats(2, 4)),
    Row(
        "Lambda-mask",
        lambda k: k.layers.Lambda(registered(k, in_training), mask=registered(k, keep_mask)),
        floats(2, 3, mask=[1, 0]),
    ),
    Row(
        "EinsumDense",
        lambda k: k.layers.EinsumDense("ab,bc->ac", 3, bias_axes="c"),
        floats(2, 4),
        wrong=(
            Wrong(lambda k: k.layers.EinsumDense("ab,bc", 3), "equation='ab,bc'"),
            Wrong(lambda k: k.layers.EinsumDense("ab,bd->ac", 3), "`equation` must name each"),
            Wrong(lambda k: k.layers.EinsumDense("ab,bc->ac", "x"), "output_shape='x'"),
            Wrong(
                lambda k: k.layers.EinsumDense("abc,cd->abd", 3),
                "output_shape=(3,)",
                floats(2, 3, 4),
            ),
            Wrong(
                lambda k: k.layers.EinsumDense("abc,cd->abd", (2, 3)), "axis 'b'", floats(2, 3, 4)
            ),
            Wrong(
                lambda k: k.layers.EinsumDense("ab,bc->ac", 3, bias_axes="x"),
                "bias_axes='x'",
                floats(2, 4),
            ),
            Wrong(lambda k: k.layers.EinsumDense("ab,bc->ac", 3), "axes 'ab'", floats(2, 4, 5)),
        ),
    ),
    Row(
        "EinsumDense-unknown",
        lambda k: k.layers.EinsumDense("abc,cd->abd", (None, 3)),
        floats(2, 4, 5),
        skip={"symbolic": "Keras's symbols forget sizes that the inputs tell"},
    ),
    einsum("no_bias", "ab,bc->ac", 3, floats(2, 4)),
    Row(
        "EinsumDense-lora",
        lambda k: k.layers.EinsumDense("abc,cde->abde", (4, 3, 2), bias_axes="de", lora_rank=2),
        floats(2, 4, 5),
        skip=MERGED_LORA,
    ),
    einsum("sequence", "abc,cd->abd", (4, 3), floats(2, 4, 5), bias_axes="d"),
    einsum("split", "abc,cde->abde", (4, 3, 2), floats(2, 4, 5), bias_axes="de"),
    einsum("half_bias", "abc,cde->abde", (4, 3, 2), floats(2, 4, 5), bias_axes="d"),
    einsum("long_bias", "abc,cd->abd", (4, 3), floats(2, 4, 5), bias_axes="bd"),
    einsum("merge", "abcd,cde->abe", (4, 3), floats(2, 4, 5, 2), bias_axes="e"),
    einsum("middle", "abc,bd->adc", (3, 5), floats(2, 4, 5), bias_axes="d"),
    einsum("turned", "abc,dc->abd", (4, 3), floats(2, 4, 5), bias_axes="d"),
    einsum("swapped", "abcd,dce->abe", (4, 3), floats(2, 4, 5, 2), bias_axes="e"),
    einsum("by_step", "abc,bcd->abd", (4, 3), floats(2, 4, 5), bias_axes="bd"),
    einsum("left", "...x,xy->...y", 3, floats(2, 4, 5), bias_axes="y"),
    einsum("left_flat", "...x,xy->...y", 3, floats(2, 5), bias_axes="y"),
    einsum("left_two", "...bc,bd->...dc", (3, 5), floats(2, 4, 5), bias_axes="d"),
    einsum("right", "ab...,bc->ac...", 3, floats(2, 4, 5, 2), bias_axes="c"),
    Row(
        "EinsumDense-everything",
        lambda k: k.layers.EinsumDense(
            "abc,cd->abd",
            (4, 3),
            activation="relu",
            bias_axes="d",
            kernel_initializer="he_normal",
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer="l1",
            activity_regularizer="l2",
            kernel_constraint="max_norm",
            bias_constraint="non_neg",
            name="named",
        ),
        floats(2, 4, 5),
    ),
    Row(
        "EinsumDense-everything_else",
        lambda k: k.layers.EinsumDense(
            "abc,bd->adc",
            (3, 5),
            activation="tanh",
            bias_axes="d",
            kernel_regularizer="l2",
            bias_regularizer="l1",
            kernel_constraint="max_norm",
        ),
        floats(2, 4, 5),
    ),
    Row(
        "ReversibleEmbedding",
        lambda k: k.layers.ReversibleEmbedding(7, 3),
        ints(2, 4, below=7),
        wrong=(
            Wrong(lambda k: k.layers.ReversibleEmbedding(0, 3), "input_dim"),
            Wrong(lambda k: k.layers.ReversibleEmbedding(7, 3, logit_soft_cap=-1), "cap=-1"),
        ),
    ),
    reversible("masking", ints(2, 4, below=2), mask_zero=True),
    reversible("reverse", floats(2, 4, 3), {"reverse": True}),
    reversible("capped", floats(2, 4, 3), {"reverse": True}, logit_soft_cap=0.5),
    reversible("untied", ints(2, 4, below=7), tie_weights=False, embeddings_regularizer="l2"),
    reversible("untied_reverse", floats(2, 4, 3), {"reverse": True}, tie_weights=False),
    reversible("reverse_dtype", floats(2, 4, 3), {"reverse": True}, reverse_dtype="float32"),
]
