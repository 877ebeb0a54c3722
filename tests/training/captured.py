"""What the tests of captured steps share: nets, and runs of `fit` with and without a capture."""

from typing import Any

import numpy as np
import torch

import torchkeras
from torchkeras import layers, regularizers
from torchkeras._training.captured import cuda_graph
from torchkeras._training.captured import step as captured_step

RNG = np.random.default_rng(0)
X, Y = RNG.random((44, 6), "float32"), RNG.random((44, 1), "float32")
LABELS = RNG.integers(0, 3, 44)
IMAGES = RNG.random((44, 6, 6, 2), "float32")
CAPTURED = "captured: a graph of its kernels is replayed"


def perceptron() -> Any:
    found = [
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(8, activation="gelu"),
        layers.LayerNormalization(),
        layers.Dense(1),
    ]
    return torchkeras.Sequential([layers.Input((6,)), *found])


def classifier() -> Any:
    found = [layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
    return torchkeras.Sequential([layers.Input((6,)), *found])


def convnet() -> Any:
    inputs = layers.Input((6, 6, 2))
    found = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    found = layers.Activation("relu")(layers.BatchNormalization()(found))
    found = layers.Add()([found, layers.Conv2D(4, 1)(inputs)])
    found = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(found))
    return torchkeras.Model(inputs, layers.Dense(3, activation="softmax")(found))


def imaging() -> Any:
    found = [
        layers.ZeroPadding2D(),
        layers.SeparableConv2D(4, 3, padding="same"),
        layers.GroupNormalization(2),
        layers.PReLU(),
        layers.Conv2DTranspose(3, 2, strides=2),
        layers.Cropping2D(),
        layers.DepthwiseConv2D(3),
        layers.AveragePooling2D(2),
        layers.UpSampling2D(),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
    return torchkeras.Sequential([layers.Input((6, 6, 2)), *found])


def sequential() -> Any:
    found = [
        layers.ZeroPadding1D(),
        layers.Conv1D(4, 3, padding="causal", activation="relu"),
        layers.SeparableConv1D(4, 2),
        layers.DepthwiseConv1D(2),
        layers.Conv1DTranspose(4, 2),
        layers.Cropping1D(),
        layers.MaxPooling1D(),
        layers.Reshape((2, 2, -1, 1)),
        layers.Conv3D(2, (2, 1, 1)),
        layers.Flatten(),
        layers.Dense(1),
    ]
    return torchkeras.Sequential([layers.Input((6, 2)), *found])


def text() -> Any:
    found = [layers.Embedding(7, 4), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")]
    return torchkeras.Sequential([layers.Input((6,), dtype="int32"), *found])


def attentive() -> Any:
    inputs = layers.Input((6, 2))
    found = layers.MultiHeadAttention(2, 3, dropout=0.2)(inputs, inputs)
    found = layers.Flatten()(layers.LayerNormalization()(layers.Add()([inputs, found])))
    return torchkeras.Model(inputs, layers.Dense(1)(found))


def branched() -> Any:
    left, right = layers.Input((6,), name="left"), layers.Input((6,), name="right")
    joined = layers.Concatenate()([layers.Dense(4, "relu")(left), layers.Dense(3, "tanh")(right)])
    return torchkeras.Model({"right": right, "left": left}, layers.Dense(1)(joined))


def regularized() -> Any:
    penal = regularizers.L2(0.01)
    found = [layers.Dense(4, kernel_regularizer=penal, activation="tanh"), layers.Dense(1)]
    return torchkeras.Sequential([layers.Input((6,)), *found])


def mixed() -> Any:
    policy = torchkeras.dtype_policies.DTypePolicy("mixed_bfloat16")
    found = [layers.Dense(8, "relu", dtype=policy), layers.Dense(1, dtype="float32")]
    return torchkeras.Sequential([layers.Input((6,)), *found])


NETS: dict[str, tuple[Any, ...]] = {
    "perceptron": (perceptron, "mse", ["mae"], X, Y),
    "classifier": (classifier, "sparse_categorical_crossentropy", ["accuracy"], X, LABELS),
    "convnet": (convnet, "sparse_categorical_crossentropy", ["accuracy"], IMAGES, LABELS),
    "imaging": (imaging, "sparse_categorical_crossentropy", ["accuracy"], IMAGES, LABELS),
    "sequential": (sequential, "log_cosh", ["mae"], X[:, :, None].repeat(2, -1), Y),
    "text": (text, "binary_crossentropy", ["accuracy"], 6 * X, (Y > 0.5).astype("float32")),
    "attentive": (attentive, "huber", [], X[:, :, None].repeat(2, -1), Y),
    "branched": (branched, "mse", ["mae"], {"left": X, "right": 1 - X}, Y),
    "regularized": (regularized, "mse", [], X, Y),
    "mixed": (mixed, "mse", ["mse"], X, Y),
    "unknown metrics": (text, "binary_crossentropy", ["AUC"], X, (Y > 0.5).astype("float32")),
}


def use(monkeypatch: Any, graph: Any) -> None:
    """Let steps on a CPU be captured early, by a graph or by none."""
    monkeypatch.setattr(captured_step, "_WAITS", 2)
    if graph is None:
        monkeypatch.delitem(cuda_graph.GRAPHS, "cpu", raising=False)
    else:
        monkeypatch.setitem(cuda_graph.GRAPHS, "cpu", graph)


def trained(
    net: str = "perceptron",
    optimizer: Any = "adam",
    *,
    eagerly: bool = False,
    callbacks: Any = (),
    epochs: int = 3,
    **fit: Any,
) -> tuple[Any, dict[str, list[float]]]:
    """Train a net; five whole batches and a partial one make an epoch."""
    make, loss, metrics, x, y = NETS[net]
    torchkeras.utils.set_random_seed(1)
    model = make()
    made = optimizer() if callable(optimizer) else optimizer
    model.compile(made, loss, metrics=metrics, run_eagerly=eagerly)
    listeners = [callback() for callback in callbacks]
    history = model.fit(
        x, y, batch_size=8, epochs=epochs, verbose=0, callbacks=listeners, **fit
    ).history
    return model, history


def state(model: Any) -> list[torch.Tensor]:
    """Everything that training changes."""
    found = [*model.parameters(), *model.buffers()]
    found += [variable.value for variable in model.optimizer.variables]
    return [*found, torch.get_rng_state()]


def assert_same(a: Any, b: Any) -> None:
    """Say that two runs had the same numbers, to the last bit."""
    assert a[1] == b[1]
    for left, right in zip(state(a[0]), state(b[0]), strict=True):
        torch.testing.assert_close(left, right, rtol=0, atol=0)


def assert_near(a: Any, b: Any, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """Say that two runs had the same numbers up to rounding."""
    for name, values in b[1].items():
        np.testing.assert_allclose(a[1][name], values, rtol=rtol, atol=atol)
    for left, right in zip(a[0].get_weights(), b[0].get_weights(), strict=True):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol)
