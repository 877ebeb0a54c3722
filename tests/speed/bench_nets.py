"""Steps of `fit` and `predict`, and `predict` of one row, for eight nets beside torch and Keras.

    python -m tests.speed.bench_nets
    python -m tests.speed.bench_nets --nets "tiny MLP" LSTM --contenders hand keras-jax --rounds 9

The contenders run turn about, one epoch at a time, each in a process of its own. The figure is the
median of the ratios of neighbouring turns: torchkeras's time over the contender's. Times are for
orientation; the machine decides them.
"""

import argparse
import statistics
import subprocess
import sys

TASKS = ("fit", "predict", "row")  # a row: `predict` of a single one
CONTENDERS = ("hand", "keras-torch", "keras-jax", "keras-tensorflow")


class Contender:
    """A process that answers with seconds per step."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.speed.contender", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.is_there = self._read() == "ready"

    def seconds(self, net: str, what: str) -> float:
        """Return the time of a step, from one epoch."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{net} {what}\n")
        self._process.stdin.flush()
        word = self._read()
        if not word:
            raise RuntimeError(f"{self.name} stopped at {what} of {net}: see its error above")
        return float(word)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word = line.strip()
            if word == "ready" or word.replace(".", "").replace("e-", "").isdigit():
                return word
        return ""


def table(nets: list[str], tasks: list[str], contenders: list[Contender], rounds: int) -> None:
    """Print a line for each net and each thing to do with it."""
    ours, *others = contenders
    heads = "".join(f"{'/ ' + other.name:>20}" for other in others)
    print(f"{'':24}{'ms per step':>14}{heads}")
    for net in nets:
        for what in tasks:
            turns: dict[str, list[float]] = {c.name: [] for c in contenders}
            for _ in range(rounds):
                for contender in contenders:
                    turns[contender.name].append(contender.seconds(net, what))
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
    contenders = [Contender(name) for name in ("torchkeras", *options.contenders)]
    for contender in contenders:
        if not contender.is_there:
            print(f"{contender.name} is left out: its package is not installed")
    table(options.nets, options.tasks, [c for c in contenders if c.is_there], options.rounds)


if __name__ == "__main__":
    main()
