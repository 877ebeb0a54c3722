"""The way of a batch to a device, beside the work that the device is doing."""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor


class Lane(Protocol):
    """Sends tensors; what was sent may be used after `arrive`."""

    def send(self, tensor: Tensor) -> Tensor: ...

    def arrive(self) -> None: ...


class PlainLane:
    """Sends tensors in the order of the device's work.

    Args:
        device: Where to.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, tensor: Tensor) -> Tensor:
        """Return a tensor on the device, without waiting for it.

        Args:
            tensor: The tensor.
        """
        return tensor.to(self._device, non_blocking=True)

    def arrive(self) -> None:
        """Do nothing: the device does one after the other."""


class CudaLane:
    """Sends tensors on a stream of its own, while the GPU still works on the batch before.

    Python is done with a step long before the GPU is. What it fetches then is copied into pinned
    memory, from where the GPU takes it by itself; neither waits for the other.

    Args:
        device: Where to.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = None
        self._under_way: list[Tensor] = []

    def send(self, tensor: Tensor) -> Tensor:
        """Return a tensor on the device that is filled when it has arrived.

        Args:
            tensor: The tensor. It may be written into afterwards, unless it is pinned itself.
        """
        if tensor.device.type != "cpu" or tensor.layout is not torch.strided:
            return tensor.to(self._device, non_blocking=True)
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        pinned = tensor if tensor.is_pinned() else tensor.pin_memory()
        with torch.cuda.stream(self._stream):
            sent = pinned.to(self._device, non_blocking=True)
        self._under_way.append(sent)
        return sent

    def arrive(self) -> None:
        """Let the work that follows begin when all is there; the host does not wait."""
        if not self._under_way:
            return
        at_work = torch.cuda.current_stream(self._device)
        at_work.wait_stream(self._stream)
        for tensor in self._under_way:
            tensor.record_stream(at_work)
        self._under_way.clear()


# How batches travel to devices of some types.
LANES: dict[str, Callable[[torch.device], Lane]] = {"cuda": CudaLane}


def lane_to(device: torch.device) -> Lane:
    """Return a way to a device.

    Args:
        device: The device.
    """
    return LANES.get(device.type, PlainLane)(device)
