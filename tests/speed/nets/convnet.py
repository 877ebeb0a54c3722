"""The MNIST convnet of the Keras documentation with Adam."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, correct


def data(samples):
    return RNG.random((samples, 28, 28, 1), "float32"), RNG.integers(0, 10, samples)


def keras(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def in_torch():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )


def channels_first(x, y):
    return x.permute(0, 3, 1, 2).contiguous(), y


NET = Net(
    name="MNIST convnet",
    data=data,
    keras=keras,
    torch=in_torch,
    loss=F.cross_entropy,
    optimizer=lambda parameters: torch.optim.Adam(parameters, fused=True),
    metric=correct,
    torch_data=channels_first,
    batch=128,
    steps=12,
)
