"""Epochs of `fit` and `predict` with and without `jit_compile=True`, turn about in one process.

    python -m tests.speed.bench_compile
    python -m tests.speed.bench_compile --nets "tiny MLP" LSTM --rounds 9

A ratio above 1 says that the step with `jit_compile=True` is faster. `by the compiler` is what the
compiled step alone makes of it, as the race of both showed; `first` is what the compiler takes in
the first epoch, in seconds (less where torch finds its work of an earlier run).
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

import torchkeras
from tests.speed.nets import NETS
from tests.speed.nets.net import Net

Run = Callable[[], Any]
_RACE = 60  # batches, more than a race takes
_SHOWN = re.compile(r"ms(?: a step)?, ([\d.]+) of ")


def runs(net: Net, jit: Any) -> tuple[Any, dict[str, Run]]:
    """Return a model, and an epoch of `fit` and of `predict`."""
    torchkeras.utils.set_random_seed(0)
    model = net.keras(torchkeras)
    arguments = {**model._compiled.arguments, "jit_compile": jit}
    model.compile(**arguments)
    x, y = net.samples()
    settings = {"batch_size": net.batch, "verbose": 0}
    return model, {
        "fit": lambda: model.fit(x, y, **settings),
        "predict": lambda: model.predict(x, **settings),
    }


def seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def by_the_compiler(report: str) -> str:
    """Return what a race showed, as eager over compiled; what was done if there was none."""
    shown = _SHOWN.search(report)
    return f"{1 / float(shown[1]):.2f}" if shown else report.partition(":")[0]


def line(net: Net, what: str, eager: Run, compiled: Run, rounds: int) -> str:
    """Time one thing to do with a net, once races are over."""
    eager()
    first = seconds(compiled)
    for _ in range(_RACE // net.steps + 1):
        eager(), compiled()
    pairs = [(seconds(eager), seconds(compiled)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    ours, theirs = (
        statistics.median(times) / net.steps * 1e3 for times in zip(*pairs, strict=True)
    )
    return f"{net.name:15}{what:9}{ours:12.3f}{theirs:12.3f}{ratio:10.2f}{first:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS), metavar="NET")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    columns = f"{'eager':>12}{'jit':>12}{'ratio':>10}{'first':>10}{'by the compiler':>18}"
    print(f"{'ms per step':24}{columns}")
    for name in options.nets:
        net = NETS[name]
        (_, eager), (model, compiled) = runs(net, False), runs(net, True)
        for what, kind in (("fit", "train"), ("predict", "predict")):
            shown = line(net, what, eager[what], compiled[what], options.rounds)
            print(f"{shown}{by_the_compiler(model.compile_report()[kind]):>18}", flush=True)


if __name__ == "__main__":
    main()
