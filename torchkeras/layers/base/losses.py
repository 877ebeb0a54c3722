"""Losses that layers add while they run, kept until the next outermost call."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakSet

import torch
from torch import nn


@dataclass
class Rounds:
    """How deep calls are nested; counted only where some layer of the process adds losses."""

    in_use: bool = False
    depth: int = 0
    cut_short: WeakSet[nn.Module] = field(default_factory=WeakSet)

    def admit(self, source: nn.Module) -> None:
        """Take a layer as a source of losses; whatever it is part of is called in full again."""
        self.in_use = True
        object.__setattr__(source, "_adds_losses", True)
        object.__setattr__(source, "_seen_dtype", None)
        if not torch.compiler.is_compiling():
            for layer in self.cut_short:
                object.__setattr__(layer, "_seen_dtype", None)
            self.cut_short.clear()


ROUNDS = Rounds()


def in_round(layer: nn.Module, call: Callable[[], Any]) -> Any:
    """Run a call of a layer; the outermost one begins without the losses of earlier ones."""
    if ROUNDS.depth == 0:
        clear_losses(layer)
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


def mentions_add_loss(members: Iterable[Any]) -> bool:
    """Say whether one of a class's own methods calls `add_loss`, read from its code."""
    return any(_mentions(member.__code__) for member in members if type(member) is FunctionType)


def _mentions(code: CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "add_loss" in code.co_names or any(_mentions(some) for some in inner)


class LossBox:
    """The losses that one layer has added since the last outermost call began."""

    def __init__(self) -> None:
        self._losses: list[Any] = []

    def add(self, losses: list[Any]) -> None:
        """Keep losses, but not those of an export, which nobody could read."""
        if not torch.compiler.is_exporting():
            self._losses.extend(losses)

    def clear(self) -> None:
        """Forget all losses."""
        if self._losses:
            self._losses.clear()

    def get(self) -> list[Any]:
        """Return the losses."""
        return list(self._losses)

    def __getstate__(self) -> dict[str, Any]:
        return {"_losses": []}
