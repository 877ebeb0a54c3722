"""What a step of an optimizer costs beside torch's own classes and Keras.

Run it with `python -m tests.speed.bench_optimizers`, for some rules only with
`python -m tests.speed.bench_optimizers Adam Muon`.

All contenders run turn about in one process; read the figures as ratios.
"""

import itertools
import os
import statistics
import sys
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
# Arguments here and, if torch has such a rule, those of torch.
RULES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "SGD": ({"learning_rate": 0.01}, {"lr": 0.01}),
    "SGD momentum": ({"learning_rate": 0.01, "momentum": 0.9}, {"lr": 0.01, "momentum": 0.9}),
    "RMSprop": ({}, {"lr": 0.001, "alpha": 0.9}),
    "Adam": ({}, {}),
    "AdamW": ({}, {}),
    "Adamax": ({}, {}),
    "Nadam": ({}, {}),
    "Adagrad": ({}, {}),
    "Adadelta": ({}, {}),
    "Adafactor": ({}, {}),
    "Muon": ({}, {}),
    "Lamb": ({}, None),
    "Lion": ({}, None),
    "Ftrl": ({}, None),
    "ScheduleFreeAdamW": ({}, None),
}
TORCH_NAMES = {"Nadam": "NAdam"}
FUSED = ("SGD", "Adam", "AdamW", "Adagrad")
# Its steps multiply matrices, and take a hundred times as long as the others.
SLOW = ("Muon",)
ROUNDS = 15


def network(widths: list[int], bias: bool = True) -> nn.Sequential:
    """A net whose parameters have gradients."""
    layers = [nn.Linear(ins, outs, bias=bias) for ins, outs in itertools.pairwise(widths)]
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

    def net() -> nn.Sequential:
        return network(widths, bias=name != "Muon")  # torch's takes nothing but matrices

    steps: dict[str, Step] = {"torchkeras": ours(rule, net(), **arguments).step}
    for way, options in _ways(name) if torch_arguments is not None else ():
        kind = getattr(torch.optim, TORCH_NAMES.get(name, name))
        own = kind(net().parameters(), **torch_arguments, **options)
        steps[f"torch {way}"] = own.step
    steps["torchkeras apply"] = _apply(rule, net(), arguments)
    steps["Keras"] = _keras(name, net(), arguments)
    return steps


def _ways(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the implementations that torch has of a rule, and what asks for them."""
    fused = [("fused", {"fused": True})] if name in FUSED else []
    return [*fused, ("plain", {}) if name == "Muon" else ("foreach", {"foreach": True})]


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
    torch.manual_seed(0)
    for title, (widths, repeats) in NETS.items():
        print(title)
        for rule in [rule for rule in RULES if rule in sys.argv[1:] or not sys.argv[1:]]:
            print("  ", rule)
            report(contenders(rule, widths), 1 if rule in SLOW else repeats)
        print("   backward and zero_grad")
        report(zeroing(widths), repeats)


if __name__ == "__main__":
    main()
