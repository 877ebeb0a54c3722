"""Losses that layers add while they run, kept for one outermost call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass
class Rounds:
    """Which outermost call is running; counted only once some layer has added a loss."""

    in_use: bool = False
    depth: int = 0
    current: int = 0


ROUNDS = Rounds()


@contextmanager
def loss_round() -> Iterator[None]:
    """Run a call; the outermost one starts a new round, in which old losses no longer count."""
    if ROUNDS.depth == 0:
        ROUNDS.current += 1
    ROUNDS.depth += 1
    try:
        yield
    finally:
        ROUNDS.depth -= 1


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
