"""Where tensors are made: an explicit choice first, then CUDA, MPS and CPU in that order."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_SCOPE: ContextVar[torch.device | None] = ContextVar("torchkeras_device", default=None)


@contextmanager
def device(name: "str | torch.device") -> Iterator[torch.device]:
    """Make every tensor and weight inside the scope on one device.

    Args:
        name: A torch device or its name; Keras's `"gpu"` and `"gpu:0"` stand for `"cuda"`.

    Example:
        >>> import torchkeras
        >>> with torchkeras.device("cpu"):
        ...     layer = torchkeras.layers.Dense(2)
        ...     layer.build((None, 3))
        >>> layer.kernel.value.device
        device(type='cpu')
    """
    chosen = parse(name)
    token = _SCOPE.set(chosen)
    try:
        with chosen:
            yield chosen
    finally:
        _SCOPE.reset(token)


def parse(name: "str | torch.device") -> torch.device:
    """Return the torch device that `name` stands for, `"gpu"` meaning `"cuda"`."""
    if isinstance(name, torch.device):
        return name
    return torch.device(name.lower().replace("gpu", "cuda"))


def explicit() -> torch.device | None:
    """Return the device that the user asked for with a scope or `torch.set_default_device`."""
    scope = _SCOPE.get()
    if scope is not None:
        return scope
    default = torch.get_default_device()
    return default if default.type != "cpu" else None


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
