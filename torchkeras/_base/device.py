"""Where tensors are made: an explicit choice first, then CUDA, MPS and CPU in that order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import overrides
from torch.utils._device import DeviceContext


@contextmanager
def device(device_name: "str | torch.device") -> Iterator[torch.device]:
    """Make every tensor and weight inside the scope on one device.

    Args:
        device_name: A torch device or its name; Keras's `"gpu"` and `"gpu:0"` stand for `"cuda"`.

    Raises:
        ValueError: If it is neither.

    Example:
        >>> import torchkeras
        >>> with torchkeras.device("cpu"):
        ...     layer = torchkeras.layers.Dense(2)
        ...     layer.build((None, 3))
        >>> layer.kernel.value.device
        device(type='cpu')
    """
    chosen = parse(device_name)
    with chosen:
        yield chosen


def parse(name: "str | torch.device") -> torch.device:
    """Return the torch device that `name` stands for, `"gpu"` meaning `"cuda"`."""
    if isinstance(name, torch.device):
        return name
    if not isinstance(name, str):
        raise ValueError(
            '`device_name` must be a torch device or its name, such as "cpu" or "cuda:0". '
            f"Received: device_name={name!r}."
        )
    return torch.device(name.lower().replace("gpu", "cuda"))


def explicit() -> torch.device | None:
    """Return the device that the user asked for with a scope or `torch.set_default_device`."""
    return _default() if torch._C._len_torch_function_stack() else None


def _default() -> torch.device | None:
    """Return what `torch.device(...)` scopes and `torch.set_default_device` say, the CPU too."""
    modes: list[Any] = overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    found = next((mode.device for mode in reversed(modes) if isinstance(mode, DeviceContext)), None)
    if found is None or found.index is not None or found.type in ("cpu", "meta"):
        return found
    return torch.get_default_device()  # with the number of the device


def best() -> torch.device:
    """Return the best device of this machine: CUDA, then MPS, then CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def running() -> torch.device:
    """Return the device on which a model without an explicit choice runs."""
    return explicit() or best()


def creation() -> torch.device:
    """Return the device on which weights are made: the explicit choice, or the CPU until a run."""
    return explicit() or torch.device("cpu")
