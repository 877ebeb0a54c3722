"""A folder of JPEGs read into batches, beside torchvision's `ImageFolder` in a `DataLoader`.

    python -m tests.speed.bench_folders --files 5000

Both resize to 128x128 and yield batches of 32. The figure is the median of the ratios of
neighbouring passes. The process grows over some passes of torchkeras alone, after a first.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader

import torchkeras

SIZE, BATCH, CLASSES = (128, 128), 32, 5


def generate(folder: Path, files: int) -> None:
    """Write smooth pictures of 240x180 with some noise, as photographs compress."""
    rng = np.random.default_rng(0)
    for number in range(files):
        place = folder / f"class_{number % CLASSES}"
        place.mkdir(exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), "uint8"))
        pixels = np.asarray(coarse.resize((240, 180), Image.Resampling.BICUBIC), "int16")
        noisy = (pixels + rng.integers(-12, 12, pixels.shape)).clip(0, 255).astype("uint8")
        Image.fromarray(noisy).save(place / f"{number:05}.jpg", quality=90)


def ours(folder: Path) -> Iterable[Any]:
    """The folder as torchkeras reads it."""
    return torchkeras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, verbose=False
    )


def beside(folder: Path, workers: int) -> Iterable[Any]:
    """The folder as torchvision reads it, floats from 0 to 255 as well."""
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    fit = v2.Compose([v2.Resize(SIZE), v2.PILToTensor(), v2.ToDtype(torch.float32)])
    images = ImageFolder(str(folder), transform=fit)
    return DataLoader(images, batch_size=BATCH, shuffle=True, num_workers=workers)


def seconds(make: Callable[[], Iterable[Any]]) -> float:
    """Return the time of a pass."""
    start = time.perf_counter()
    for _ in make():
        pass
    return time.perf_counter() - start


def resident() -> float:
    """Return the memory of this process in MiB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, options.files)
        data = ours(folder)
        seconds(lambda: data)
        grown = -resident()
        for _ in range(options.rounds):
            seconds(lambda: data)
        grown += resident()
        turns: dict[str, list[float]] = {"no workers": [], "2 workers": []}
        for _ in range(options.rounds):
            own = seconds(lambda: data)
            for workers, found in zip((0, 2), turns.values(), strict=True):
                found.append(own / seconds(lambda workers=workers: beside(folder, workers)))
    print(f"{options.files} files: {own / options.files * 1e6:.0f} us for each")
    for label, ratios in turns.items():
        print(f"/ ImageFolder and DataLoader with {label}: {statistics.median(ratios):.2f}")
    print(f"the process grew by {grown:.1f} MiB")


if __name__ == "__main__":
    main()
