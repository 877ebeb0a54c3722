"""Go on with training that was interrupted, exactly where it was."""

import json
import os
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from torchkeras._base.atomic import replacing

from . import _backup_file
from ._snapshot import State, restore_rest, restore_weights, snapshot
from .callback import Callback, Logs

_NAME = "latest.safetensors"
_METADATA = "training_metadata.json"


class BackupAndRestore(Callback):
    """Store the state of training, and go on from it when an interrupted run is started again.

    A run that was killed at any moment, also while it wrote, and is started again with the same
    program ends with the weights, logs and files of one that was never interrupted, bit for bit on
    a CPU. Stored are weights, optimizer, metrics, the random generators of Python, NumPy and torch,
    the place in the data, and what each callback's `state_dict` returns; a file that is read can
    run no code.

    In the middle of an epoch, the epoch's order is drawn again and the batches that were seen are
    passed over. What data, models or callbacks keep elsewhere is not stored, unless a data set or
    sampler has `state_dict` and `load_state_dict` of its own.

    Args:
        backup_dir: A folder for the backups, of this run alone.
        save_freq: `"epoch"`, or after how many batches a backup is made; `False` makes none.
        double_checkpoint: Whether the backup before the last is kept too, and used if the last
            cannot be read.
        delete_checkpoint: Whether the backups are deleted when training is complete.

    Raises:
        ValueError: If `backup_dir` is empty or `save_freq` something else, or the backup was made
            with another model.
        OSError: If no backup in the folder can be read.

    Differs from Keras:
        Keras stores weights and epoch only and begins an interrupted epoch anew. The backup is
        made when all other callbacks have been told of the epoch or batch. `History` holds the
        epochs before the interruption too. Files in `backup_dir` that are not its own stay.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.BackupAndRestore("backup", save_freq=100).delete_checkpoint
        True
    """

    _hears_last = True

    def __init__(
        self,
        backup_dir: "str | os.PathLike[str]",
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(
                f"Empty `backup_dir` argument passed. Received: backup_dir={backup_dir!r}. Name a "
                "folder that no other run uses."
            )
        whole = isinstance(save_freq, int) and (save_freq is False or save_freq > 0)
        if save_freq != "epoch" and not whole:
            raise ValueError(
                f"Invalid value for argument `save_freq`. Received: save_freq={save_freq!r}. "
                "Expected either 'epoch', a positive number of batches, or False."
            )
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._batches_seen_since_last_saving = 0
        self._last_batch_seen = 0
        self._current_epoch = 0

    @property
    def _weights_path(self) -> str:
        return os.path.join(self.backup_dir, _NAME)

    @property
    def _training_metadata_path(self) -> str:
        return os.path.join(self.backup_dir, _METADATA)

    @property
    def _prev_weights_path(self) -> str:
        return f"{self._weights_path}.bkp"

    @property
    def _prev_training_metadata_path(self) -> str:
        return f"{self._training_metadata_path}.bkp"

    def _is_idle(self, name: str) -> bool:
        """Say whether a method of this class has nothing to do, so that it need not be called."""
        own = type(self).on_train_batch_end is BackupAndRestore.on_train_batch_end
        return name == "on_train_batch_end" and self.save_freq in ("epoch", False) and own

    # Restoring

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches_seen_since_last_saving = 0
        self._last_batch_seen = self._current_epoch = 0
        self._remove_unfinished()
        state = self._read()
        if state is None:
            return
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before training "
                f"begins. Model {self.model.name!r} is unbuilt. Build it by calling it on a batch."
            )
        self._restore(state)

    def _read(self) -> State | None:
        """Return the last backup that can be read, or `None` if there is none."""
        paths = [p for p in (self._weights_path, self._prev_weights_path) if os.path.exists(p)]
        for path in paths[:-1]:
            try:
                return _backup_file.read(path)
            except OSError as error:
                warnings.warn(f"{error} The backup before it is used.", stacklevel=2)
                _keep(self._prev_weights_path, self._weights_path)
        return _backup_file.read(paths[-1]) if paths else None

    def _restore(self, state: State) -> None:
        model = self.model
        restore_weights(model, state)
        self._current_epoch = state["epoch"]
        model._initial_epoch = state["epoch"]
        run = getattr(model, "_fit_run", None)
        if run is not None:
            run.go_on(state["run"], partial(self._restore_again, state))

    def _restore_again(self, state: State, callbacks: list[Any], inside: bool) -> None:
        """Bring everything back once the other callbacks have been told of the beginning."""
        restore_weights(self.model, state)
        others = [callback for callback in callbacks if callback is not self]
        restore_rest(self.model, others, state, inside)
        self._batches_seen_since_last_saving, self._last_batch_seen = state["batches"]

    # Storing

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._should_save_on_batch(batch):
            self._save_model(logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch + 1
        self._last_batch_seen = 0
        if self.save_freq == "epoch":
            self._save_model(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            self._delete()

    def _should_save_on_batch(self, batch: int) -> bool:
        if self.save_freq in ("epoch", False):
            return False
        last = self._last_batch_seen
        self._batches_seen_since_last_saving += batch + 1 if batch <= last else batch - last
        self._last_batch_seen = batch
        if self._batches_seen_since_last_saving < int(self.save_freq):
            return False
        self._batches_seen_since_last_saving = 0
        return True

    def _save_model(self, logs: Logs | None) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            _keep(self._weights_path, self._prev_weights_path)
            _keep(self._training_metadata_path, self._prev_training_metadata_path)
        _backup_file.write(self._state(logs), self._weights_path)
        # For people and programs that look how far a run is; it is never read here.
        progress = {"epoch": self._current_epoch, "batch": self._last_batch_seen}
        with replacing(self._training_metadata_path) as path:
            path.write_text(json.dumps(progress), encoding="utf-8")

    def _state(self, logs: Logs | None) -> State:
        run = getattr(self.model, "_fit_run", None)
        callbacks = [] if run is None else [each for each in run.callbacks if each is not self]
        return {
            "epoch": self._current_epoch,
            "batches": (self._batches_seen_since_last_saving, self._last_batch_seen),
            "run": None if run is None else run.position(dict(logs or {})),
            **snapshot(self.model, callbacks),
        }

    # Files

    def _remove_unfinished(self) -> None:
        """Remove what a killed process had begun to write."""
        for name in (_NAME, _METADATA):
            for path in Path(self.backup_dir).glob(f".{name}*.tmp"):
                path.unlink(missing_ok=True)

    def _delete(self) -> None:
        """Remove the backups, and the folder if nothing else is in it."""
        for path in (
            self._prev_weights_path,
            self._prev_training_metadata_path,
            self._training_metadata_path,
            self._weights_path,
        ):
            Path(path).unlink(missing_ok=True)
        folder = Path(self.backup_dir)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _keep(path: str, kept: str) -> None:
    """Keep a file under a second name, in one step."""
    if os.path.exists(path):
        with replacing(kept) as new:
            shutil.copyfile(path, new)
