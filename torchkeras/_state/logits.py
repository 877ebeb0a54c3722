"""From which logits a softmax or sigmoid was computed, noted while a training step is watched.

A crossentropy of probabilities loses what rounding took from them: below epsilon its value is cut
off and its gradient is zero. Computed from the logits it is right everywhere, so a loss asks the
watch of its step for them. This works for any model, since the activation itself takes the note:
it needs no program, no hook and no attribute on tensors.

Notes keep tensors alive, and a gate or an attention layer inside of a model would pay for that with
memory. The first step therefore shows which of its calls, counted from its beginning, a loss asked
for; from then on only these are noted, and only until the step ends. A note is used for the very
tensor that the activation returned, unchanged, so a model that goes another way each time gets
what Keras computes from the probabilities, never a wrong number.
"""

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from .masked import Masked


@dataclass(frozen=True)
class _Note:
    """One call of an activation: its number in the step, its kind, its result and its input."""

    number: int
    kind: str
    dim: int | None
    output: Tensor
    logits: Tensor
    versions: tuple[int, int]

    def fits(self, output: Tensor, kind: str, dim: int | None) -> bool:
        """Say whether a tensor is the result, along an axis if the activation has one."""
        if kind != self.kind or not self._is(output):
            return False
        rank = output.dim()
        same_axis = dim is None or self.dim is None or dim % rank == self.dim % rank
        return same_axis and self.versions == _versions(self.output, self.logits)

    def _is(self, output: Tensor) -> bool:
        if output is self.output:
            return True
        masked = isinstance(output, Masked) and output._base is self.output
        return masked and _layout(output) == _layout(self.output)


class Watch:
    """The notes of a step, which is a scope: `with watch: ...`."""

    def __init__(self) -> None:
        self._wanted: set[int] | None = None
        self._asked: set[int] = set()
        self._notes: list[_Note] = []
        self._count = 0
        self._outer: Watch | None = None

    @property
    def is_idle(self) -> bool:
        """Whether the first step has shown that there is nothing to note."""
        return self._wanted is not None and not self._wanted

    def __enter__(self) -> "Watch":
        self._outer, _HERE.watch = _HERE.watch, self
        self._count = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _HERE.watch, self._outer = self._outer, None
        self._notes.clear()
        if self._wanted is None and error is None:
            self._wanted = self._asked

    def note(self, output: Tensor, logits: Tensor, kind: str, dim: int | None) -> None:
        """Take note of a call, if the first step has not shown that no loss asks for it."""
        number, self._count = self._count, self._count + 1
        if self._wanted is not None and number not in self._wanted:
            return
        if not (output.is_inference() or logits.is_inference()):
            versions = _versions(output, logits)
            self._notes.append(_Note(number, kind, dim, output, logits, versions))

    def find(self, output: Any, kind: str, dim: int | None) -> Tensor | None:
        """Return the logits of a tensor, or `None` if it is not known to be such a result."""
        for note in reversed(self._notes):
            if note.fits(output, kind, dim):
                self._asked.add(note.number)
                return note.logits
        return None

    def __deepcopy__(self, memo: dict[int, Any]) -> "Watch":
        return Watch()

    def __reduce__(self) -> Any:
        return (Watch, ())


class _Here(threading.local):
    watch: Watch | None = None


_HERE = _Here()


def _layout(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.storage_offset()


def _versions(output: Tensor, logits: Tensor) -> tuple[int, int]:
    return output._version, logits._version


def noted(output: Tensor, logits: Tensor, kind: str, dim: int | None = None) -> Tensor:
    """Return the result of an activation; a step that is watched remembers its logits.

    Args:
        output: The result.
        logits: What it was computed from.
        kind: `"softmax"` or `"sigmoid"`.
        dim: The axis of a softmax.
    """
    if not torch.compiler.is_compiling() and _HERE.watch is not None:
        _HERE.watch.note(output, logits, kind, dim)
    return output


def logits_of(output: Any, kind: str, dim: int | None = None) -> Tensor | None:
    """Return the logits from which a tensor was computed in the step that runs now, if known.

    Args:
        output: The result of an activation.
        kind: `"softmax"` or `"sigmoid"`.
        dim: The axis of the classes.
    """
    if torch.compiler.is_compiling() or _HERE.watch is None:
        return None
    return _HERE.watch.find(output, kind, dim)
