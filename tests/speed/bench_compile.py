"""Epochs of `fit` and `predict` with and without `jit_compile=True`, turn about in one process.

    python -m tests.speed.bench_compile
    python -m tests.speed.bench_compile --nets "tiny MLP" LSTM --rounds 9

A ratio above 1 says that the compiled step is faster. `first` is what the compiler takes in the
first epoch of each, in seconds; the compiled step pays after `first * 1000 / (eager - compiled)`
steps.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torchkeras
from tests.speed.nets import NETS
from tests.speed.nets.net import Net

Run = Callable[[], Any]


def runs(net: Net, jit: Any) -> dict[str, Run]:
    """Return an epoch of `fit` and of `predict`."""
    torchkeras.utils.set_random_seed(0)
    model = net.keras(torchkeras)
    arguments = {**model._compiled.arguments, "jit_compile": jit}
    model.compile(**arguments)
    x, y = net.samples()
    settings = {"batch_size": net.batch, "verbose": 0}
    return {
        "fit": lambda: model.fit(x, y, **settings),
        "predict": lambda: model.predict(x, **settings),
    }


def seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def line(net: Net, what: str, eager: Run, compiled: Run, rounds: int) -> str:
    """Time one thing to do with a net."""
    eager()
    first = seconds(compiled)
    eager(), compiled()
    pairs = [(seconds(eager), seconds(compiled)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    ours, theirs = (
        statistics.median(times) / net.steps * 1e3 for times in zip(*pairs, strict=True)
    )
    return f"{net.name:15}{what:9}{ours:12.3f}{theirs:12.3f}{ratio:18.2f}{first:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS), metavar="NET")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(f"{'ms per step':24}{'eager':>12}{'compiled':>12}{'eager / compiled':>18}{'first':>10}")
    for name in options.nets:
        net = NETS[name]
        eager, compiled = runs(net, False), runs(net, True)
        for what in ("fit", "predict"):
            print(line(net, what, eager[what], compiled[what], options.rounds), flush=True)


if __name__ == "__main__":
    main()
