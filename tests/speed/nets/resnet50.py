"""ResNet-50 on 224x224 images in mixed precision, for a GPU; by hand compiled and channels-last."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, correct

CLASSES = 1000
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))


def data(samples):
    return RNG.random((samples, 224, 224, 3), "float32"), RNG.integers(0, CLASSES, samples)


def keras(k):
    policy = k.config.dtype_policy()
    k.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = k.applications.ResNet50(weights=None, classes=CLASSES)
    finally:
        k.config.set_dtype_policy(policy)
    compiled = {"jit_compile": True} if k.__name__ == "torchkeras" else {}
    sgd = k.optimizers.SGD(0.01, momentum=0.9)
    model.compile(sgd, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiled)
    return model


def normed(before, width, size, stride=1, padding=0):
    """Keras's network has biases, and its stride in the first convolution of a block."""
    return nn.Sequential(
        nn.Conv2d(before, width, size, stride, padding),
        nn.BatchNorm2d(width, eps=1.001e-5, momentum=0.01),
    )


class Block(nn.Module):
    def __init__(self, before, width, stride, widens):
        super().__init__()
        self.first = normed(before, width, 1, stride)
        self.second = normed(width, width, 3, padding=1)
        self.third = normed(width, 4 * width, 1)
        self.short = normed(before, 4 * width, 1, stride) if widens else nn.Identity()

    def forward(self, x):
        y = self.third(F.relu(self.second(F.relu(self.first(x)))))
        return F.relu(y + self.short(x))


class Mixed(nn.Module):
    """A compiled module under autocast, whose images lie channels-last."""

    def __init__(self, module):
        super().__init__()
        self.module = module.to(memory_format=torch.channels_last)
        self.run = torch.compile(self.module)

    def forward(self, x):
        with torch.autocast(x.device.type, torch.bfloat16):
            return self.run(x).float()


def in_torch():
    blocks, before = [], 64
    for width, count, stride in STAGES:
        for number in range(count):
            blocks.append(Block(before, width, 1 if number else stride, number == 0))
            before = 4 * width
    return Mixed(
        nn.Sequential(
            normed(3, 64, 7, 2, padding=3),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
            *blocks,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(before, CLASSES),
        )
    )


def channels_last(x, y):
    return x.permute(0, 3, 1, 2), y


NET = Net(
    name="ResNet-50",
    data=data,
    keras=keras,
    torch=in_torch,
    loss=F.cross_entropy,
    optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True),
    metric=correct,
    torch_data=channels_last,
    batch=64,
    steps=12,
)
