"""A small model, trained by `fit` and in a plain torch loop."""

import functools
from typing import Any

import numpy as np
import torch
from torch import nn

from torchkeras import Input, Sequential, layers

RNG = np.random.default_rng(1)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = RNG.normal(size=(24, 1)).astype("float32")
WEIGHTS = RNG.random(24).astype("float32")


def net(optimizer: Any = None, *, frozen: bool = False, **compiled: Any) -> Any:
    rng = np.random.default_rng(5)
    model = Sequential([Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.layers[0].trainable = not frozen
    if optimizer is not None:
        model.compile(optimizer, "mse", **compiled)
    return model


def fit(model: Any, epochs: int = 3, **options: Any) -> Any:
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, **options)


def by_hand(make: Any, epochs: int = 3, after_step: Any = None, clip: float | None = None) -> Any:
    """Train a model in a plain torch loop, and return it."""
    model = net()
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = make(params)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for _ in range(epochs):
        for start in range(0, 24, 8):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[start : start + 8]), y[start : start + 8]).backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(params, clip)
            optimizer.step()
            if after_step is not None:
                after_step()
    return model


def assert_same(model: Any, expected: Any) -> None:
    for found, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


ADAM = functools.partial(torch.optim.Adam, lr=0.05, weight_decay=0.1)
