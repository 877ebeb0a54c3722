"""One contender in a process of its own: told a net and what to do with it, it answers in seconds.

`bench_nets` starts one such process for each contender and lets them run turn about.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.speed.served import serve

Run = Callable[[], Any]


def by_hand(net: Any, device: str = "cpu") -> dict[str, Run]:
    """The loop that a torch user writes: shuffled, metrics on the device, a fused optimizer."""
    import torch

    data = net.torch_data(*(torch.from_numpy(part) for part in net.samples()))
    x, y = (part.to(device) for part in data)
    module, count, batch = net.torch().to(device), net.batch * net.steps, net.batch
    optimizer = net.optimizer(module.parameters())

    def fit() -> None:
        module.train()
        order = torch.randperm(count, device=device)
        loss_sum, metric_sum = torch.zeros(2, device=device).unbind()
        for start in range(0, count, batch):
            chosen = order[start : start + batch]
            inputs, targets = x[chosen], y[chosen]
            optimizer.zero_grad()
            outputs = module(inputs)
            loss = net.loss(outputs, targets)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                loss_sum += loss * len(inputs)
                metric_sum += net.metric(outputs, targets)
        (loss_sum / count).item(), (metric_sum / count).item()

    def predict() -> Any:
        module.eval()
        with torch.inference_mode():
            parts = [module(x[start : start + batch]) for start in range(0, count, batch)]
        return torch.cat(parts).cpu().numpy()

    def row() -> None:
        module.eval()
        for _ in range(net.steps):
            with torch.inference_mode():
                module(x[:1]).cpu().numpy()

    return {"fit": fit, "predict": predict, "row": row}


def with_package(package: Any, net: Any) -> dict[str, Run]:
    """The same with `fit` and `predict` of a package that has Keras's API."""
    x, y = net.samples()
    model = net.keras(package)
    settings = {"batch_size": net.batch, "verbose": 0}

    def row() -> None:
        for _ in range(net.steps):
            model.predict(x[:1], verbose=0)

    return {
        "fit": lambda: model.fit(x, y, **settings),
        "predict": lambda: model.predict(x, **settings),
        "row": row,
    }


def maker(name: str) -> Callable[[Any], dict[str, Run]]:
    """Return what makes the runs of a contender: `hand`, `torchkeras` or `keras-BACKEND`.

    `hand-cuda` is `hand` on a GPU, where the packages are by themselves.
    """
    if name.startswith("hand"):
        return partial(by_hand, device=name.partition("-")[2] or "cpu")
    if name == "torchkeras":
        import torchkeras as package
    else:
        os.environ["KERAS_BACKEND"] = name.partition("-")[2]
        import keras as package
    return lambda net: with_package(package, net)


def main() -> None:
    make = maker(sys.argv[1])
    from tests.speed.nets import LARGE, NETS

    nets = NETS | LARGE
    made: dict[str, dict[str, Run]] = {}

    def seconds(name: str, what: str) -> float:
        if name not in made:
            made.clear()
            made[name] = make(nets[name])
            for run in made[name].values():
                run()
        start = time.perf_counter()
        made[name][what]()
        return (time.perf_counter() - start) / nets[name].steps

    serve(seconds)


if __name__ == "__main__":
    main()
