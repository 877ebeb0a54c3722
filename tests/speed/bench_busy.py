"""A step of the MNIST MLP beside another process that keeps one core busy, over a step on its own.

    python -m tests.speed.bench_busy
    python -m tests.speed.bench_busy --contenders hand keras-torch keras-jax --rounds 3

Run it on a machine that is otherwise quiet: the quiet steps are what it compares with. Each
contender is a process of its own.
"""

import argparse
import statistics
import subprocess
import sys

from tests.speed.bench_nets import CONTENDERS, contender

NET = "MNIST MLP"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=["hand"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'':20}{'quiet ms':>10}{'busy ms':>10}{'ratio':>8}")
    for name in ("torchkeras", *options.contenders):
        served = contender(name)
        if not served.is_there:
            print(f"{name:20} is not installed")
            continue
        served.seconds(NET, "fit")
        quiet = [served.seconds(NET, "fit") for _ in range(options.rounds)]
        neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            busy = [served.seconds(NET, "fit") for _ in range(options.rounds)]
        finally:
            neighbour.kill()
            neighbour.wait()
        alone, beside = (statistics.median(times) * 1e3 for times in (quiet, busy))
        print(f"{name:20}{alone:10.3f}{beside:10.3f}{beside / alone:8.1f}", flush=True)
        served.stop()


if __name__ == "__main__":
    main()
