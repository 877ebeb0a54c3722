"""Write metrics, weights and the model for TensorBoard to show."""

import os
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from torchkeras._base.messages import missing_extra, show

from . import _tensorboard_parts as parts
from .callback import Callback, Logs


class TensorBoard(Callback):
    """Write what TensorBoard shows: metrics, and if wanted weights, the model and profiles.

    Look at it with `tensorboard --logdir=logs`. The package `tensorboard` is needed. Metrics of
    training and validation are written to the folders `train` and `validation` of `log_dir`.

    Args:
        log_dir: A folder for this callback alone.
        histogram_freq: Every how many epochs histograms of the weights are written; 0 for never.
        write_graph: Whether the model is written, if it can be told as a config.
        write_images: Whether histograms are accompanied by the weights as images.
        write_steps_per_second: Whether the speed of training is written.
        update_freq: `"epoch"`, or after how many batches metrics are written too; `"batch"` is 1.
        profile_batch: The number (from 1) of a batch to profile with `torch.profiler`, or a pair:
            the first and the last of several; 0 for none.
        embeddings_freq: Every how many epochs the tables of embeddings are written; 0 for never.
        embeddings_metadata: The name of a file that labels the rows of the tables, or a dictionary
            from names of layers to such names; paths are relative to `log_dir`.

    Raises:
        ImportError: If `tensorboard` is not installed.
        ValueError: If `profile_batch` is no such number or pair, or `embeddings_metadata` names a
            layer that is no embedding.

    Differs from Keras:
        It needs no TensorFlow, and can profile on torch.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.TensorBoard("logs", update_freq="batch").update_freq
        1
    """

    def __init__(
        self,
        log_dir: "str | os.PathLike[str]" = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        self.log_dir = str(log_dir)
        self.histogram_freq, self.embeddings_freq = histogram_freq, embeddings_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq: Any = 1 if update_freq == "batch" else update_freq
        self.embeddings_metadata = embeddings_metadata
        self._start_batch, self._stop_batch = _profiled(profile_batch)
        self._global_train_batch = self._global_test_batch = 0
        self._writers: dict[str, Any] = {}
        self._profiler: Any = None
        self._batch_start = self._epoch_start = 0.0
        self._epoch_first_step = 0

    def state_dict(self) -> dict[str, Any]:
        return {"train": self._global_train_batch, "test": self._global_test_batch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._global_train_batch, self._global_test_batch = state["train"], state["test"]

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._close()
        if self.write_graph:
            parts.write_model(self._train_writer, model)
        if self.embeddings_freq:
            parts.check_metadata(model, self.embeddings_metadata)

    def _writer(self, name: str) -> Any:
        if name not in self._writers:
            self._writers[name] = _summary_writer()(os.path.join(self.log_dir, name))
        return self._writers[name]

    @property
    def _train_writer(self) -> Any:
        return self._writer("train")

    @property
    def _val_writer(self) -> Any:
        return self._writer("validation")

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _is_idle(self, name: str) -> bool:
        """Say whether a method of this class has nothing to do, so that it need not be called."""
        if name not in ("on_train_batch_begin", "on_train_batch_end"):
            return False
        own = getattr(type(self), name) is getattr(TensorBoard, name)
        watches = self._stop_batch or self.write_steps_per_second or self.update_freq != "epoch"
        return own and not watches

    # Training

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._global_train_batch = 0

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._stop_profile()
        self._close()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.write_steps_per_second:
            self._epoch_start = perf_counter()
            self._epoch_first_step = int(self.model.optimizer.iterations)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._global_train_batch += 1
        self._batch_start = perf_counter()
        if self._stop_batch and self._global_train_batch == self._start_batch:
            self._profiler = parts.start_profile(os.path.join(self.log_dir, "train"))

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self._stop_batch and self._global_train_batch >= self._stop_batch:
            self._stop_profile()
        if not self._is_due(self._global_train_batch):
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            per_second = 1.0 / max(perf_counter() - self._batch_start, 1e-9)
            values["batch_steps_per_second"] = per_second
        _write(self._train_writer, values, self._global_train_batch)

    def _is_due(self, step: int) -> bool:
        return self.update_freq != "epoch" and step % int(self.update_freq) == 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = dict(logs or {})
        if values:
            self._write_epoch(values, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            parts.write_weights(self._train_writer, self.model, epoch, self.write_images)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            parts.write_embeddings(Path(self.log_dir), self.model, self.embeddings_metadata)

    def _write_epoch(self, logs: dict[str, Any], epoch: int) -> None:
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        validation = {name[4:]: logs[name] for name in logs if name.startswith("val_")}
        train.update(parts.learning_rates(self.model.optimizer))
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations) - self._epoch_first_step
            train["steps_per_second"] = steps / max(perf_counter() - self._epoch_start, 1e-9)
        _write(self._train_writer, {f"epoch_{name}": train[name] for name in train}, epoch)
        if validation:
            named = {f"epoch_{name}": validation[name] for name in validation}
            _write(self._val_writer, named, epoch)

    def _stop_profile(self) -> None:
        profiler, self._profiler = self._profiler, None
        if profiler is not None:
            profiler.stop()

    # Evaluation

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._global_test_batch += 1

    def on_test_end(self, logs: Logs | None = None) -> None:
        iterations = getattr(self.model.optimizer, "iterations", None)
        if iterations is not None:
            values = {f"evaluation_{name}_vs_iterations": v for name, v in (logs or {}).items()}
            _write(self._val_writer, values, int(iterations))


def _write(writer: Any, values: Mapping[str, Any], step: int) -> None:
    for name, value in values.items():
        writer.add_scalar(name, value, step)
    writer.flush()


def _summary_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise missing_extra("tensorboard", "tensorboard", "TensorBoard") from error
    return SummaryWriter


def _profiled(profile_batch: Any) -> tuple[int, int]:
    """Return the first and the last batch to profile."""
    given = profile_batch
    if isinstance(given, str):
        given = [int(part) for part in given.split(",")]
        given = given[0] if len(given) == 1 else given
    if isinstance(given, int):
        given = (given, given)
    pair = isinstance(given, (tuple, list)) and len(given) == 2
    if pair and all(isinstance(each, int) for each in given) and 0 <= given[0] <= given[1]:
        return given[0], given[1]
    raise ValueError(
        "profile_batch must be a non-negative integer or 2-tuple of positive integers. A pair of "
        "positive integers signifies a range of batches to profile. "
        f"Received: profile_batch={show(profile_batch)}."
    )
