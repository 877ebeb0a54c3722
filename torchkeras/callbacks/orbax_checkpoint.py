"""`OrbaxCheckpoint`: checkpoints of JAX, which are not written here."""

import os
from typing import Any, Literal

from .monitor_callback import MonitorCallback


class OrbaxCheckpoint(MonitorCallback):
    """Refuse to be made: Orbax writes checkpoints with JAX.

    Args:
        directory: A folder for the checkpoints.
        monitor: The name of a metric.
        verbose: Whether a line says what is written.
        save_best_only: Whether only improvements are written.
        mode: Whether the metric should fall or rise.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: What the metric has to beat first.
        max_to_keep: How many checkpoints are kept.
        save_on_background: Whether training goes on meanwhile.
        save_weights_only: Whether the optimizer is left out.

    Raises:
        ImportError: Always.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.OrbaxCheckpoint("checkpoints")
        Traceback (most recent call last):
        ...
        ImportError: `OrbaxCheckpoint` writes checkpoints with JAX's Orbax, and torchkeras...
    """

    def __init__(
        self,
        directory: "str | os.PathLike[str]",
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: Literal["auto", "min", "max"] = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None:
        raise ImportError(
            "`OrbaxCheckpoint` writes checkpoints with JAX's Orbax, and torchkeras runs on torch "
            "alone. Use `ModelCheckpoint('{epoch:02d}.keras')`, or `BackupAndRestore` to go on "
            "after an interruption; a model is a torch module, so `torch.distributed.checkpoint` "
            f"takes its `state_dict()` too. Received: directory={_shown(directory)!r}."
        )


def _shown(directory: Any) -> str:
    return os.fspath(directory)
