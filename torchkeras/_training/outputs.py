"""The outputs of many batches, put together as NumPy arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._state.variable import Variable

_WAITING_BYTES = 1 << 20
# Small outputs that are kept lie between the large temporaries of the batches, whose memory can
# then not be used again; a few may.
_WAITING_PARTS = 8


class Outputs:
    """What `predict` collects.

    Where the number of samples is known, outputs are written into their place, a few batches at
    a time; otherwise they are kept until the end.

    Args:
        num_samples: The number of samples to come, if it is known.
    """

    def __init__(self, num_samples: int | None) -> None:
        self._num_samples = num_samples
        self._structure: Any = None
        self._joined: list[_Joined] | None = None

    def add(self, outputs: Any) -> None:
        """Take the outputs of one batch.

        Args:
            outputs: A tensor, or a nested structure of tensors.
        """
        if self._joined is None:
            self._structure = outputs
            self._joined = [_Joined(self._num_samples) for _ in _leaves(outputs)]
        if type(outputs) is Tensor:
            self._joined[0].add(outputs)
            return
        for joined, leaf in zip(self._joined, _leaves(outputs), strict=True):
            joined.add(as_plain(leaf))

    def after(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a step whose outputs are also taken.

        Args:
            step: Returns the outputs of one batch.
        """
        add = self.add

        def run(batch: Any) -> Any:
            made = step(batch)
            add(made)
            return made

        return run

    def result(self) -> Any:
        """Return the arrays of all samples, in the structure of the model's outputs."""
        if self._joined is None:
            raise ValueError(
                "`predict` got no data: `x` yielded no batch. If it is a generator, it may have "
                "been used up by an earlier call."
            )
        arrays = [joined.result() for joined in self._joined]
        if not tree.is_nested(self._structure):
            return arrays[0]
        return tree.pack_sequence_as(self._structure, arrays)


class _Joined:
    """One output, over all batches."""

    def __init__(self, num_samples: int | None) -> None:
        self._num_samples = num_samples
        self._whole: Tensor | None = None
        self._filled = 0
        self._parts: list[Tensor] = []
        self._waiting_bytes = 0

    def add(self, part: Tensor) -> None:
        self._parts.append(part)
        if self._num_samples is not None:
            self._waiting_bytes += part.numel() * part.element_size()
            if self._waiting_bytes >= _WAITING_BYTES or len(self._parts) >= _WAITING_PARTS:
                self._write()

    def _write(self) -> None:
        """Write what waits into its place in memory for all samples."""
        joined = _concatenated(self._parts)
        if self._whole is None:
            self._whole = self._room(joined)
        stop = self._filled + joined.shape[0]
        if stop > len(self._whole) or joined.shape[1:] != self._whole.shape[1:]:
            self._give_up(joined)
            return
        self._whole[self._filled : stop].copy_(joined, non_blocking=True)
        self._filled = stop
        self._parts.clear()
        self._waiting_bytes = 0

    def _give_up(self, joined: Tensor) -> None:
        """Keep everything until the end: there are more samples, or others, than were expected."""
        assert self._whole is not None
        self._parts = [self._whole[: self._filled], joined.cpu()]
        self._num_samples = self._whole = None

    def _room(self, part: Tensor) -> Tensor:
        """Return memory on the host for all samples, pinned if the device writes into it."""
        shape = (self._num_samples or 0, *part.shape[1:])
        with torch.inference_mode(False):  # the last parts are written after the pass
            return torch.empty(shape, dtype=part.dtype, device="cpu", pin_memory=part.is_cuda)

    def result(self) -> "np.ndarray[Any, Any]":
        if self._parts and self._whole is not None:
            self._write()
        if self._whole is None:
            return as_numpy(_concatenated(self._parts))
        if self._whole.is_pinned():
            torch.cuda.synchronize()
        return as_numpy(self._whole[: self._filled])


def _leaves(outputs: Any) -> list[Any]:
    return tree.flatten(outputs) if tree.is_nested(outputs) else [outputs]


def _concatenated(parts: list[Tensor]) -> Tensor:
    """Return new memory that holds all parts."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1 or parts[0].ndim == 0:
        raise ValueError(
            "The outputs of all batches must have the same shape but for their first axis, the "
            f"samples. Received outputs such as {show(parts[0])} and {show(parts[-1])}. Run the "
            "model batch by batch with `predict_on_batch`, or pad the data to one length."
        )
    return torch.cat(parts)


def as_plain(value: Any) -> Tensor:
    """Return an output as a tensor without gradient or mask."""
    if isinstance(value, Variable):
        value = value.value
    if type(value) is Tensor:
        return value.detach() if value.requires_grad else value
    return torch.as_tensor(value).detach().as_subclass(Tensor)


def as_numpy(value: Any) -> "np.ndarray[Any, Any]":
    """Return a tensor as a NumPy array; bfloat16, which NumPy lacks, as float32."""
    host = as_plain(value).cpu()
    array: np.ndarray[Any, Any] = (host.float() if host.dtype is torch.bfloat16 else host).numpy()
    return array


def owned(value: Any) -> Any:
    """Return the outputs of one batch as arrays that share no memory with the model or the data."""
    if type(value) is Tensor:
        return np.array(as_numpy(value))
    return tree.map_structure(lambda leaf: np.array(as_numpy(leaf)), value)
