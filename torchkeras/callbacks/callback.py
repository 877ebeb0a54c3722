"""The base of all callbacks: one method for every moment of a run."""

from collections.abc import Mapping
from typing import Any

from torch.nn.parallel import DistributedDataParallel

Logs = dict[str, Any]


class Callback:
    """Something that is told what happens while a model trains, is evaluated or predicts.

    Subclasses write the methods they need; a method that is not written costs nothing. `logs` maps
    names to numbers, which are made when they are read. `self.model` is the model, and setting
    `self.model.stop_training = True` ends `fit` after the current batch.

    Example:
        >>> import torchkeras
        >>> class StopWhenGood(torchkeras.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         if logs["loss"] < 0.1:
        ...             self.model.stop_training = True
        >>> StopWhenGood().params is None
        True
    """

    # Class attributes, so that subclasses may forget `super().__init__()`.
    params: dict[str, Any] | None = None
    _model: Any = None

    def __init__(self) -> None:
        self.params = None
        self._model = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the settings of the run.

        Args:
            params: `verbose`, `epochs` and `steps`.
        """
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model of the run.

        Args:
            model: The model.
        """
        self._model = model

    @property
    def model(self) -> Any:
        """The model of the run; the one inside, if it is wrapped for distributed training."""
        if isinstance(self._model, DistributedDataParallel):
            return self._model.module
        return self._model

    def state_dict(self) -> dict[str, Any]:
        """Return what the callback must remember when training goes on in another process.

        `BackupAndRestore` stores it. It may hold tensors, arrays, numbers, strings, `None`, and
        lists, tuples and dictionaries of them.

        Differs from Keras:
            Keras's callbacks begin anew after an interruption.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` returned; called after `on_train_begin`.

        Args:
            state: What `state_dict` returned.
        """

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of `on_train_batch_begin`.

        Args:
            batch: The number of the batch in its epoch.
            logs: Empty.
        """

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of `on_train_batch_end`.

        Args:
            batch: The number of the batch in its epoch.
            logs: The metrics of the epoch so far.
        """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Run before each epoch of `fit`.

        Args:
            epoch: The number of the epoch, from 0.
            logs: Empty.
        """

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Run after each epoch of `fit`.

        Args:
            epoch: The number of the epoch, from 0.
            logs: The metrics of the epoch, those of the validation data prefixed with `val_`.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before each batch of `fit`.

        Args:
            batch: The number of the batch in its epoch.
            logs: Empty.
        """
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after each batch of `fit`.

        Args:
            batch: The number of the batch in its epoch.
            logs: The metrics of the epoch so far.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before each batch of `evaluate`, also of the validation inside `fit`.

        Args:
            batch: The number of the batch.
            logs: Empty.
        """

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after each batch of `evaluate`, also of the validation inside `fit`.

        Args:
            batch: The number of the batch.
            logs: The metrics so far.
        """

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before each batch of `predict`.

        Args:
            batch: The number of the batch.
            logs: Empty.
        """

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after each batch of `predict`.

        Args:
            batch: The number of the batch.
            logs: The outputs of the batch under `"outputs"`.
        """

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Run when `fit` begins.

        Args:
            logs: Empty.
        """

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Run when `fit` ends.

        Args:
            logs: The metrics of the last epoch.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Run when `evaluate` begins, also inside `fit`.

        Args:
            logs: Empty.
        """

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Run when `evaluate` ends, also inside `fit`.

        Args:
            logs: The metrics.
        """

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Run when `predict` begins.

        Args:
            logs: Empty.
        """

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Run when `predict` ends.

        Args:
            logs: Empty.
        """
