"""What progress bar, History and metrics cost, in a `fit` of the MNIST convnet.

    python -m tests.speed.bench_bar

Two ways of training the same model on the same data run turn about: `fit` with bar and accuracy,
and `fit` silent, with the loss alone.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import torchkeras
from tests.speed.nets import NETS

NET, ROUNDS = NETS["MNIST convnet"], 9


def compiled(metrics: list[str] | None) -> Any:
    """Return the convnet, compiled with some metrics."""
    model = NET.keras(torchkeras)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=metrics)
    return model


def runs() -> dict[str, Callable[[], Any]]:
    """Return the ways of training by name."""
    x, y = NET.samples()
    shown, silent = compiled(["accuracy"]), compiled(None)

    def with_bar() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            shown.fit(x, y, batch_size=NET.batch, verbose=1)

    def without() -> None:
        silent.fit(x, y, batch_size=NET.batch, verbose=0)

    return {"bar, History, accuracy": with_bar, "silent, loss alone": without}


def main() -> None:
    """Print the ratio of neighbouring turns."""
    made = runs()
    times: dict[str, list[float]] = {name: [] for name in made}
    for run in made.values():
        run()
    for _ in range(ROUNDS):
        for name, run in made.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    shown, silent = times.values()
    ratio = statistics.median(a / b for a, b in zip(shown, silent, strict=True))
    print(f"bar, History and accuracy: {ratio:.3f} times a silent fit with the loss alone")


if __name__ == "__main__":
    main()
