"""The peak memory of a process that trains with `fit`, beside one with a loop by hand.

Run it with `python -m tests.speed.bench_memory`. Each contender trains the same convnet in a
process of its own, and says how much memory that had at most.
"""

import subprocess
import sys

SAMPLES, BATCH, EPOCHS = 1024, 64, 2

DATA = f"""
import numpy as np, resource, torch
x = np.random.default_rng(0).random(({SAMPLES}, 32, 32, 3), dtype="float32")
y = np.zeros(({SAMPLES}, 1), "float32")
"""

FIT = f"""
import torchkeras
layers = torchkeras.layers
model = torchkeras.Sequential([
    torchkeras.Input((32, 32, 3)), layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
    layers.BatchNormalization(), layers.Conv2D(64, 3, activation="relu"), layers.Flatten(),
    layers.Dense(256, activation="relu"), layers.Dense(1),
])
model.compile("adam", "mse")
model.fit(x, y, batch_size={BATCH}, epochs={EPOCHS}, verbose=0)
"""

BY_HAND = f"""
import torchkeras
from torch import nn
net = nn.Sequential(
    nn.Conv2d(3, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.Conv2d(64, 64, 3),
    nn.ReLU(), nn.Flatten(), nn.Linear(10816, 256), nn.ReLU(), nn.Linear(256, 1),
).train()
optimizer = torch.optim.Adam(net.parameters(), fused=True)
inputs, targets = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y)
for _ in range({EPOCHS}):
    order = torch.randperm({SAMPLES})
    for start in range(0, {SAMPLES}, {BATCH}):
        chosen = order[start : start + {BATCH}]
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(inputs[chosen]), targets[chosen])
        loss.backward()
        optimizer.step()
"""

PRINT = """
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mib(program: str) -> float:
    """Return the most memory that a process with this program had."""
    command = [sys.executable, "-c", DATA + program + PRINT]
    return int(subprocess.run(command, capture_output=True, check=True).stdout) / 1024


def main() -> None:
    """Print both peaks and their ratio."""
    empty, fit, by_hand = (peak_mib(program) for program in ("import torchkeras", FIT, BY_HAND))
    print(
        f"imports and data {empty:.0f} MiB, fit {fit:.0f} MiB, by hand {by_hand:.0f} MiB:", end=" "
    )
    print(f"{fit / by_hand:.3f} times; without imports and data", end=" ")
    print(f"{(fit - empty) / (by_hand - empty):.3f} times")


if __name__ == "__main__":
    main()
