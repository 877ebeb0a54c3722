"""What the heart costs: a Dense call, ten Dense in a row, and the import.

Run it with `python -m tests.speed.bench_heart`. The contenders run turn about in one process; read
the figures as ratios and differences beside each other, not as times.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import torch
from torch import nn

import torchkeras
from torchkeras import layers

Call = Callable[[], object]
ROUNDS, CALLS = 25, 2000


def medians(contenders: dict[str, Call], calls: int = CALLS) -> dict[str, float]:
    """Return the median time of a call in microseconds for each contender, run turn about."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            start = time.perf_counter()
            for _ in range(calls):
                call()
            times[name].append((time.perf_counter() - start) / calls * 1e6)
    return {name: statistics.median(found) for name, found in times.items()}


def dense_call() -> None:
    x = torch.ones(2, 4)
    ours, theirs, plain = layers.Dense(3), keras.layers.Dense(3), nn.Linear(4, 3)
    contenders: dict[str, Call] = {
        "torchkeras Dense": lambda: ours(x),
        "nn.Linear": lambda: plain(x),
    }
    found = medians(contenders)
    slow = medians({"keras": lambda: theirs(x)}, calls=200)["keras"]
    over = found["torchkeras Dense"] - found["nn.Linear"]
    print(
        f"one Dense call: {over:.2f} us over nn.Linear's {found['nn.Linear']:.2f} us; "
        f"Keras on torch {slow / found['nn.Linear']:.1f} times nn.Linear"
    )


def ten_dense() -> None:
    width = 32
    x = torch.ones(1, width)
    inputs = layers.Input((width,))
    hidden = inputs
    for _ in range(10):
        hidden = layers.Dense(width)(hidden)
    ours = torchkeras.Model(inputs, hidden)
    plain = nn.Sequential(*[nn.Linear(width, width) for _ in range(10)])
    contenders: dict[str, Call] = {"ours": lambda: ours(x), "plain": lambda: plain(x)}
    found = medians(contenders, calls=500)
    print(f"ten Dense, functional: {found['ours'] / found['plain']:.2f} times nn.Sequential")


def import_time() -> None:
    """Time fresh processes that import torch, and torchkeras, turn about, from compiled files."""
    with tempfile.TemporaryDirectory() as cache:
        times = _import_times({**os.environ, "PYTHONPYCACHEPREFIX": cache})
    ratio = statistics.median(times["torchkeras"]) / statistics.median(times["torch"])
    print(f"import torchkeras: {ratio:.2f} times import torch")


def _import_times(environment: dict[str, str]) -> dict[str, list[float]]:
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {"torch": [], "torchkeras": []}
    for turn in range(8):
        for name, found in times.items():
            program = (
                f"from time import perf_counter as now; t = now(); import {name}; print(now() - t)"
            )
            command = [sys.executable, "-c", program]
            out = subprocess.run(
                command, capture_output=True, text=True, check=True, env=environment
            )
            if turn:  # the first compiles
                found.append(float(out.stdout))
    return times


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        dense_call()
        ten_dense()
    import_time()
