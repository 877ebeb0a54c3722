"""Three ways in which torchkeras and an existing torch project go together."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import torchkeras as keras
from torchkeras import layers


def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    images = (torch.from_numpy(x).float().flatten(1) / 16 for x in (x_train, x_test))
    labels = (torch.from_numpy(y).long() for y in (y_train, y_test))
    (x_train, x_test), (y_train, y_test) = images, labels
    return x_train, y_train, x_test, y_test


def keras_layers_in_a_torch_loop(x_train, y_train, x_test, y_test) -> None:
    """(a) torchkeras layers in an `nn.Sequential`, trained by a plain loop with `torch.optim`."""
    model = nn.Sequential(layers.Dense(64, activation="relu"), nn.Dropout(0.1), layers.Dense(10))
    model(x_train[:1])  # the weights are made by the first call
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)
    for _ in range(10):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean()
    print(f"(a) a torch loop over torchkeras layers: {accuracy:.1%}")
    print("    state_dict:", list(model.state_dict()))


def torch_modules_in_keras_models(x_train, y_train, x_test, y_test) -> None:
    """(b) Stock torch modules in a Sequential and in a functional graph."""
    sequential = keras.Sequential(
        [keras.Input((64,)), nn.Linear(64, 32), nn.GELU(), layers.Dense(10)]
    )
    inputs = keras.Input((64,))
    hidden = nn.Linear(64, 32)(inputs)
    hidden = torch.cat([F.gelu(hidden), torch.tanh(hidden)], dim=-1)
    functional = keras.Model(inputs, layers.Dense(10)(nn.LayerNorm(64)(hidden)))
    for model in (sequential, functional):
        model.compile(
            keras.optimizers.Adam(3e-3),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        model.fit(x_train, y_train, epochs=10, verbose=0)
        accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
        print(f"(b) torch modules in a {type(model).__name__}: {accuracy:.1%}")


class Net(nn.Module):
    """A module as any torch project has it."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.head = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(F.relu(self.hidden(x)))


def fit_for_a_torch_module(x_train, y_train, x_test, y_test) -> None:
    """(c) An existing module gets `fit` in three lines, and is the same object afterwards."""
    net = Net()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    model = keras.Sequential([net])
    model.compile("adam", loss, metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=10, verbose=0)

    with torch.no_grad():
        accuracy = (net(x_test).argmax(1) == y_test).float().mean()
    print(f"(c) the module itself, after fit: {accuracy:.1%}, still a {type(net).__name__}")


def main() -> None:
    keras.utils.set_random_seed(0)
    data = digits()
    keras_layers_in_a_torch_loop(*data)
    torch_modules_in_keras_models(*data)
    fit_for_a_torch_module(*data)


if __name__ == "__main__":
    main()
