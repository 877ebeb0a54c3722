"""`fit` needs no more memory than the loop that a torch user writes."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from torchkeras import Input, Sequential, layers
from torchkeras._data import arrays

RNG = np.random.default_rng(0)
BATCH, SAMPLES = 64, 256


class Peak(TorchDispatchMode):
    """Counts the bytes of all new tensors that live at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.highest = 0
        tensors = [
            found for found in gc.get_objects() if type(found) in (torch.Tensor, nn.Parameter)
        ]
        self._known = {found.untyped_storage().data_ptr() for found in tensors}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, torch.Tensor):
                self._note(leaf.untyped_storage())
        return made

    def _note(self, storage: torch.UntypedStorage) -> None:
        place, size = storage.data_ptr(), storage.nbytes()
        if place in self._known:
            return
        self._known.add(place)
        self.live += size
        self.highest = max(self.highest, self.live)
        weakref.finalize(storage, self._forget, place, size)

    def _forget(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.live -= size


def perceptron() -> tuple[Any, nn.Module, np.ndarray]:
    ours = [Input((512,)), layers.Dense(512, activation="relu"), layers.Dense(256), layers.ReLU()]
    theirs = [nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 1)]
    x = RNG.random((SAMPLES, 512), "float32")
    return Sequential([*ours, layers.Dense(1)]), nn.Sequential(*theirs), x


def convnet() -> tuple[Any, nn.Module, np.ndarray]:
    ours = [
        Input((16, 16, 3)), layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
        layers.BatchNormalization(), layers.Conv2D(8, 3), layers.ReLU(), layers.Flatten(),
        layers.Dense(1),
    ]  # fmt: skip
    theirs = [
        nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(16), nn.Conv2d(16, 8, 3),
        nn.ReLU(), nn.Flatten(), nn.Linear(200, 1),
    ]  # fmt: skip
    return Sequential(ours), nn.Sequential(*theirs), RNG.random((SAMPLES, 16, 16, 3), "float32")


def peak_of(run: Callable[[], Any]) -> int:
    run()
    gc.collect()
    with Peak() as peak:
        run()
    return peak.highest


def by_hand(net: nn.Module, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    optimizer = torch.optim.Adam(net.parameters())
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    if inputs.dim() == 4:
        inputs = inputs.permute(0, 3, 1, 2)

    def epoch() -> None:
        net.train()
        order = torch.randperm(SAMPLES)
        total = torch.zeros(())
        for start in range(0, SAMPLES, BATCH):
            chosen = order[start : start + BATCH]
            optimizer.zero_grad()
            loss = ((net(inputs[chosen]) - targets[chosen]) ** 2).mean()
            loss.backward()
            optimizer.step()
            total += loss.detach()

    return epoch


def runs(make: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
    model, net, x = make()
    y = np.zeros((SAMPLES, 1), "float32")
    model.compile("adam", "mse")
    return lambda: model.fit(x, y, batch_size=BATCH, verbose=0), by_hand(net, x, y)


@pytest.mark.parametrize("make", [perceptron, convnet])
def test_a_step_needs_as_much_as_one_by_hand(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchkeras._data.arrays._STRETCH_BYTES", 1)
    fit, loop = runs(make)
    assert peak_of(fit) <= 1.05 * peak_of(loop)


@pytest.mark.parametrize("make", [perceptron, convnet])
def test_what_is_read_ahead_is_little(make: Any) -> None:
    fit, loop = runs(make)
    assert peak_of(fit) <= 1.05 * peak_of(loop) + 2 * arrays._STRETCH_BYTES
