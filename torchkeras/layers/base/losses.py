"""Losses that layers add while they run, kept for one outermost call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass
class Rounds:
    """Which outermost call is running; counted only once some layer has added a loss."""

    in_use: bool = False
    depth: int = 0
    current: int = 0


ROUNDS = Rounds()


def in_round(layer: nn.Module, call: Callable[[], Any]) -> Any:
    """Run a call of a layer; the outermost one starts a new round, without the old losses."""
    if ROUNDS.depth == 0:
        if torch.compiler.is_compiling():
            clear_losses(layer)
        else:
            ROUNDS.current += 1
    ROUNDS.depth += 1
    try:
        return call()
    finally:
        ROUNDS.depth -= 1


def clear_losses(root: nn.Module) -> None:
    """Forget the losses of all layers below a module."""
    for module in root.modules():
        box = getattr(module, "_loss_box", None)
        if box is not None:
            box.clear()


class LossBox:
    """The losses that one layer has added in the latest round in which it ran."""

    def __init__(self) -> None:
        self._losses: list[Any] = []
        self._round = -1

    def add(self, losses: list[Any]) -> None:
        """Keep losses, and forget those of earlier rounds."""
        ROUNDS.in_use = True
        if self._round != ROUNDS.current and not torch.compiler.is_compiling():
            self._losses.clear()
            self._round = ROUNDS.current
        self._losses.extend(losses)

    def clear(self) -> None:
        """Forget all losses."""
        self._losses.clear()

    def get(self) -> list[Any]:
        """Return the losses."""
        return list(self._losses)

    def __getstate__(self) -> dict[str, Any]:
        return {"_losses": [], "_round": -1}
