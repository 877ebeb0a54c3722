"""Write the metrics of each epoch into a file."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .callback import Callback, Logs


class CSVLogger(Callback):
    """Write the metrics of each epoch as a row of a CSV file.

    Args:
        filename: The file.
        separator: What stands between two values.
        append: Whether rows are added to a file that exists, rather than in its place.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.CSVLogger("training.csv", separator=";").sep
        ';'
    """

    def __init__(
        self, filename: "str | os.PathLike[str]", separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.sep, self.filename, self.append = separator, os.fspath(filename), append
        self.append_header = True
        self.keys: list[str] | None = None
        self.writer: csv.DictWriter[str] | None = None
        self.csv_file: TextIO | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        path = Path(self.filename)
        self.append_header = not (self.append and path.exists() and path.stat().st_size)
        self._close()
        self.csv_file = path.open("a" if self.append else "w", encoding="utf-8", newline="")
        self.writer = self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        writer = self.writer or self._open_table(logs)
        keys = self.keys or []
        writer.writerow({"epoch": epoch} | {key: _cell(logs.get(key, "NA")) for key in keys})
        assert self.csv_file is not None
        self.csv_file.flush()

    def _open_table(self, logs: Logs) -> "csv.DictWriter[str]":
        """Settle the columns; those of a validation that has not run yet are made room for."""
        keys = sorted(logs)
        if not any(key.startswith("val_") for key in keys):
            keys += [f"val_{key}" for key in keys]
        assert self.csv_file is not None
        self.keys = keys
        self.writer = csv.DictWriter(self.csv_file, ["epoch", *keys], delimiter=self.sep)
        if self.append_header:
            self.writer.writeheader()
        return self.writer

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()
        self.writer = None

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
            self.csv_file = None


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
