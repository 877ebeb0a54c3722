"""What recurrent layers cost beside torch's modules and Keras: calls, masks, training steps.

Run it with `python -m tests.speed.bench_rnn`. The contenders run turn about in one process with
the same weights; read the figures as ratios beside each other, not as times.
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

import torchkeras
from torchkeras import layers

os.environ.setdefault("KERAS_BACKEND", "torch")
Call = Callable[[], object]
BATCH, STEPS, FEATURES, UNITS, ROUNDS = 32, 100, 32, 64, 15


def ratios(title: str, contenders: dict[str, Call]) -> None:
    """Print the median time of each contender over that of the first, run turn about."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(found[2:]) for name, found in times.items()}
    first, *others = medians
    listed = ", ".join(f"{name} {medians[name] / medians[first]:.2f}" for name in others)
    print(f"{title}: {first} {1e3 * medians[first]:.2f} ms; times that: {listed}")


def module_of(layer: layers.RNN) -> nn.RNNBase:
    """Return a torch module with the layer's weights."""
    source = next(m for m in layer.modules() if isinstance(m, nn.RNNBase))
    module = type(source)(FEATURES, UNITS, batch_first=True)
    module.load_state_dict(source.state_dict())
    return module


def step(call: Callable[[Tensor], Tensor], x: Tensor) -> Call:
    """Return a forward and backward pass."""

    def run() -> None:
        call(x.detach().requires_grad_()).square().mean().backward()

    return run


def keras_twin(layer: layers.Layer, x: Tensor, *arguments: object, **options: object) -> Call:
    """Return Keras's layer of the same class and arguments, with the same weights."""
    import keras

    twin = getattr(keras.layers, type(layer).__name__)(*arguments, **options)
    twin(x)
    twin.set_weights(layer.get_weights())
    return twin


def calls(name: str) -> None:
    """Compare a layer, masked and not, with torch's module on the whole sequence."""
    x = torch.randn(BATCH, STEPS, FEATURES)
    lengths = torch.randint(STEPS // 4, STEPS, (BATCH, 1))
    padded = torch.arange(STEPS) < lengths
    gaps = torch.rand(BATCH, STEPS) < 0.7
    layer = getattr(layers, name)(UNITS, return_sequences=True)
    both = getattr(layers, name)(UNITS, return_sequences=True, return_state=True)
    slow = getattr(layers, name)(UNITS, return_sequences=True, activation="softsign")
    for each in (layer, both, slow):
        each(x)
    module = module_of(layer)
    contenders: dict[str, Callable[[Tensor], Tensor]] = {
        "module": lambda t: module(t)[0],
        "layer": layer,
        "padded on the right": lambda t: layer(t, mask=padded),
        "on the left": lambda t: layer(t, mask=padded.flip(1)),
        "gaps": lambda t: layer(t, mask=gaps),
        "gaps with states": lambda t: both(t, mask=gaps)[0],
        "step by step": slow,
        "Keras": keras_twin(layer, x, UNITS, return_sequences=True),
    }
    with torch.no_grad():
        ratios(f"{name} call", {key: lambda c=c: c(x) for key, c in contenders.items()})
    ratios(f"{name} call and gradient", {key: step(c, x) for key, c in contenders.items()})


def images() -> None:
    """Compare a convolutional LSTM with Keras's."""
    x = torch.randn(8, 20, 16, 16, 3)
    options = {"padding": "same", "return_sequences": True}
    layer = layers.ConvLSTM2D(16, 3, **options)
    layer(x)
    pair = {"Keras": keras_twin(layer, x, 16, 3, **options), "layer": layer}
    with torch.no_grad():
        ratios("ConvLSTM2D call", {key: lambda c=c: c(x) for key, c in pair.items()})
    ratios("ConvLSTM2D call and gradient", {key: step(c, x) for key, c in pair.items()})


def fits() -> None:
    """Compare an epoch of `fit`, and `predict`, with loops over torch's module."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16 * BATCH, STEPS, FEATURES)).astype("float32")
    y = rng.integers(0, 5, len(x))
    model = torchkeras.Sequential([layers.LSTM(UNITS), layers.Dense(5)])
    model.compile(
        "adam", torchkeras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[]
    )
    model.fit(x, y, batch_size=BATCH, verbose=0)
    recurrent, linear = module_of(model.layers[0]), nn.Linear(UNITS, 5)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *linear.parameters()])
    data, labels = torch.tensor(x), torch.tensor(y)

    def train() -> None:
        for at in torch.randperm(len(data)).split(BATCH):
            optimizer.zero_grad()
            logits = linear(recurrent(data[at])[0][:, -1])
            nn.functional.cross_entropy(logits, labels[at]).backward()
            optimizer.step()

    @torch.no_grad()
    def infer() -> None:
        torch.cat([linear(recurrent(part)[0][:, -1]) for part in data.split(BATCH)])

    ratios("epoch", {"loop": train, "fit": lambda: model.fit(x, y, batch_size=BATCH, verbose=0)})
    ratios("predict", {"loop": infer, "predict": lambda: model.predict(x, BATCH, verbose=0)})


if __name__ == "__main__":
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for name in ("LSTM", "GRU", "SimpleRNN"):
        calls(name)
    images()
    fits()
