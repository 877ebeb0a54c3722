"""One switch that makes runs repeatable bit for bit."""

import os
from dataclasses import dataclass
from typing import Any

import torch

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@dataclass
class _Before:
    settings: dict[str, Any] | None = None


_BEFORE = _Before()


def enable_determinism(warn_only: bool = False) -> None:
    """Make two runs from one seed equal bit for bit, on a device of one kind.

    Torch then takes the deterministic kernels, which may be slower, and raises where an operation
    has none. `fit` keeps its validation from drawing random numbers that training would draw, so
    that the weights do not depend on whether the model is validated. Call
    `torchkeras.utils.set_random_seed` besides, before the model is made.

    It sets `torch.use_deterministic_algorithms`, the switches of cuDNN, and the environment
    variable `CUBLAS_WORKSPACE_CONFIG` unless it is set; call it before a GPU is used first.

    Args:
        warn_only: Whether an operation without a deterministic kernel is only warned of.

    Differs from Keras:
        Keras has `tf.config.experimental.enable_op_determinism` on TensorFlow alone.

    Example:
        >>> import torchkeras
        >>> torchkeras.config.enable_determinism()
        >>> torchkeras.config.is_determinism_enabled()
        True
        >>> torchkeras.config.disable_determinism()
    """
    if _BEFORE.settings is None:
        _BEFORE.settings = _settings()
    os.environ.setdefault(_WORKSPACE, ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def disable_determinism() -> None:
    """Set back what `enable_determinism` has set; without such a call, do nothing."""
    before, _BEFORE.settings = _BEFORE.settings, None
    if before is None:
        return
    torch.use_deterministic_algorithms(before["on"], warn_only=before["warn_only"])
    torch.backends.cudnn.deterministic = before["cudnn"]
    torch.backends.cudnn.benchmark = before["benchmark"]
    if before["workspace"] is None:
        os.environ.pop(_WORKSPACE, None)


def is_determinism_enabled() -> bool:
    """Say whether `enable_determinism` is in force."""
    return _BEFORE.settings is not None


def _settings() -> dict[str, Any]:
    return {
        "on": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "cudnn": torch.backends.cudnn.deterministic,
        "benchmark": torch.backends.cudnn.benchmark,
        "workspace": os.environ.get(_WORKSPACE),
    }
