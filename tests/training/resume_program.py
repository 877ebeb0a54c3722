# ruff: noqa: NPY002 - the legacy generator is the one that users' programs draw from
"""Runs of `fit` in processes of their own, which may kill themselves.

The process imports everything once, computes nothing, and forks for each run, so that a run costs
a fraction of a second. It reads runs from its standard input, one in JSON a line, and answers how
each ended.
"""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch._dynamo  # which torch itself imports late, and each child would anew
from torch.utils import data as torch_data

import torchkeras
from torchkeras import callbacks, layers

ROWS, BATCH, EPOCHS = 40, 8, 4
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Noisy(torch_data.Dataset[Any]):
    """A data set that draws noise for every sample, from three generators."""

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, index: int) -> Any:
        noise = torch.rand(4) + random.random() + np.random.rand()
        return torch.from_numpy(X[index]) + 0.1 * noise, Y[index]


class Shuffled(torchkeras.utils.PyDataset):
    """A data set that shuffles itself, as Keras's guides do it."""

    def __init__(self) -> None:
        super().__init__()
        self.on_epoch_end()

    def __len__(self) -> int:
        return ROWS // BATCH

    def __getitem__(self, index: int) -> Any:
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        return X[rows], Y[rows]

    def on_epoch_end(self) -> None:
        self.order = np.random.permutation(ROWS)


class Drifting(Shuffled):
    """A data set whose order follows from all orders before, and which can say what it is."""

    def on_epoch_end(self) -> None:
        self.order = np.random.permutation(getattr(self, "order", np.arange(ROWS)))

    def state_dict(self) -> dict[str, Any]:
        return {"order": self.order}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.order = state["order"]


def endless() -> Iterator[Any]:
    while True:
        rows = np.random.randint(0, ROWS, BATCH)
        yield X[rows], Y[rows]


def loader(**options: Any) -> Any:
    return torch_data.DataLoader(Noisy(), BATCH, shuffle=True, **options)


def lasting() -> Any:
    pairs = torch_data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch_data.DataLoader(pairs, BATCH, shuffle=True, num_workers=1, persistent_workers=True)


class Stream(torch_data.IterableDataset[Any]):
    """Samples in an order that is drawn when the iteration begins."""

    def __iter__(self) -> Iterator[Any]:
        for index in torch.randperm(ROWS).tolist():
            yield X[index] + 0.1 * torch.rand(4).numpy(), Y[index]


DATA: dict[str, Any] = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": BATCH, "validation_split": 0.2},
    "arrays_over_epochs": lambda: {"x": X, "y": Y, "batch_size": 4, "steps_per_epoch": 5},
    "loader": lambda: {"x": loader(), "validation_data": (X, Y)},
    "loader_with_generator": lambda: {"x": loader(generator=torch.Generator().manual_seed(3))},
    "loader_with_workers": lambda: {"x": loader(num_workers=2), "validation_data": loader()},
    "loader_with_lasting_workers": lambda: {"x": lasting()},
    "stream": lambda: {"x": torch_data.DataLoader(Stream(), BATCH)},
    "stream_with_worker": lambda: {"x": torch_data.DataLoader(Stream(), BATCH, num_workers=1)},
    "py_dataset": lambda: {"x": Shuffled(), "validation_data": (X, Y)},
    "py_dataset_with_state": lambda: {"x": Drifting()},
    "generator": lambda: {"x": endless(), "steps_per_epoch": 5},
}


class Diary(callbacks.Callback):
    """Writes down the logs of every batch, and kills the process where it is told to."""

    def __init__(self, kill: list[Any]) -> None:
        super().__init__()
        self.pages: list[Any] = []
        self.seen = 0
        self.kill = dict(kill)

    def state_dict(self) -> dict[str, Any]:
        return {"pages": self.pages, "seen": self.seen}

    def load_state_dict(self, state: Any) -> None:
        self.pages, self.seen = state["pages"], state["seen"]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.pages.append([batch, dict(logs)])
        self.seen += 1
        self.die_at("batch", self.seen)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.die_at("validation", len(self.pages))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.pages.append([epoch, dict(logs)])
        self.die_at("epoch", epoch)

    def on_train_end(self, logs: Any = None) -> None:
        self.die_at("end", 0)

    def die_at(self, moment: str, number: int) -> None:
        if self.kill.get(moment, -1) == number:
            die()


class Last(callbacks.Callback):
    """Stands behind everything in the list."""

    def __init__(self, kill: list[Any]) -> None:
        super().__init__()
        self.kill = dict(kill)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.kill.get("last", -1) == epoch:
            die()


def die_in_writing(number: int, half: bool) -> None:
    """Kill the process in the writing of a backup: half way through, or before it takes effect."""
    write, count = safetensors.torch.save_file, 0

    def save_file(tensors: Any, path: Any, metadata: Any = None) -> None:
        nonlocal count
        count += 1
        write(tensors, path, metadata)
        if count == number:
            if half:
                os.truncate(path, Path(path).stat().st_size // 2)
            die()

    safetensors.torch.save_file = save_file


def die_in_deleting() -> None:
    unlink = Path.unlink

    def die_first(self: Path, missing_ok: bool = False) -> None:
        if self.name == _NAME:
            die()
        unlink(self, missing_ok)

    Path.unlink = die_first  # type: ignore[method-assign]


_NAME = "latest.safetensors"


def build() -> Any:
    model = torchkeras.Sequential(
        [
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.GaussianNoise(0.1) if hasattr(layers, "GaussianNoise") else layers.Dropout(0.1),
            layers.Dense(2, activation="softmax"),
        ]
    )
    optimizer = torchkeras.optimizers.Adam(0.02, use_ema=True, gradient_accumulation_steps=2)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(data: str, folder: Path, save_freq: Any, kill: list[Any], **options: Any) -> Any:
    torchkeras.utils.set_random_seed(11)
    for moment, number in kill:
        if moment == "writing":
            die_in_writing(number, half=True)
        if moment == "written":
            die_in_writing(number, half=False)
        if moment == "deleting":
            die_in_deleting()
    model, diary = build(), Diary(kill)
    plateau = callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=0.5)
    stopping = callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    backup = callbacks.BackupAndRestore(folder / "backup", save_freq, **options)
    listeners = [
        backup, diary, plateau, stopping,
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        callbacks.CSVLogger(folder / "log.csv"),
        Last(kill),
    ]  # fmt: skip
    history = model.fit(**DATA[data](), epochs=EPOCHS, verbose=0, callbacks=listeners)
    return {
        "weights": digest(model.get_weights()),
        "optimizer": digest([variable.numpy() for variable in model.optimizer.variables]),
        "history": [history.history, history.epoch],
        "diary": diary.pages,
        "plateau": [float(plateau.best), plateau.wait, plateau.cooldown_counter],
        "stopping": [float(stopping.best), stopping.wait, stopping.best_epoch],
        "csv": (folder / "log.csv").read_text(),
        "next": [random.random(), np.random.rand(), torch.rand(1).item(), dropped()],
        "left": sorted(path.name for path in folder.glob("backup/*")),
    }


def dropped() -> float:
    return float(torchkeras.random.uniform(()))


def digest(arrays: list[Any]) -> list[str]:
    return [array.tobytes().hex() for array in arrays]


def run(order: dict[str, Any]) -> None:
    folder = Path(order.pop("folder"))
    result = fit(folder=folder, **order)
    (folder / "result.json").write_text(json.dumps(result))


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run(json.loads(line))
            except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
