"""The same small weights under a torchkeras optimizer and a Keras one, driven step by step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import torch
from torch import nn

from torchkeras._state.layout import SAME, TRANSPOSED, Stacked
from torchkeras._state.variable import Variable

Array = np.ndarray[Any, Any]
SHAPES = {"kernel": (3, 4), "bias": (4,), "stacked": (2, 3), "scale": ()}


def first_values() -> list[Array]:
    """Weights of ordinary size, and a bias that starts at zero."""
    rng = np.random.default_rng(7)
    values = [rng.normal(size=shape).astype("float32") for shape in SHAPES.values()]
    values[1] *= 0
    return values


class Weights(nn.Module):
    """A transposed kernel, a plain bias, a variable in two parts and a scalar."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 3))
        self.bias = nn.Parameter(torch.zeros(4))
        self.first, self.second = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))
        self.scale = nn.Parameter(torch.zeros(()))

    def variables(self) -> list[Variable]:
        parts = [("weight",), ("bias",), ("first", "second"), ("scale",)]
        layouts = [TRANSPOSED, SAME, Stacked(), SAME]
        made = [
            Variable.over(tuple((self, key) for key in keys), layout, name)
            for keys, layout, name in zip(parts, layouts, SHAPES, strict=True)
        ]
        for variable, value in zip(made, first_values(), strict=True):
            variable.assign(value)
        return made


def keras_variables() -> list[Any]:
    return [
        keras.Variable(value, name=name) for value, name in zip(first_values(), SHAPES, strict=True)
    ]


def gradients(step: int, scale: float = 1.0) -> list[Array]:
    """The gradients of one step; the same on every call."""
    rng = np.random.default_rng(step)
    return [np.asarray(scale * rng.normal(size=shape), "float32") for shape in SHAPES.values()]


@dataclass
class Twins:
    """An optimizer and the Keras optimizer that it must equal."""

    ours: Any
    theirs: Any
    module: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        self.our_variables = self.module.variables()
        self.their_variables = keras_variables()

    def step(self, grads: list[Array | None], through_grad: bool = False) -> None:
        tensors = [None if g is None else torch.tensor(g) for g in grads]
        if through_grad:
            self._by_grad(tensors)
        else:
            self.ours.apply(tensors, self.our_variables)
        self.theirs.apply(tensors, self.their_variables)

    def _by_grad(self, grads: list[torch.Tensor | None]) -> None:
        """Let the optimizer find the gradients where a backward pass would leave them."""
        if not self.ours.built:
            self.ours.build(self.our_variables)
        self.ours.zero_grad()
        for variable, grad in zip(self.our_variables, grads, strict=True):
            if grad is not None:
                variable.gradient = grad.clone()
        self.ours.step()

    def compare(self, rtol: float = 1e-5) -> None:
        compare(self.our_variables, self.their_variables, rtol)
        compare(self.ours.variables, self.theirs.variables, rtol)


def compare(ours: Iterable[Any], theirs: Iterable[Any], rtol: float) -> None:
    """Assert that variables are equal relative to the largest number in each."""
    for mine, other in zip(ours, theirs, strict=True):
        expected = other.value.detach().numpy()
        error = np.abs(mine.numpy() - expected).max()
        assert error <= rtol * np.abs(expected).max() + 1e-30, (other.path, error, expected)


def run(
    twins: Twins,
    steps: int,
    scale: float = 1.0,
    before: Callable[[Twins, int], None] = lambda twins, step: None,
    through_grad: bool = False,
) -> None:
    """Drive both for some steps, comparing all weights and all state on the way."""
    for step in range(steps):
        before(twins, step)
        twins.step(gradients(step, scale), through_grad)
        if step in (0, 1, 2, 10) or step % 50 == 49:
            twins.compare()
