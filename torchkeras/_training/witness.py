"""Whether all that a graph of kernels reads is where it was, and is worth what it was."""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon, floatx

from .snapshot import Snapshot
from .steps import Steps

_VALUES = (bool, int, float, str, type(None))


class Witness:
    """What a recording depends on, as it was: memory, objects and their plain values.

    Args:
        model: The model. That none of its tensors was replaced is seen by `Snapshot`; here it is
            seen whether they got other memory.
        measured: Returns the tensors of the metrics, which may be replaced.
        objects: Objects whose attributes count.
        optimizer: The optimizer, if its update is in the recording.
    """

    def __init__(
        self,
        model: Steps,
        measured: Callable[[], list[Tensor]],
        objects: list[Any],
        optimizer: Any,
    ) -> None:
        self._snapshot = Snapshot(model)
        self._tensors = [*model.parameters(), *model.buffers()]
        self._measured, self._optimizer = measured, optimizer
        self._objects = objects if optimizer is None else [*objects, optimizer]
        self._then = self._now()

    def holds(self) -> bool:
        """Say whether nothing has changed."""
        return self._snapshot.holds() and self._now() == self._then

    def _now(self) -> list[Any]:
        work = None if self._optimizer is None else self._optimizer._work()
        measured = self._measured()
        places = map(Tensor.data_ptr, [*self._tensors, *measured])
        modes = [floatx(), epsilon(), *_modes()]
        return [_Same([work, *measured]), *places, *modes, *self._values()]

    def _values(self) -> list[Any]:
        return [
            value
            for thing in self._objects
            for value in vars(thing).values()
            if type(value) in _VALUES
        ]


class _Same:
    """Objects that equal only themselves, whatever they say."""

    def __init__(self, objects: list[Any]) -> None:
        self._objects = objects

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, _Same)
        return all(map(operator.is_, self._objects, other._objects))


def _modes() -> list[Any]:
    """Return the settings by which torch chooses kernels."""
    cudnn: Any = torch.backends.cudnn
    return [
        torch.are_deterministic_algorithms_enabled(),
        getattr(torch.backends.cuda.matmul, "fp32_precision", None),
        getattr(getattr(cudnn, "conv", None), "fp32_precision", None),
        cudnn.enabled,
        cudnn.benchmark,
        cudnn.deterministic,
    ]
