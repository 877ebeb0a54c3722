"""Saving and loading a tiny model, beside Keras on torch.

Run it with `python -m tests.speed.bench_small_files`. Each package runs in processes of its own,
which take turns; the best time of all counts. We wait for the disk and rename, and Keras does not.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

ROUNDS, REPEATS = 5, 30
PACKAGES = ("keras", "torchkeras")


def actions(package: Any, folder: str) -> dict[str, Callable[[], Any]]:
    """Return what is timed: two layers with Adam, after a step."""
    import numpy as np

    model = package.Sequential(
        [package.Input((4,)), package.layers.Dense(8, "relu"), package.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.fit(np.zeros((8, 4)), np.zeros((8, 1)), verbose=0)
    whole, weights = f"{folder}/m.keras", f"{folder}/m.weights.h5"
    return {
        "save": lambda: model.save(whole),
        "load_model": lambda: package.saving.load_model(whole),
        "save_weights": lambda: model.save_weights(weights),
        "load_weights": lambda: model.load_weights(weights),
    }


def best(run: Callable[[], Any]) -> float:
    """Return the best time of many in milliseconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def contend(name: str) -> None:
    """Print the times of one package."""
    if name == "keras":
        os.environ["KERAS_BACKEND"] = "torch"
        import keras as package
    else:
        import torchkeras as package
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for what, run in actions(package, folder).items():
            print(what, best(run))


def times_of(name: str) -> dict[str, float]:
    """Return the times of one package, measured in a new process."""
    command = [sys.executable, "-m", "tests.speed.bench_small_files", name]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return {what: float(time) for what, time in map(str.split, done.stdout.splitlines())}


def main() -> None:
    """Print times in milliseconds and their ratio."""
    if len(sys.argv) > 1:
        contend(sys.argv[1])
        return
    rounds = [{name: times_of(name) for name in PACKAGES} for _ in range(ROUNDS)]
    for what in rounds[0]["keras"]:
        keras, ours = (min(found[name][what] for found in rounds) for name in PACKAGES)
        print(f"{what:13} keras {keras:6.2f} ms, ours {ours:6.2f} ms, ratio {ours / keras:.2f}")


if __name__ == "__main__":
    main()
