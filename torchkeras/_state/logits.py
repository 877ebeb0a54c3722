"""From which logits a softmax or sigmoid was computed, noted while a training step is watched.

A crossentropy of probabilities loses what rounding took from them: below epsilon its value is cut
off and its gradient is zero. Computed from the logits it is right everywhere, so a loss asks the
watch of its step for them. This works for any model, since the activation itself takes the note:
it needs no program, no hook and no attribute on tensors.

Notes keep tensors alive, and a gate or an attention layer inside of a model would pay for that with
memory. The first step therefore shows which of its calls, counted from its beginning, a loss asked
for; from then on only these are noted, and only until the step ends. A note is used for the very
tensor that the activation returned, unchanged or in another shape, so a model that goes another way
each time gets what Keras computes from the probabilities, never a wrong number.
"""

import threading
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

# One call of an activation: its number in the step, its kind and axis, its result and its input,
# and how often these had been changed in place by then.
_Note = tuple[int, str, int | None, Tensor, Tensor, int, int]


class Watch:
    """The notes of a step, which is a scope: `with watch: ...`."""

    def __init__(self) -> None:
        self._wanted: set[int] | None = None
        self._asked: set[int] = set()
        self._answers: list[int | None] = []
        self._notes: list[_Note] = []
        self._count = 0
        self._outer: Watch | None = None

    @property
    def answers(self) -> tuple[int | None, ...]:
        """What losses were told in the first step: the numbers of calls, or `None`."""
        return tuple(self._answers)

    @property
    def count(self) -> int:
        """How many calls the last step had."""
        return self._count

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
        number, wanted = self._count, self._wanted
        self._count = number + 1
        if wanted is not None and number not in wanted:
            return
        try:
            versions = output._version, logits._version
        except RuntimeError:  # tensors of inference mode have no versions
            return
        self._notes.append((number, kind, dim, output, logits, *versions))

    def since(self, count: int) -> tuple[int, list[tuple[int, str, int | None, Tensor]]]:
        """Return how many calls came after so many, and the notes of those that are wanted.

        Args:
            count: What `count` was.
        """
        notes = [
            (number - count, kind, dim, output)
            for number, kind, dim, output, *_ in self._notes
            if number >= count
        ]
        return self._count - count, notes

    def add(
        self, count: int, calls: int, notes: list[tuple[int, str, int | None, Tensor, Tensor]]
    ) -> None:
        """Count calls that nobody has seen, and take the notes of some of them.

        Args:
            count: What `count` was before them.
            calls: How many.
            notes: What `since` returned for calls like these, with the logits.
        """
        if _HERE.watch is not self:
            return
        for later, kind, dim, output, logits in notes:
            versions = output._version, logits._version
            self._notes.append((count + later, kind, dim, output, logits, *versions))
        self._count = count + calls

    def find(self, output: Any, kind: str, dim: int | None) -> Tensor | None:
        """Return the logits of a tensor, or `None` if it is not known to be such a result."""
        for number, its_kind, its_dim, result, logits, *versions in reversed(self._notes):
            if its_kind != kind or versions != [result._version, logits._version]:
                continue
            if output is result:
                found = logits if _same_axis(dim, its_dim, result) else None
            else:
                found = _reshaped(output, dim, result, its_dim, logits)
            if found is not None:
                self._answer(number)
                return found
        self._answer(None)
        return None

    def _answer(self, number: int | None) -> None:
        if self._wanted is None:
            self._answers.append(number)
            if number is not None:
                self._asked.add(number)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Watch":
        return Watch()

    def __reduce__(self) -> Any:
        return (Watch, ())


class _Here(threading.local):
    watch: Watch | None = None


_HERE = _Here()


def _layout(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.storage_offset()


def _same_axis(dim: int | None, other: int | None, output: Tensor) -> bool:
    rank = output.dim()
    return dim == other or dim is None or (other is not None and dim % rank == other % rank)


def _reshaped(
    output: Any, dim: int | None, result: Tensor, its_dim: int | None, logits: Tensor
) -> Tensor | None:
    """Return logits for a tensor that is a result in another shape, or that carries a mask."""
    if (
        not isinstance(output, Tensor)
        or output._base is not result
        or output.requires_grad != result.requires_grad
        or not (output.is_contiguous() and result.is_contiguous())
        or output.numel() != result.numel()
    ):
        return None
    if output.shape == result.shape:
        return logits if _same_axis(dim, its_dim, result) else None
    if dim is None:
        return logits.reshape(output.shape)
    last = dim in (-1, output.dim() - 1) and its_dim in (-1, result.dim() - 1)
    return logits.reshape(output.shape) if last and output.shape[-1] == result.shape[-1] else None


class Trace:
    """The notes of a step while a compiler reads it; nothing is left of them when it runs.

    A tracer's tensors show neither versions nor bases. What an eager step of the same program has
    shown stands for both: what its losses were told, one after the other.
    """

    def __init__(self) -> None:
        self._answers: list[int | None] = []
        self._count = 0
        self._notes: list[tuple[str, Tensor, Tensor]] | None = None

    def begin(self, answers: tuple[int | None, ...], count: int) -> None:
        """Take notes from now on.

        Args:
            answers: What losses were told in an eager step.
            count: How many calls that step had.
        """
        self._answers, self._count, self._notes = list(answers), count, []

    def taken(self, numbers: list[int]) -> list[tuple[Tensor, Tensor]]:
        """Return results and logits of some calls; of none if there were not as many as expected.

        Args:
            numbers: The calls.
        """
        if self._notes is None or len(self._notes) != self._count:
            return []
        return [(self._notes[number][1], self._notes[number][2]) for number in numbers]

    def end(self) -> None:
        """Forget everything."""
        self._answers, self._count, self._notes = [], 0, None

    def note(self, output: Tensor, logits: Tensor, kind: str) -> None:
        """Take note of a call."""
        if self._notes is not None:
            self._notes.append((kind, output, logits))

    def find(self, output: Any, kind: str) -> Tensor | None:
        """Return the logits of a tensor, if the eager step found some there."""
        if self._notes is None or not self._answers:
            return None
        number = self._answers.pop(0)
        if number is None or len(self._notes) != self._count:
            return None
        its_kind, result, logits = self._notes[number]
        if its_kind != kind or output.numel() != result.numel():
            return None
        return logits if output.shape == result.shape else logits.reshape(output.shape)


TRACE = Trace()


def noted(output: Tensor, logits: Tensor, kind: str, dim: int | None = None) -> Tensor:
    """Return the result of an activation; a step that is watched remembers its logits.

    Args:
        output: The result.
        logits: What it was computed from.
        kind: `"softmax"` or `"sigmoid"`.
        dim: The axis of a softmax.
    """
    if torch.compiler.is_compiling():
        TRACE.note(output, logits, kind)
    elif _HERE.watch is not None:
        _HERE.watch.note(output, logits, kind, dim)
    return output


def logits_of(output: Any, kind: str, dim: int | None = None) -> Tensor | None:
    """Return the logits from which a tensor was computed in the step that runs now, if known.

    Args:
        output: The result of an activation.
        kind: `"softmax"` or `"sigmoid"`.
        dim: The axis of the classes.
    """
    if torch.compiler.is_compiling():
        return TRACE.find(output, kind)
    return None if _HERE.watch is None else _HERE.watch.find(output, kind, dim)
