"""Whether all that a graph of kernels reads is where it was, and is worth what it was."""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon, floatx
from torchkeras._training.recorded.snapshot import Snapshot
from torchkeras._training.steps import Steps

_VALUES = (bool, int, float, str, type(None))

# The settings by which Keras and torch choose what to compute.
_MODES: list[Callable[[], Any]] = [
    floatx,
    epsilon,
    torch.are_deterministic_algorithms_enabled,
    torch._C._get_cudnn_enabled,
    torch._C._get_cudnn_benchmark,
    torch._C._get_cudnn_deterministic,
]
if hasattr(torch._C, "_get_fp32_precision_getter"):  # since torch 2.9
    _PRECISION: Callable[[str, str], str] = torch._C._get_fp32_precision_getter
    _MODES += [partial(_PRECISION, "cuda", kind) for kind in ("matmul", "conv")]


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
        counted = objects if optimizer is None else [*objects, optimizer]
        self._values = [pair for thing in counted for pair in _values_of(thing)]
        self._then = self._now()

    def holds(self) -> bool:
        """Say whether nothing has changed."""
        try:
            return self._snapshot.holds() and self._now() == self._then
        except KeyError:  # an attribute is gone
            return False

    def _now(self) -> list[Any]:
        work = None if self._optimizer is None else self._optimizer._work()
        measured = self._measured()
        places = map(Tensor.data_ptr, [*self._tensors, *measured])
        values = [read(held) for read, held in self._values]
        modes = [mode() for mode in _MODES]
        return [_Same([work, *measured]), *places, *modes, *values]


def _values_of(thing: Any) -> list[tuple[Callable[[dict[str, Any]], Any], dict[str, Any]]]:
    """Return what reads the plain values of an object, and what from."""
    held = vars(thing)
    names = [name for name, value in held.items() if type(value) in _VALUES]
    return [(operator.itemgetter(*names), held)] if names else []


class _Same:
    """Objects that equal only themselves, whatever they say."""

    def __init__(self, objects: list[Any]) -> None:
        self._objects = objects

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, _Same)
        return all(map(operator.is_, self._objects, other._objects))
