"""Words through an LSTM of 64 units over 200 steps."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, right_side

WORDS, LENGTH, WIDTH = 5000, 200, 64


def data(samples):
    words = RNG.integers(1, WORDS, (samples, LENGTH), dtype="int32")
    return words, RNG.integers(0, 2, (samples, 1)).astype("float32")


def keras(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((LENGTH,), dtype="int32"),
            layers.Embedding(WORDS, WIDTH),
            layers.LSTM(64),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.lstm = nn.LSTM(WIDTH, 64, batch_first=True)
        self.out = nn.Linear(64, 1)

    def forward(self, words):
        return self.out(self.lstm(self.embedding(words))[0][:, -1])


NET = Net(
    name="LSTM",
    data=data,
    keras=keras,
    torch=Text,
    loss=F.binary_cross_entropy_with_logits,
    optimizer=lambda parameters: torch.optim.Adam(parameters, fused=True),
    metric=right_side,
    torch_data=lambda x, y: (x.long(), y),
    batch=32,
    steps=8,
)
