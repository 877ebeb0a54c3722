"""What a step of an optimizer costs beside torch's own classes and Keras.

Run it with `python -m tests.speed.bench_optimizers`.

All contenders run turn about in one process; read the figures as ratios.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import torch
from torch import nn

from torchkeras import optimizers

Step = Callable[[], None]
NETS = {
    "MLP 13-64-64-1 (5 k parameters)": ([13, 64, 64, 1], 200),
    "MLP 784-512-10 (400 k parameters)": ([784, 512, 10], 40),
}
RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SGD": ({"learning_rate": 0.01}, {"lr": 0.01}),
    "SGD momentum": ({"learning_rate": 0.01, "momentum": 0.9}, {"lr": 0.01, "momentum": 0.9}),
    "RMSprop": ({}, {"lr": 0.001, "alpha": 0.9}),
    "Adam": ({}, {}),
    "AdamW": ({}, {}),
}
ROUNDS = 15


def network(widths: list[int]) -> nn.Sequential:
    """A net whose parameters have gradients."""
    layers = [nn.Linear(ins, outs) for ins, outs in itertools.pairwise(widths)]
    net = nn.Sequential(*layers)
    net(torch.randn(4, widths[0])).square().mean().backward()
    return net


def ours(rule: str, net: nn.Module, **arguments: Any) -> Any:
    optimizer = getattr(optimizers, rule.split()[0])(**arguments)
    optimizer.build(net.parameters())
    return optimizer


def contenders(rule: str, widths: list[int]) -> dict[str, Step]:
    """One step of the same rule for each contender, on nets of its own."""
    name, (arguments, torch_arguments) = rule.split()[0], RULES[rule]
    steps: dict[str, Step] = {"torchkeras": ours(rule, network(widths), **arguments).step}
    for way in ("fused", "foreach"):
        if not (name == "RMSprop" and way == "fused"):
            kind = getattr(torch.optim, name)
            own = kind(network(widths).parameters(), **torch_arguments, **{way: True})
            steps[f"torch {way}"] = own.step
    steps["torchkeras apply"] = _apply(rule, network(widths), arguments)
    steps["Keras"] = _keras(name, network(widths), arguments)
    return steps


def _apply(rule: str, net: nn.Module, arguments: dict[str, Any]) -> Step:
    optimizer, params = ours(rule, net, **arguments), list(net.parameters())
    grads = [param.grad for param in params]
    return lambda: optimizer.apply(grads, params)


def _keras(name: str, net: nn.Module, arguments: dict[str, Any]) -> Step:
    optimizer = getattr(keras.optimizers, name)(**arguments)
    params = list(net.parameters())
    variables = [keras.Variable(param.detach()) for param in params]
    optimizer.build(variables)
    grads = [param.grad for param in params]

    def step() -> None:
        with torch.no_grad():
            optimizer.apply(grads, variables)

    return step


def measure(steps: dict[str, Step], repeats: int) -> dict[str, float]:
    """Return the lower quartile of the microseconds of a step, the contenders taking turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(ROUNDS + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats):
                step()
            if turn > 1:
                times[name].append((time.perf_counter() - start) / repeats * 1e6)
    return {name: statistics.quantiles(taken, n=4)[0] for name, taken in times.items()}


def report(steps: dict[str, Step], repeats: int) -> None:
    taken = measure(steps, repeats)
    base = taken["torchkeras"]
    parts = [f"{name} {us:.1f} us ({base / us:.2f})" for name, us in taken.items()]
    print("   ", ", ".join(parts))


def zeroing(widths: list[int]) -> dict[str, Step]:
    """Backward and `zero_grad`: dropping gradients, and zeroing them in place."""

    def drop(net: nn.Module, optimizer: Any) -> Step:
        x = torch.randn(32, widths[0])

        def step() -> None:
            optimizer.zero_grad()
            net(x).square().mean().backward()

        return step

    def fill(net: nn.Module) -> Step:
        x, params = torch.randn(32, widths[0]), list(net.parameters())

        def step() -> None:
            torch._foreach_zero_([param.grad for param in params])
            net(x).square().mean().backward()

        return step

    first, second, third = (network(widths) for _ in range(3))
    return {
        "torchkeras": drop(first, ours("SGD", first)),
        "torch": drop(second, torch.optim.SGD(second.parameters())),
        "zeroed in place": fill(third),
    }


def main() -> None:
    print(f"threads: {torch.get_num_threads()}; in brackets: torchkeras' time over theirs")
    for title, (widths, repeats) in NETS.items():
        print(title)
        for rule in RULES:
            print("  ", rule)
            report(contenders(rule, widths), repeats)
        print("   backward and zero_grad")
        report(zeroing(widths), repeats)


if __name__ == "__main__":
    main()
