"""The MNIST perceptron of 784-512-10 with RMSprop."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, as_they_are, correct


def data(samples):
    return RNG.random((samples, 784), "float32"), RNG.integers(0, 10, samples)


def keras(k):
    dense = k.layers.Dense
    model = k.Sequential(
        [k.Input((784,)), dense(512, activation="relu"), dense(10, activation="softmax")]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def in_torch():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))


NET = Net(
    name="MNIST MLP",
    data=data,
    keras=keras,
    torch=in_torch,
    loss=F.cross_entropy,
    optimizer=lambda parameters: torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, foreach=True),
    metric=correct,
    torch_data=as_they_are,
    batch=128,
    steps=60,
)
