"""Weather through two GRUs of 32 units over 120 steps, as in the forecasting tutorial."""

import torch
from torch import nn
from torch.nn import functional as F

from .net import RNG, Net, absolute_error, as_they_are

LENGTH, FEATURES = 120, 14


def data(samples):
    x = RNG.standard_normal((samples, LENGTH, FEATURES), "float32")
    return x, RNG.standard_normal((samples, 1), "float32")


def keras(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((LENGTH, FEATURES)),
            layers.GRU(32, return_sequences=True),
            layers.GRU(32),
            layers.Dense(1),
        ]
    )
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(FEATURES, 32, num_layers=2, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1])


NET = Net(
    name="two GRUs",
    data=data,
    keras=keras,
    torch=Forecast,
    loss=F.mse_loss,
    optimizer=lambda parameters: torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, foreach=True),
    metric=absolute_error,
    torch_data=as_they_are,
    batch=128,
    steps=6,
)
