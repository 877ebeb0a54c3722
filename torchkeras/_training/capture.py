"""A recording of the device's part of a step, which is replayed with other batches."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.fetching import fetched

from .cuda_graph import Graph
from .device_step import DeviceStep
from .recording import form_of, is_watched

# A replay may differ from the step as it is written by this part of what that changes: sums on a
# GPU have no fixed order, and numbers on the device are rounded to float32.
_NEAR, _ROUNDINGS = 0.02, 8.0


class Capture:
    """A graph of a step, and the memory that batches are copied into for it.

    Making one leaves everything as it was, whether it fails or not.

    Args:
        step: The step.
        graph: Records it.
        batch: Inputs, targets and sample weights, as those of the batches it will be replayed for.
    """

    def __init__(self, step: DeviceStep, graph: Graph, batch: Any) -> None:
        self._step, self._graph = step, graph
        self._form = form_of(batch)
        self._given = [part for part in batch if part is not None]
        self._given = [torch.empty_like(part).copy_(part) for part in self._given]
        self._made: list[Tensor] = []
        before = Moment(step.changed, graph)
        try:
            graph.warm_up(self._body)
            before.restore()
            self._made = []
            graph.record(self._body)
        finally:
            before.restore()
        self._witness = step.witness()

    def _body(self) -> None:
        x, y, *weight = self._given
        self._made = self._step.run(x, y, weight[0] if weight else None)

    def takes(self, batch: Any) -> bool:
        """Say whether a batch is one that can be replayed now.

        Args:
            batch: Inputs, targets and sample weights.
        """
        return form_of(batch) == self._form and not is_watched()

    def holds(self) -> bool:
        """Say whether the model is as it was recorded."""
        return self._witness.holds()

    def run(self, batch: Any) -> None:
        """Train on a batch.

        Args:
            batch: Inputs, targets and sample weights.
        """
        self._replay(batch)
        self._step.finish(batch, self._made)

    def _replay(self, batch: Any) -> None:
        self._step.turn()
        parts = [part for part in batch if part is not None]
        for given, part in zip(self._given, parts, strict=True):
            given.copy_(part, non_blocking=True)
        self._graph.replay()

    def try_on(self, batch: Any) -> "Trial":
        """Replay a step, run it as Python has it, and bring everything back.

        Args:
            batch: Inputs, targets and sample weights.
        """
        before = Moment(self._step.changed, self._graph)
        try:
            self._replay(batch)
            made, after = _copies(self._made), _copies(self._step.changed)
            before.restore()
            expected = self._step.run(*batch)
        finally:
            before.restore()
        near = [_is_near(*pair, None) for pair in zip(made, expected, strict=True)]
        return Trial(self._step, near, before.kept, after)


class Trial:
    """What a replay has made of a batch.

    Args:
        step: The step.
        near: Whether its outputs were those of the step as Python has it.
        before: What the tensors that it changes were.
        after: What it made of them.
    """

    def __init__(
        self, step: DeviceStep, near: list[Tensor], before: list[Tensor], after: list[Tensor]
    ) -> None:
        self._step, self._near, self._before, self._after = step, near, before, after

    def agrees(self) -> bool:
        """Say whether the eager step, which has run by now, made the same of them."""
        trios = zip(self._after, self._step.changed, self._before, strict=True)
        near = [*self._near, *(_is_near(*trio) for trio in trios)]
        return bool(fetched(torch.stack(near).all()).item())


class Moment:
    """What tensors and generators were, to be brought back.

    Args:
        tensors: The tensors.
        graph: Knows the generators.
    """

    def __init__(self, tensors: list[Tensor], graph: Graph) -> None:
        self._tensors, self._graph = tensors, graph
        self.kept = _copies(tensors)
        self._random = graph.random_state()

    def restore(self) -> None:
        """Bring everything back."""
        with torch.no_grad():
            for tensor, kept in zip(self._tensors, self.kept, strict=True):
                tensor.copy_(kept)
        self._graph.set_random_state(self._random)


def _copies(tensors: list[Tensor]) -> list[Tensor]:
    return [tensor.detach().clone() for tensor in tensors]


def _is_near(found: Tensor, expected: Tensor, before: Tensor | None) -> Tensor:
    """Return whether two tensors differ by little of what a step changed; without waiting."""
    expected = expected.detach()
    if not expected.is_floating_point():
        return (found == expected).all()
    rounding = _ROUNDINGS * torch.finfo(expected.dtype).eps
    found, expected = found.float(), expected.float()
    changed = expected if before is None else expected - before.float()
    allowed = _NEAR * changed.norm() + rounding * expected.norm()
    return (found - expected).norm() <= allowed
