"""Saving and loading a model of 100 million parameters, beside the libraries with the same bytes.

Run it with `python -m tests.speed.bench_files`. The yardstick of a format is the plain library
(h5py or safetensors) that writes the same arrays, laid out as the file has them, into a new file
beside the old one, waits for the disk and renames it, as we do; and that reads them into memory of
its own. Both take turns; the best time counts, and in brackets is by how much the median was worse.
The last column is our loading beside the library's writing of the same bytes.
Peaks are of processes that do nothing else.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

WIDTH, LAYERS, ROUNDS = 5000, 4, 7
FORMATS = ("m.weights.h5", "w.safetensors", "m.keras", "m.h5", "m.safetensors")


def make(width: int = WIDTH) -> Any:
    """Return the model: 100 million parameters in four layers."""
    import torchkeras

    model = torchkeras.Sequential([torchkeras.Input((width,))])
    for _ in range(LAYERS):
        model.add(torchkeras.layers.Dense(width))
    return model


def synchronize(path: str) -> None:
    """Wait for the disk."""
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def write_plainly(arrays: dict[str, Any], path: str) -> None:
    """Write arrays with the library of a format."""
    import h5py
    import safetensors.numpy

    new = f"{path}.new"
    if path.endswith(".safetensors"):
        safetensors.numpy.save_file(arrays, new)
    else:
        with h5py.File(new, "w") as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array)
    synchronize(new)
    os.replace(new, path)


def read_plainly(path: str) -> list[Any]:
    """Read them into memory of their own."""
    import h5py
    import safetensors.torch

    if path.endswith(".safetensors"):
        return [tensor.clone() for tensor in safetensors.torch.load_file(path).values()]
    with h5py.File(path) as file:
        return [file[name][()] for name in file]


def seconds(run: Callable[[], Any]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def turn_about(*runs: Callable[[], Any]) -> list[list[float]]:
    """Return the times of runs that take turns."""
    rounds = [[seconds(run) for run in runs] for _ in range(ROUNDS)]
    return [list(times) for times in zip(*rounds, strict=True)]


def shown(plain: list[float], ours: list[float]) -> str:
    """Return two lists of times and their ratio as text."""
    noise = [statistics.median(times) / min(times) - 1 for times in (plain, ours)]
    return (
        f"{min(plain):5.2f} (+{noise[0]:3.0%}) {min(ours):5.2f} (+{noise[1]:3.0%}) "
        f"{min(ours) / min(plain):5.2f}"
    )


def actions(model: Any, folder: str, name: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return what saves and what loads a format."""
    import torchkeras

    path = f"{folder}/{name}"
    if name.endswith(FORMATS[:2]):
        return lambda: model.save_weights(path), lambda: model.load_weights(path)
    return lambda: model.save(path), lambda: torchkeras.saving.load_model(path)


def measure(folder: str) -> None:
    """Print the times of all formats."""
    model = make()
    arrays = {f"w{i}": w.copy(order="C") for i, w in enumerate(model.get_weights())}
    print("format           save: plain, ours, ratio       load: plain, ours, ratio   load / write")
    for name in FORMATS:
        plain = f"{folder}/plain{os.path.splitext(name)[1]}"
        save, load = actions(model, folder, name)
        saving = turn_about(lambda p=plain: write_plainly(arrays, p), save)
        loading = turn_about(lambda p=plain: read_plainly(p), load)
        crossed = min(loading[1]) / min(saving[0])
        print(f"{name:16} {shown(*saving)}   {shown(*loading)} {crossed:5.2f}", flush=True)


def peak(folder: str, name: str, what: str) -> None:
    """Print by how many tensors the memory of this process rose while it saved or loaded."""
    save, load = actions(make(3), folder, f"small-{name}")
    save()
    load()  # so that what is imported on the way does not count
    model = make() if what == "save" or name in FORMATS[:2] else None
    save, load = actions(model, folder, name)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = memory("VmHWM")
    (save if what == "save" else load)()
    print(f"{(memory('VmHWM') - before) * 1024 / (WIDTH * WIDTH * 4):.2f}")


def memory(key: str) -> int:
    """Return a number of this process in KiB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def main() -> None:
    """Print times and peaks."""
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 1:
            peak(*sys.argv[1:])
            return
        measure(folder)
        for name in FORMATS:
            found = {}
            for what in ("save", "load"):
                command = [sys.executable, "-m", "tests.speed.bench_files", folder, name, what]
                done = subprocess.run(command, capture_output=True, check=True, text=True)
                found[what] = done.stdout.strip()
            print(f"{name:16} peak in tensors: save {found['save']}, load {found['load']}")


if __name__ == "__main__":
    main()
