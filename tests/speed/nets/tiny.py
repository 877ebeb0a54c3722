"""A perceptron of 13-64-64-1, where all time is spent between the kernels."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, absolute_error, as_they_are


def data(samples):
    return RNG.random((samples, 13), "float32"), RNG.random((samples, 1), "float32")


def keras(k):
    dense = k.layers.Dense
    model = k.Sequential(
        [k.Input((13,)), dense(64, activation="relu"), dense(64, activation="relu"), dense(1)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def in_torch():
    return nn.Sequential(
        nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )


NET = Net(
    name="tiny MLP",
    data=data,
    keras=keras,
    torch=in_torch,
    loss=F.mse_loss,
    optimizer=lambda parameters: torch.optim.Adam(parameters, fused=True),
    metric=absolute_error,
    torch_data=as_they_are,
    batch=16,
    steps=200,
)
