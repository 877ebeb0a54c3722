"""A small residual net on 32x32 images with batch normalization and SGD with momentum."""

import torch
from torch import nn
from torch.nn import functional as F

from .convnet import channels_first
from .net import RNG, Net, correct

WIDTHS = (32, 64, 128)


def data(samples):
    return RNG.random((samples, 32, 32, 3), "float32"), RNG.integers(0, 10, samples)


def keras(k):
    layers = k.layers

    def normed(x, width, size, stride=1):
        x = layers.Conv2D(width, size, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    x = inputs = k.Input((32, 32, 3))
    x = layers.ReLU()(normed(x, WIDTHS[0], 3))
    for stage, width in enumerate(WIDTHS):
        stride = 2 if stage else 1
        y = layers.ReLU()(normed(x, width, 3, stride))
        y = normed(y, width, 3)
        short = normed(x, width, 1, stride) if stage else x
        x = layers.ReLU()(layers.add([y, short]))
    x = layers.GlobalAveragePooling2D()(x)
    model = k.Model(inputs, layers.Dense(10, activation="softmax")(x))
    sgd = k.optimizers.SGD(0.01, momentum=0.9)
    model.compile(sgd, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def normed(before, width, size, stride=1):
    return nn.Sequential(
        nn.Conv2d(before, width, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(width, eps=1e-3, momentum=0.01),
    )


class Block(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.first, self.second = normed(before, width, 3, stride), normed(width, width, 3)
        self.short = nn.Identity() if stride == 1 else normed(before, width, 1, stride)

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        return F.relu(y + self.short(x))


def in_torch():
    befores = (WIDTHS[0], *WIDTHS)
    blocks = [Block(befores[i], width, 2 if i else 1) for i, width in enumerate(WIDTHS)]
    return nn.Sequential(
        normed(3, WIDTHS[0], 3),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(WIDTHS[-1], 10),
    )


NET = Net(
    name="small ResNet",
    data=data,
    keras=keras,
    torch=in_torch,
    loss=F.cross_entropy,
    optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True),
    metric=correct,
    torch_data=channels_first,
    batch=32,
    steps=6,
)
