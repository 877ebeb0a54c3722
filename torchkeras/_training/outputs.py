"""The outputs of many batches, put together as NumPy arrays."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._state.variable import Variable


class Outputs:
    """What `predict` collects.

    Where the number of samples is known, each output is written straight into its place.

    Args:
        num_samples: The number of samples to come, if it is known.
    """

    def __init__(self, num_samples: int | None) -> None:
        self._num_samples = num_samples
        self._structure: Any = None
        self._joined: list[_Joined] = []

    def add(self, outputs: Any) -> None:
        """Take the outputs of one batch.

        Args:
            outputs: A tensor, or a nested structure of tensors.
        """
        leaves = tree.flatten(outputs) if tree.is_nested(outputs) else [outputs]
        if not self._joined:
            self._structure = outputs
            self._joined = [_Joined(self._num_samples) for _ in leaves]
        for joined, leaf in zip(self._joined, leaves, strict=True):
            joined.add(leaf)

    def result(self) -> Any:
        """Return the arrays of all samples, in the structure of the model's outputs."""
        if not self._joined:
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

    def add(self, leaf: Any) -> None:
        part = torch.as_tensor(leaf.value if isinstance(leaf, Variable) else leaf).detach()
        if self._num_samples is None or part.ndim == 0 or self._parts:
            self._parts.append(part.clone())
            return
        if self._whole is None:
            self._whole = self._room(part)
        stop = self._filled + part.shape[0]
        if stop > self._num_samples or part.shape[1:] != self._whole.shape[1:]:
            self._parts = [self._whole[: self._filled], part.clone()]
            return
        self._whole[self._filled : stop].copy_(part, non_blocking=True)
        self._filled = stop

    def _room(self, part: Tensor) -> Tensor:
        """Return memory on the host for all samples, pinned if the device writes into it."""
        shape = (self._num_samples or 0, *part.shape[1:])
        return torch.empty(shape, dtype=part.dtype, device="cpu", pin_memory=part.is_cuda)

    def result(self) -> "np.ndarray[Any, Any]":
        if self._parts or self._whole is None:
            return _concatenated(self._parts)
        if self._whole.is_pinned():
            torch.cuda.synchronize()
        return as_numpy(self._whole[: self._filled])


def _concatenated(parts: list[Tensor]) -> "np.ndarray[Any, Any]":
    arrays = [as_numpy(part) for part in parts]
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1 or arrays[0].ndim == 0:
        raise ValueError(
            "The outputs of all batches must have the same shape but for their first axis, the "
            f"samples. Received outputs such as {show(arrays[0])} and {show(arrays[-1])}. Run the "
            "model batch by batch with `predict_on_batch`, or pad the data to one length."
        )
    return np.concatenate(arrays)


def as_numpy(value: Any) -> "np.ndarray[Any, Any]":
    """Return a tensor as a NumPy array; bfloat16, which NumPy lacks, as float32."""
    if isinstance(value, Variable):
        value = value.value
    if not isinstance(value, Tensor):
        return np.asarray(value)
    host = value.detach().as_subclass(Tensor).cpu()
    array: np.ndarray[Any, Any] = (host.float() if host.dtype is torch.bfloat16 else host).numpy()
    return array


def owned(value: Any) -> Any:
    """Return the outputs of one batch as arrays that share no memory with the model or the data."""
    return tree.map_structure(lambda leaf: np.array(as_numpy(leaf)), value)
