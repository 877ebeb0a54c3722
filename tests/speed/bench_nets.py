"""Steps of `fit` and `predict`, and `predict` of one row, for eight nets beside torch and Keras.

    python -m tests.speed.bench_nets
    python -m tests.speed.bench_nets --nets "tiny MLP" LSTM --contenders hand keras-jax --rounds 9

The contenders run turn about, one epoch at a time, each in a process of its own. The figure is the
median of the ratios of neighbouring turns: torchkeras's time over the contender's. Times are for
orientation; the machine decides them.
"""

import argparse
import statistics

from tests.speed.served import Contender

TASKS = ("fit", "predict", "row")  # a row: `predict` of a single one
CONTENDERS = ("hand", "keras-torch", "keras-jax", "keras-tensorflow")


def contender(name: str) -> Contender:
    """Start what answers with seconds per step, asked for a net and what to do with it."""
    return Contender(name, "contender", name)


def table(nets: list[str], tasks: list[str], contenders: list[Contender], rounds: int) -> None:
    """Print a line for each net and each thing to do with it."""
    ours, *others = contenders
    heads = "".join(f"{'/ ' + other.name:>20}" for other in others)
    print(f"{'':24}{'ms per step':>14}{heads}")
    for net in nets:
        for what in tasks:
            turns: dict[str, list[float]] = {c.name: [] for c in contenders}
            for _ in range(rounds):
                for each in contenders:
                    turns[each.name].append(each.seconds(net, what))
            cells = "".join(f"{_ratio(turns, ours, other):20.2f}" for other in others)
            own = statistics.median(turns[ours.name]) * 1e3
            print(f"{net:15}{what:9}{own:14.3f}{cells}", flush=True)


def _ratio(turns: dict[str, list[float]], ours: Contender, other: Contender) -> float:
    pairs = zip(turns[ours.name], turns[other.name], strict=True)
    return statistics.median(a / b for a, b in pairs)


def main() -> None:
    from tests.speed.nets import NETS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS), metavar="NET")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    contenders = [contender(name) for name in ("torchkeras", *options.contenders)]
    for missing in contenders:
        if not missing.is_there:
            print(f"{missing.name} is left out: its package is not installed")
    table(options.nets, options.tasks, [c for c in contenders if c.is_there], options.rounds)


if __name__ == "__main__":
    main()
