"""A process whose children save over an older file and are killed, or meet a full disk.

`python -m tests.unit.saving.killing FOLDER` prints one line of JSON for each format: what was found
after a child was killed at each point, and how a full disk was told.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import torchkeras
from torchkeras import layers
from torchkeras.saving import h5_writing, tensor_file

SHARD = 3000 / 2**30
FORMATS: dict[str, dict[str, Any]] = {
    "m.keras": {}, "m.h5": {}, "m.safetensors": {}, "w.weights.h5": {}, "w.safetensors": {},
    "s.weights.json": {"max_shard_size": SHARD}, "s.safetensors": {"max_shard_size": SHARD},
}  # fmt: skip
EVENTS = ("open", "os.rename", "os.remove", "os.link", "os.chmod")
LIMIT = 1000


class Countdown:
    """Kills the process at a given one of all changes to files."""

    def __init__(self, left: int) -> None:
        self.left = left

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, args: Any) -> None:
        if event in EVENTS:
            self.step()

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.step()
            return function(*args)

        return counted


def make(value: float) -> Any:
    model = torchkeras.Sequential(
        [torchkeras.Input((20,)), *[layers.Dense(20, name=f"d{i}") for i in range(3)]]
    )
    model.compile("sgd", "mse")
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    return model


def save(model: Any, path: Path) -> None:
    method = model.save if path.name.startswith("m.") else model.save_weights
    method(path, **FORMATS[path.name])


def value_in(path: Path) -> float | None:
    """Return the number that all weights in a file are, or `None` if they are not all one."""
    if path.name.startswith("m."):
        model = torchkeras.saving.load_model(path)
    else:
        model = make(0)
        model.load_weights(path)
    found = {float(v) for weight in model.get_weights() for v in weight.ravel()}
    return found.pop() if len(found) == 1 else None


def in_child(run: Callable[[], Any]) -> int:
    """Run something in a child, and return how it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(model: Any, path: Path, point: int) -> bool:
    """Save in a child that is killed at a point; say whether it was, and not done before."""

    def run() -> None:
        countdown = Countdown(point)
        h5_writing.Writer.put = countdown.before(h5_writing.Writer.put)
        tensor_file._write_tensor = countdown.before(tensor_file._write_tensor)
        sys.addaudithook(countdown.audit)
        save(model, path)

    return in_child(run) == -signal.SIGKILL


def full(model: Any, path: Path, note: Path) -> None:
    """Save in a child that cannot write large files, and note the error."""

    def run() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
        try:
            save(model, path)
        except OSError as error:
            note.write_text(f"{type(error).__name__}: {error}")

    in_child(run)


def main() -> None:
    folder = Path(sys.argv[1])
    old, new = make(1), make(2)
    for name in FORMATS:
        place = folder / name.replace(".", "_")
        place.mkdir()
        save(old, place / name)
        before = {file.name: file.read_bytes() for file in place.iterdir()}
        (folder / "note").write_text("")
        full(new, place / name, folder / "note")
        after = {file.name: file.read_bytes() for file in place.iterdir()}
        found, point = [], 1
        while killed(new, place / name, point):
            point += 7 if FORMATS[name] else 3  # saving shards changes much more
            found.append(value_in(place / name))
            if found[-1] != 1:
                save(old, place / name)
        print(
            json.dumps(
                {
                    "name": name,
                    "found": found,
                    "last": value_in(place / name),
                    "full": (folder / "note").read_text(),
                    "untouched": before == after,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
