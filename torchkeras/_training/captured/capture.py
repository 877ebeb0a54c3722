"""A recording of the device's part of a step, which is replayed with other batches."""

from itertools import chain
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.fetching import fetched
from torchkeras._base.nested import leaves_of, map_leaves
from torchkeras._training.recorded.recording import form_of, is_watched

from .cuda_graph import Graph
from .device_step import DeviceStep

# A replay may differ from the step as it is written by this part of what that changes, over all
# tensors of a kind: sums on a GPU have no fixed order, which decides on gradients that are nothing
# but rounding, such as those of a bias before a normalization.
_NEAR, _ROUNDINGS = 0.1, 8.0

Kinds = list[list[Tensor]]


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
        self._form = form_of_batch(batch)
        x, y, weight = batch
        self._batch = map_leaves(_copy, x), _copy(y), None if weight is None else _copy(weight)
        self._given = _parts_of(self._batch)
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
        self._made = self._step.run(*self._batch)

    def takes(self, batch: Any) -> bool:
        """Say whether a batch is one that can be replayed now.

        Args:
            batch: Inputs, targets and sample weights.
        """
        return form_of_batch(batch) == self._form and not is_watched()

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
        for given, part in zip(self._given, _parts_of(batch), strict=True):
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
            made, after = _kinds_of(_copies([self._made])[0]), _copies(self._step.changed)
            before.restore()
            expected = _kinds_of(self._step.run(*batch))
        finally:
            before.restore()
        near = [_is_near(*pair, None) for pair in zip(made, expected, strict=True)]
        return Trial(self._step, near, before.kept, after)


def form_of_batch(batch: Any) -> tuple[Any, ...] | None:
    """Return what a capture depends on, or `None` for a batch that cannot be captured.

    Args:
        batch: Inputs, which may be several, targets and sample weights.
    """
    x, y, weight = batch
    form = None if y is None else form_of(_parts_of(batch))
    if form is None:
        return None
    structure = None if type(x) is Tensor else repr(map_leaves(lambda leaf: None, x))
    return form, weight is None, structure


def _parts_of(batch: Any) -> list[Tensor]:
    x, *others = batch
    inputs = [x] if type(x) is Tensor else leaves_of(x)
    return [*inputs, *(part for part in others if part is not None)]


def _copy(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor).copy_(tensor)


class Trial:
    """What a replay has made of a batch.

    Args:
        step: The step.
        near: Whether its outputs were those of the step as Python has it.
        before: What the tensors that it changes were.
        after: What it made of them.
    """

    def __init__(self, step: DeviceStep, near: list[Tensor], before: Kinds, after: Kinds) -> None:
        self._step, self._near, self._before, self._after = step, near, before, after

    def agrees(self) -> bool:
        """Say whether the eager step, which has run by now, made the same of them."""
        trios = zip(self._after, self._step.changed, self._before, strict=True)
        near = [*self._near, *(_is_near(*trio) for trio in trios)]
        return bool(fetched(torch.stack(near).all()).item())


class Moment:
    """What tensors and generators were, to be brought back.

    Args:
        kinds: The tensors.
        graph: Knows the generators.
    """

    def __init__(self, kinds: Kinds, graph: Graph) -> None:
        self._kinds, self._graph = kinds, graph
        self.kept = _copies(kinds)
        self._random = graph.random_state()

    def restore(self) -> None:
        """Bring everything back."""
        with torch.no_grad():
            for tensor, kept in zip(chain(*self._kinds), chain(*self.kept), strict=True):
                tensor.copy_(kept)
        self._graph.set_random_state(self._random)


def _copies(kinds: Kinds) -> Kinds:
    return [[tensor.detach().clone() for tensor in tensors] for tensors in kinds]


def _kinds_of(made: list[Tensor]) -> Kinds:
    """Return predictions, loss and all gradients."""
    y_pred, loss, *grads = made
    return [[y_pred], [loss], grads]


def _is_near(found: list[Tensor], expected: list[Tensor], before: list[Tensor] | None) -> Tensor:
    """Return whether tensors differ by little of what a step changed; without waiting."""
    if not expected[0].is_floating_point():
        pairs = zip(found, expected, strict=True)
        return torch.stack([(one == other).all() for one, other in pairs]).all()
    differing, size = _distance(found, expected), _distance(expected, None)
    changed = size if before is None else _distance(expected, before)
    rounding = _ROUNDINGS * torch.finfo(expected[0].dtype).eps
    return differing <= _NEAR * changed + rounding * size


def _distance(tensors: list[Tensor], others: list[Tensor] | None) -> Tensor:
    """Return the distance of tensors from others, or from zero, as of one vector."""
    apart = [tensor.detach().float() for tensor in tensors]
    if others is not None:
        apart = [one - other.float() for one, other in zip(apart, others, strict=True)]
    return torch.stack([tensor.norm() for tensor in apart]).norm()
