"""Windows over a series as a data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.messages import one_of, positive_int
from torchkeras._data.pipeline import Pipeline
from torchkeras._data.reading import Reading
from torchkeras._data.stages import Orders, seed_of


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Pipeline:
    """Return the windows `data[i : i + length * rate : rate]` over a series, with `targets[i]`.

    Args:
        data: The series, its steps along the first axis.
        targets: What belongs to the window that begins at each step, or `None`.
        sequence_length: Steps per window.
        sequence_stride: Steps from one window to the next.
        sampling_rate: Steps of the series for one step in a window.
        batch_size: Windows per batch; `None` for single ones.
        shuffle: Whether the windows are shuffled, and again in each epoch.
        seed: Seeds the order.
        start_index: The first step that is used.
        end_index: The first step that is not used any more.
        format: `"tf"` or `"grain"`, without effect.

    Returns:
        A data set of `(windows, targets)`, or of `windows` without targets. It has `map`,
        `batch`, `unbatch`, `take`, `skip`, `cache`, `prefetch`, `shuffle` and `repeat`.

    Raises:
        ValueError: If an argument is out of range.

    Differs from Keras:
        It is a data set of torch, not of TensorFlow; each epoch is shuffled as a whole.

    Example:
        >>> import numpy, torchkeras
        >>> series = numpy.arange(5)
        >>> data = torchkeras.utils.timeseries_dataset_from_array(series, series[3:], 3)
        >>> [(x.tolist(), y.tolist()) for x, y in data]
        [([[0, 1, 2], [1, 2, 3]], [3, 4])]
    """
    one_of("format", format, ("tf", "grain"))
    for name, value in (("sampling_rate", sampling_rate), ("sequence_stride", sequence_stride)):
        _below(name, positive_int(name, value), len(data))
    if batch_size is not None:
        positive_int("batch_size", batch_size)
    start, end = _range(start_index, end_index, len(data))
    count = end - start - (positive_int("sequence_length", sequence_length) - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        seed = seed_of(seed)
        np.random.RandomState(seed).shuffle(starts)
    goals = None if targets is None else _tensor(targets[start:end])
    if goals is not None and len(starts) and starts.max() >= len(goals):
        raise ValueError(
            "`targets` must have one target for the begin of each window. Received: "
            f"{len(goals)} targets from start_index={start} on, and a window that begins "
            f"{starts.max()} steps after it. Cut `targets` as the documentation of `targets[i]` "
            "says."
        )
    steps = torch.arange(sequence_length) * sampling_rate
    reader = _Windows(_tensor(data[start:end]), goals, torch.from_numpy(starts), steps)
    return Pipeline(Reading(reader, batch_size, Orders(seed) if shuffle else None))


class _Windows:
    """Reads windows by number."""

    is_slow = False

    def __init__(self, data: Tensor, targets: Tensor | None, starts: Tensor, steps: Tensor) -> None:
        self._data, self._targets, self._starts, self._steps = data, targets, starts, steps
        self.size = len(starts)

    def sample(self, index: int) -> Any:
        """Return one window."""
        return self._at(self._starts[index])

    def batch(self, indices: Any) -> Any:
        """Return some windows."""
        return self._at(self._starts[torch.from_numpy(indices)])

    def join(self, samples: Sequence[Any]) -> Any:
        """Return nothing: windows are read as batches."""
        raise NotImplementedError

    def _at(self, starts: Tensor) -> Any:
        windows = self._data[starts.unsqueeze(-1) + self._steps]
        return windows if self._targets is None else (windows, self._targets[starts])


def _range(start: int | None, end: int | None, length: int) -> tuple[int, int]:
    if start and start < 0:
        raise ValueError(f"`start_index` must be 0 or greater. Received: start_index={start}.")
    if start:
        _below("start_index", start, length)
    if end:
        if start and end <= start:
            raise ValueError(
                "`end_index` must be greater than `start_index`. Received: "
                f"start_index={start}, end_index={end}."
            )
        _below("end_index", end, length)
        if end <= 0:
            raise ValueError(f"`end_index` must be greater than 0. Received: end_index={end}.")
    return start or 0, length if end is None else end


def _below(name: str, value: int, length: int) -> None:
    if value >= length:
        raise ValueError(
            f"`{name}` must be less than the length of the data. Received: {name}={value}, for "
            f"data of length {length}."
        )


def _tensor(values: Any) -> Tensor:
    """Return values as a tensor on the CPU; numbers in lists are 32 bits wide."""
    if isinstance(values, Tensor):
        return values.detach().cpu()
    is_list = isinstance(values, (list, tuple))
    array = np.asarray(values)
    if is_list and array.dtype.kind in "if":
        array = array.astype("float32" if array.dtype.kind == "f" else "int32")
    return torch.from_numpy(np.array(array))
