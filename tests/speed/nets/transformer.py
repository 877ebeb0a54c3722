"""A small transformer block over 200 words, as in the text classification tutorial."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, correct

WORDS, LENGTH, WIDTH, HEADS = 5000, 200, 32, 2


def data(samples):
    words = RNG.integers(0, WORDS, (samples, LENGTH), dtype="int32")
    return words, RNG.integers(0, 2, samples)


def keras(k):
    layers = k.layers
    inputs = k.Input((LENGTH,), dtype="int32")
    x = layers.Embedding(WORDS, WIDTH)(inputs)
    y = layers.MultiHeadAttention(HEADS, WIDTH)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, layers.Dropout(0.1)(y)]))
    y = layers.Dense(WIDTH)(layers.Dense(32, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, layers.Dropout(0.1)(y)]))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    x = layers.Dropout(0.1)(layers.Dense(20, activation="relu")(x))
    model = k.Model(inputs, layers.Dense(2, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * HEADS * WIDTH)
        self.merge = nn.Linear(HEADS * WIDTH, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, 1e-6) for _ in range(2))
        self.inner, self.outer = nn.Linear(WIDTH, 32), nn.Linear(32, WIDTH)
        self.hidden, self.out = nn.Linear(WIDTH, 20), nn.Linear(20, 2)

    def forward(self, words):
        def dropped(x):
            return F.dropout(x, 0.1, self.training)

        x = self.embedding(words)
        heads = self.qkv(x).unflatten(-1, (3, HEADS, WIDTH)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        x = self.norms[0](x + dropped(self.merge(y)))
        x = self.norms[1](x + dropped(self.outer(F.relu(self.inner(x)))))
        return self.out(dropped(F.relu(self.hidden(dropped(x.mean(1))))))


NET = Net(
    name="transformer",
    data=data,
    keras=keras,
    torch=Block,
    loss=F.cross_entropy,
    optimizer=lambda parameters: torch.optim.Adam(parameters, fused=True),
    metric=correct,
    torch_data=lambda x, y: (x.long(), y),
    batch=32,
    steps=16,
)
