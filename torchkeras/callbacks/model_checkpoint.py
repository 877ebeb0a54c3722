"""Save the model while it trains."""

import math
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torchkeras._base.messages import show

from ._console import say
from .callback import Logs
from .monitor_callback import MonitorCallback

_WEIGHTS_ENDINGS = (".weights.h5", ".safetensors")
_MODEL_ENDINGS = (".keras", ".h5", ".safetensors")
_STATE = ("best", "_current_epoch", "_batches_seen_since_last_saving", "_last_batch_seen")


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after epochs or after a number of batches.

    Args:
        filepath: The file. It may hold fields that are filled in, such as
            `"{epoch:02d}-{val_loss:.2f}.keras"`: `epoch`, `batch` and the names of the logs.
        monitor: The name of the metric in the logs.
        verbose: Whether to say when it saves.
        save_best_only: Whether it saves only when the metric is better than ever.
        save_weights_only: Whether it saves the weights (`model.save_weights`) rather than the
            whole model (`model.save`).
        mode: `"min"`, `"max"`, or `"auto"`: as the metric itself says.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: The value to beat at first.

    Raises:
        ValueError: If the file's ending does not fit, or `save_freq` is neither of the two.
        KeyError: If the file's name has a field that is not in the logs.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.ModelCheckpoint("best.keras", save_best_only=True).monitor
        'val_loss'
    """

    def __init__(
        self,
        filepath: "str | os.PathLike[str]",
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose, self.filepath = verbose, os.fspath(filepath)
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = save_freq
        self._current_epoch = 0
        self._batches_seen_since_last_saving = 0
        self._last_batch_seen: int | None = None
        self._check()

    def _check(self) -> None:
        freq = self.save_freq
        if freq != "epoch" and not (isinstance(freq, int) and freq > 0):
            raise ValueError(
                f"Unrecognized save_freq: {freq!r}. `save_freq` must be 'epoch' or a positive "
                "number of batches."
            )
        only_weights = self.save_weights_only
        endings = _WEIGHTS_ENDINGS if only_weights else _MODEL_ENDINGS
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"The filepath provided must end in {' or '.join(f'`{e}`' for e in endings)} when "
                f"`save_weights_only={only_weights}`. Received: filepath={self.filepath}"
            )

    def _is_idle(self, name: str) -> bool:
        """Say whether a method of this class has nothing to do, so that it need not be called."""
        own = type(self).on_train_batch_end is ModelCheckpoint.on_train_batch_end
        return name == "on_train_batch_end" and self.save_freq == "epoch" and own

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name in _STATE:
            setattr(self, name, state[name])

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._should_save_on_batch(batch):
            self._save_model(self._current_epoch, batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_model(epoch, None, logs)

    def _should_save_on_batch(self, batch: int) -> bool:
        if not isinstance(self.save_freq, int):
            return False
        last = self._last_batch_seen
        is_new_epoch = last is None or batch <= last
        self._batches_seen_since_last_saving += batch + 1 if is_new_epoch else batch - (last or 0)
        self._last_batch_seen = batch
        if self._batches_seen_since_last_saving < self.save_freq:
            return False
        self._batches_seen_since_last_saving = 0
        return True

    def _save_model(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        logs = {} if logs is None else logs
        filepath = self._get_file_path(epoch, batch, logs)
        if not self._should_save_model(epoch, logs, filepath):
            return
        if Path(filepath).is_dir():
            raise OSError(
                "`filepath` must not be a directory. Received: an existing directory, "
                f"filepath={filepath}. Add the name of a file to it."
            )
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(filepath, overwrite=True)
        self._say(epoch, f"finished saving model to {filepath}")

    def _should_save_model(self, epoch: int, logs: Logs, filepath: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {filepath}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available. Available metrics are: "
                f"{','.join(logs)}",
                stacklevel=4,
            )
            return True
        if math.prod(getattr(current, "shape", ())) != 1:
            warnings.warn(
                "Can save best model only when `monitor` is a scalar value. "
                f"Received: {show(current)}. Falling back to `save_best_only=False`.",
                stacklevel=4,
            )
            return True
        return self._is_best(epoch, float(current), filepath)

    def _is_best(self, epoch: int, current: float, filepath: str) -> bool:
        if self.monitor_op is None:
            self._set_monitor_op()
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        change = f"{self.monitor} improved from {best} to {current:.5f}"
        self._say(epoch, f"{change}, saving model to {filepath}")
        self.best = current
        return True

    def _say(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: {text}")

    def _get_file_path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        fields: dict[str, Any] = dict(logs)
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        fields["epoch"] = epoch + 1
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error} is '
                f"not in the logs, which hold {', '.join(fields)}."
            ) from None
