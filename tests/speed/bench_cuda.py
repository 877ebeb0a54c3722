"""Steps of `fit` on a GPU, beside torch by hand and Keras on torch.

    python -m tests.speed.bench_cuda
    python -m tests.speed.bench_cuda --nets "tiny MLP" --rounds 15

By hand, the data lie on the GPU, as they do for torchkeras. The small nets run eagerly by hand;
ResNet-50 runs compiled, under autocast and channels-last. The contenders run turn about, as in
`bench_nets`, and the figure is the same: torchkeras's time over the contender's.
"""

import argparse

import torch

from tests.speed.bench_nets import contender, table
from tests.speed.nets import LARGE, NETS

DEFAULT = ("tiny MLP", "MNIST MLP", *LARGE)
CONTENDERS = ("hand-cuda", "keras-torch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    nets = [*NETS, *LARGE]
    parser.add_argument("--nets", nargs="+", choices=nets, default=DEFAULT, metavar="NET")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("nothing is timed: torch finds no CUDA device on this machine")
        return
    contenders = [contender(name) for name in ("torchkeras", *options.contenders)]
    table(list(options.nets), ["fit"], [c for c in contenders if c.is_there], options.rounds)


if __name__ == "__main__":
    main()
