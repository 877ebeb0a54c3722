"""Sequences, as older Keras cut and paired them; `pad_sequences` is of today, too."""

import json
import random
from typing import Any

import numpy as np

from torchkeras._data.py_dataset import PyDataset
from torchkeras.utils.sequences import pad_sequences as pad_sequences

_Array = np.ndarray[Any, Any]


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series, each with the target that follows it.

    Args:
        data: The series, with the time on its first axis.
        targets: One for each point of the series.
        length: How many points of time a window spans.
        sampling_rate: How many points lie between two of a window.
        stride: How many points lie between the beginnings of two windows.
        start_index: Where in the series it begins.
        end_index: The last point that is a target.
        shuffle: Whether each batch is drawn at random.
        reverse: Whether each window runs backwards.
        batch_size: How many windows are in a batch.
        **kwargs: The arguments of `PyDataset`.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.sequence import TimeseriesGenerator
        >>> series = numpy.arange(6)
        >>> windows, targets = TimeseriesGenerator(series, series, length=3)[0]
        >>> windows.tolist(), targets.tolist()
        ([[0, 1, 2], [1, 2, 3], [2, 3, 4]], [3, 4, 5])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                "`data` and `targets` must have the same length. "
                f"Received: {len(data)} and {len(targets)}."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                "No window fits in: `start_index + length` must be at most `end_index`. Received: "
                f"start_index={start_index}, length={length}, end_index={self.end_index}."
            )

    def __len__(self) -> int:
        span = self.batch_size * self.stride
        return (self.end_index - self.start_index + span) // span

    def __getitem__(self, index: int) -> tuple[_Array, _Array]:
        ends = self._ends(index)
        windows = [self.data[end - self.length : end : self.sampling_rate] for end in ends]
        samples = np.array(windows)
        targets = np.array([self.targets[end] for end in ends])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def _ends(self, index: int) -> Any:
        """Return the points of time that follow the windows of a batch."""
        if self.shuffle:
            low, high = self.start_index, self.end_index + 1
            return np.random.randint(low, high, self.batch_size)  # noqa: NPY002 - users seed it
        span = self.batch_size * self.stride
        first = self.start_index + span * index
        return np.arange(first, min(first + span, self.end_index + 1), self.stride)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, the series as JSON."""
        return {
            "data": _to_json("data", self.data),
            "targets": _to_json("targets", self.targets),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return the config as JSON.

        Args:
            **kwargs: Arguments of `json.dumps`.
        """
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def _to_json(argument: str, series: Any) -> str:
    values = series.tolist() if isinstance(series, np.ndarray) else series
    try:
        return json.dumps(values)
    except TypeError as error:
        raise TypeError(f"`{argument}` cannot be written as JSON: {error}.") from error


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> _Array:
    """Return the probability with which the word of each rank is kept, as word2vec does it.

    Args:
        size: How many ranks there are.
        sampling_factor: The smaller it is, the fewer of the frequent words are kept.

    Source:
        Mikolov et al., "Distributed Representations of Words and Phrases", arXiv:1310.4546.

    Example:
        >>> from torchkeras.preprocessing.sequence import make_sampling_table
        >>> make_sampling_table(3).round(4).tolist()
        [0.0032, 0.0032, 0.0055]
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    scaled = sampling_factor * inverse_frequency
    return np.minimum(1.0, scaled / np.sqrt(scaled))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Return pairs of words that stand near each other, and pairs that chance made, with labels.

    Args:
        sequence: The numbers of words; 0 is no word.
        vocabulary_size: The largest number, plus 1.
        window_size: How far apart the words of a pair may be.
        negative_samples: How many pairs chance makes for each real one.
        shuffle: Whether the pairs are mixed.
        categorical: Whether labels are `[0, 1]` and `[1, 0]`, in place of 1 and 0.
        sampling_table: The probability with which the word of each number is kept.
        seed: A seed for the mixing.

    Example:
        >>> from torchkeras.preprocessing.sequence import skipgrams
        >>> skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
        ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    near, far = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples = _near(sequence, window_size, sampling_table)
    labels: list[Any] = [near] * len(couples)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        last = vocabulary_size - 1
        couples += [[words[i % len(words)], random.randint(1, last)] for i in range(count)]
        labels += [far] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for mixed in (couples, labels):
            random.seed(seed)
            random.shuffle(mixed)
    return couples, labels


def _near(sequence: Any, window_size: int, sampling_table: Any) -> list[list[int]]:
    couples = []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        window = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        couples += [[word, sequence[j]] for j in window if j != i and sequence[j]]
    return couples
