"""Optimizer state that lies in memory as the parameters do it belongs to."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

_ALIGNMENT_BYTES = 64
# A CPU updates so few numbers faster than it wakes a second thread.
_SMALL = 8192


class Place(NamedTuple):
    """What tensors share that one kernel takes together; `small` tensors of a CPU stay apart."""

    device: torch.device
    dtype: torch.dtype
    kind: type
    small: bool


def place(tensor: Tensor) -> Place:
    """Return the place of a tensor."""
    kind = Tensor if isinstance(tensor, nn.Parameter) or type(tensor) is Tensor else type(tensor)
    small = tensor.device.type == "cpu" and tensor.numel() <= _SMALL
    return Place(tensor.device, tensor.dtype, kind, small)


def by_place(tensors: Sequence[Tensor]) -> dict[Place, list[int]]:
    """Return the positions of the tensors of each place."""
    found: dict[Place, list[int]] = {}
    for index, tensor in enumerate(tensors):
        found.setdefault(place(tensor), []).append(index)
    return found


class Shadow(nn.Module):
    """One tensor of state for each parameter (all the velocities, say), as buffers.

    Those of one place are cut from one flat tensor, a *piece*: what needs neither gradient nor
    parameter runs once over the piece, and not once for each of hundreds of tensors.

    Args:
        like: The parameters.
        positions: Which of the optimizer's variables they belong to, if not to all.
    """

    def __init__(self, like: Sequence[Tensor], positions: list[int] | None = None) -> None:
        super().__init__()
        self.positions = positions
        self.pieces: dict[Place, list[Tensor]] = {}
        self._lie_like(like)

    @property
    def tensors(self) -> list[Tensor]:
        """The state, parameter by parameter."""
        return [self._buffers[str(index)] for index in range(len(self._buffers))]  # type: ignore[misc]

    def fit(self, like: Sequence[Tensor]) -> None:
        """Lie like the parameters again after they moved or changed; the values stay."""
        old = self.tensors
        pairs = zip(old, like, strict=True)
        if self.pieces and all(_alike(tensor, parameter) for tensor, parameter in pairs):
            return
        self._lie_like(like)
        for new, value in zip(self.tensors, old, strict=True):
            new.copy_(value)

    def _lie_like(self, like: Sequence[Tensor]) -> None:
        self.pieces = {}
        for where, members in by_place(like).items():
            parameters = [like[index] for index in members]
            views, self.pieces[where] = cut(where, parameters)
            self._buffers.update(zip(map(str, members), views, strict=True))

    def __getstate__(self) -> dict[str, Any]:
        # Views of one tensor would each carry the whole of it into a pickle.
        cut = {key: None if t is None else t.clone() for key, t in self._buffers.items()}
        return {**self.__dict__, "pieces": {}, "_buffers": cut}


def _alike(tensor: Tensor, parameter: Tensor) -> bool:
    return place(tensor) == place(parameter) and tensor.stride() == strides_like(parameter)


def strides_like(parameter: Tensor) -> tuple[int, ...]:
    """Return a parameter's strides, or those of a dense tensor where it has gaps or overlaps."""
    return tuple(torch.empty_like(parameter, device="meta").stride())


def cut(
    where: Place, like: Sequence[Tensor], make: Callable[..., Tensor] = torch.zeros
) -> tuple[list[Tensor], list[Tensor]]:
    """Return tensors like parameters of one place, and the pieces that they are cut from.

    Args:
        where: The place.
        like: The parameters.
        make: `torch.zeros` or `torch.empty`.
    """
    if where.kind is not Tensor:  # a distributed tensor, for one, knows best how to make its like
        zeros = [torch.zeros_like(parameter) for parameter in like]
        return zeros, zeros
    unit = max(1, _ALIGNMENT_BYTES // where.dtype.itemsize)
    starts, total = [], 0
    for parameter in like:
        starts.append(total)
        total += -(-parameter.numel() // unit) * unit
    piece = make(total, dtype=where.dtype, device=where.device)
    views = [
        piece.as_strided(parameter.shape, strides_like(parameter), start)
        for parameter, start in zip(like, starts, strict=True)
    ]
    return views, [piece]
