"""Text of 500 words through two strided convolutions."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, right_side

WORDS, LENGTH, WIDTH = 5000, 500, 128


def data(samples):
    words = RNG.integers(0, WORDS, (samples, LENGTH), dtype="int32")
    return words, RNG.integers(0, 2, (samples, 1)).astype("float32")


def keras(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((LENGTH,), dtype="int32"),
            layers.Embedding(WORDS, WIDTH),
            layers.Dropout(0.5),
            layers.Conv1D(WIDTH, 7, strides=3, activation="relu"),
            layers.Conv1D(WIDTH, 7, strides=3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(WIDTH, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.first = nn.Conv1d(WIDTH, WIDTH, 7, stride=3)
        self.second = nn.Conv1d(WIDTH, WIDTH, 7, stride=3)
        self.hidden, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, words):
        x = F.dropout(self.embedding(words), 0.5, self.training).transpose(1, 2)
        x = F.relu(self.second(F.relu(self.first(x)))).amax(-1)
        return self.out(F.dropout(F.relu(self.hidden(x)), 0.5, self.training))


NET = Net(
    name="Conv1D text",
    data=data,
    keras=keras,
    torch=Text,
    loss=F.binary_cross_entropy_with_logits,
    optimizer=lambda parameters: torch.optim.Adam(parameters, fused=True),
    metric=right_side,
    torch_data=lambda x, y: (x.long(), y),
    batch=32,
    steps=16,
)
