"""Write the metrics of each epoch into a file."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from torchkeras._base.atomic import replacing

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
        self._start = 0  # the size of the file when the run began

    def on_train_begin(self, logs: Logs | None = None) -> None:
        path = Path(self.filename)
        self.append_header = not (self.append and path.exists() and path.stat().st_size)
        self._close()
        self.csv_file = path.open("a" if self.append else "w", encoding="utf-8", newline="")
        self._start = path.stat().st_size
        self.writer = self.keys = None

    def state_dict(self) -> dict[str, Any]:
        """Return the columns and all that was written in this run."""
        path, written = Path(self.filename), ""
        if self.csv_file is not None:
            self.csv_file.flush()
        if path.exists():
            written = path.read_bytes()[self._start :].decode("utf-8")
        header = self.append_header
        return {"keys": self.keys, "start": self._start, "written": written, "header": header}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._close()
        path = Path(self.filename)
        before = path.read_bytes()[: state["start"]] if path.exists() else b""
        with replacing(path) as new:
            new.write_bytes(before + state["written"].encode("utf-8"))
        self._start, self.append_header = state["start"], state["header"]
        self.csv_file = path.open("a", encoding="utf-8", newline="")
        self.keys, self.writer = state["keys"], None
        if self.keys is not None:
            self.writer = self._table(self.keys)

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
        self.keys, self.writer = keys, self._table(keys)
        if self.append_header:
            self.writer.writeheader()
        return self.writer

    def _table(self, keys: list[str]) -> "csv.DictWriter[str]":
        assert self.csv_file is not None
        return csv.DictWriter(self.csv_file, ["epoch", *keys], delimiter=self.sep)

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
