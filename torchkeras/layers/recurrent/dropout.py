"""Dropout inside of cells: one choice for all steps of a sequence."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from torchkeras import random
from torchkeras._symbolic.probe import probing

# One factor for all gates, or one for each; `None` where nothing is dropped.
Masks = Tensor | list[Tensor] | None


class CellDropout:
    """The factors that drop a cell's inputs and state, kept from one step to the next."""

    gates: ClassVar[int]
    implementation: int
    dropout: float
    recurrent_dropout: float
    seed_generator: Any

    _mask: Masks = None
    _recurrent_mask: Masks = None

    def get_dropout_mask(self, step_input: Tensor) -> Any:
        """Return the factors that drop inputs, the same until `reset_dropout_mask()`.

        Args:
            step_input: The inputs of one step.
        """
        if self._mask is not None:
            return self._mask
        mask = self.draw_mask(step_input, self.dropout)
        self._mask = None if probing() else mask
        return mask

    def get_recurrent_dropout_mask(self, step_input: Tensor) -> Any:
        """Return the factors that drop the state, the same until `reset_recurrent_dropout_mask()`.

        Args:
            step_input: The state.
        """
        if self._recurrent_mask is not None:
            return self._recurrent_mask
        mask = self.draw_mask(step_input, self.recurrent_dropout)
        self._recurrent_mask = None if probing() else mask
        return mask

    def reset_dropout_mask(self) -> None:
        """Let the next step draw new factors for the inputs."""
        self._mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Let the next step draw new factors for the state."""
        self._recurrent_mask = None

    def draw_mask(self, like: Tensor, rate: float) -> Masks:
        """Draw factors of 0 and `1 / (1 - rate)`: one tensor, or one for each gate.

        Args:
            like: The tensor to drop.
            rate: The part to drop.
        """
        if not rate:
            return None
        ones = torch.ones_like(like)
        if self.implementation == 1 and self.gates > 1:
            return [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(self.gates)]
        return random.dropout(ones, rate, seed=self.seed_generator)


def gate_products(x: Tensor, kernel: Tensor, mask: Masks) -> Tensor:
    """Return `x @ kernel` with parts of `x` dropped, other ones for each gate if so drawn."""
    if mask is None:
        return x @ kernel
    if isinstance(mask, Tensor):
        return (x * mask) @ kernel
    parts = kernel.chunk(len(mask), -1)
    return torch.cat([(x * m) @ part for m, part in zip(mask, parts, strict=True)], -1)


def over_steps(mask: Masks) -> Masks:
    """Return factors for one step as factors for a whole sequence."""
    if mask is None or isinstance(mask, Tensor):
        return None if mask is None else mask.unsqueeze(1)
    return [m.unsqueeze(1) for m in mask]
