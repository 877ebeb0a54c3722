"""What a step of `fit` and of `predict` costs beside a hand-written torch loop and Keras on torch.

Run it with `python -m tests.speed.bench_fit` (`--no-keras` leaves Keras out).

All contenders do the same work (shuffling, metrics, fused optimizer) turn about in one process;
read the figures as ratios.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import torchkeras

SAMPLES, FEATURES, BATCH = 404, 13, 16
EPOCHS, ROUNDS = 4, 12
RNG = np.random.default_rng(0)
X = RNG.random((SAMPLES, FEATURES), dtype="float32")
Y = RNG.random((SAMPLES, 1), dtype="float32")
STEPS = -(-SAMPLES // BATCH)

Run = Callable[[], Any]


def by_hand() -> tuple[Run, Run]:
    """The loop that a torch user writes: fused Adam, metrics kept on the device."""
    net = nn.Sequential(
        nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)

    def fit() -> None:
        net.train()
        for _ in range(EPOCHS):
            order = torch.randperm(SAMPLES)
            loss_sum = mae_sum = torch.zeros(())
            for start in range(0, SAMPLES, BATCH):
                chosen = order[start : start + BATCH]
                inputs, targets = x[chosen], y[chosen]
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = F.mse_loss(outputs, targets)
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    loss_sum = loss_sum + loss * len(inputs)
                    mae_sum = mae_sum + (outputs - targets).abs().sum()
            (loss_sum / SAMPLES).item(), (mae_sum / SAMPLES).item()

    def predict() -> Any:
        net.eval()
        with torch.inference_mode():
            parts = [net(x[start : start + BATCH]) for start in range(0, SAMPLES, BATCH)]
        return torch.cat(parts).numpy()

    return fit, predict


def with_package(package: Any) -> tuple[Run, Run]:
    """The same with `fit` and `predict` of torchkeras or Keras."""
    dense = package.layers.Dense
    model = package.Sequential(
        [
            package.Input((FEATURES,)),
            dense(64, activation="relu"),
            dense(64, activation="relu"),
            dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])

    def fit() -> None:
        model.fit(X, Y, batch_size=BATCH, epochs=EPOCHS, verbose=0)

    def predict() -> Any:
        return model.predict(X, batch_size=BATCH, verbose=0)

    return fit, predict


def seconds(run: Run, times: int) -> float:
    """Return the processor time of a run, which other programs on the machine change little."""
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times


def main() -> None:
    torch.set_num_threads(1)
    contenders = {"by hand": by_hand(), "torchkeras": with_package(torchkeras)}
    if "--no-keras" not in sys.argv:
        import keras

        contenders["Keras on torch"] = with_package(keras)
    for which, (what, count, runs_each) in enumerate(
        (("fit", EPOCHS * STEPS, 1), ("predict", STEPS, 10))
    ):
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for runs in contenders.values():
            runs[which]()
        for _ in range(ROUNDS):
            for name, runs in contenders.items():
                times[name].append(seconds(runs[which], runs_each) / count)
        print(f"{what}, tiny MLP, batch {BATCH}")
        for name, found in times.items():
            pairs = [a / b for a, b in zip(found, times["by hand"], strict=True)]
            micro = statistics.median(found) * 1e6
            print(f"  {name:15} {micro:8.0f} us/step   {statistics.median(pairs):6.2f} x by hand")


if __name__ == "__main__":
    main()
