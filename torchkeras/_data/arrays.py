"""Arrays in memory or on disk as batches.

Rows are read in stretches of many batches, gathered once and cut into views, so that a batch
costs two or three slices and no loop of Python runs between them.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat, starmap
from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.messages import one_of, positive_int

from . import order
from .batch import Batch, pack_x_y_sample_weight
from .column import Column, column, is_array
from .lane import Lane, lane_to
from .lists import as_arrays, holds_numbers_only
from .residence import settled
from .text import lists_text_only
from .weights import ClassWeights, per_output, refuse_both

DEFAULT_BATCH_SIZE = 32
_STRETCH_BYTES = 2 << 20
_NAMES = ("x", "y", "sample_weight")


class Arrays:
    """Batches of arrays that all have the same number of rows.

    Args:
        x: An array, or a nested structure of arrays.
        y: The targets.
        sample_weight: The weight of each sample.
        batch_size: Samples per batch; 32 if neither it nor `steps` is given.
        steps: The number of batches to cut the samples into, if `batch_size` is not given.
        shuffle: Whether each pass has an order of its own; `"batch"` shuffles inside batches.
        class_weight: Class numbers to weights, in place of `sample_weight`.
    """

    kind = "arrays"

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: Any = None,
    ) -> None:
        refuse_both(class_weight, sample_weight)
        y = as_arrays(y, "y")
        if class_weight is not None:
            sample_weight = ClassWeights(class_weight)(_whole(y))
        sample_weight = per_output(as_arrays(sample_weight, "sample_weight"), y)
        columns = tuple(columns_of((x, y, sample_weight)))
        self._set(columns, same_length(columns))
        if shuffle not in (True, False):
            one_of("shuffle", shuffle, (True, False, "batch"))
        self._shuffle = shuffle
        self.batch_size = _batch_size(batch_size, steps, self.num_samples)
        self.num_batches = math.ceil(self.num_samples / self.batch_size)

    def _set(self, columns: tuple[Any, ...], num_samples: int) -> None:
        self.num_samples = num_samples
        self._columns: list[Column | None] = tree.flatten(columns)
        self._settled: tuple[torch.device | None, list[Column | None]] | None = None
        self._pack = partial(tree.pack_sequence_as, columns)
        self._flat = all(not tree.is_nested(part) for part in columns)

    def batches(self, device: torch.device | None = None, packed: bool = False) -> Iterator[Any]:
        """Iterate once over the samples.

        Args:
            device: Where the batches go.
            packed: Whether they come as Keras packs them rather than as three values.
        """
        order.open_pass()
        made: Iterator[Batch] = chain.from_iterable(map(self._cut, self._stretches(device)))
        return starmap(pack_x_y_sample_weight, made) if packed else made

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return a first batch, for building what depends on it."""
        return next(self.batches(device))

    def end_pass(self) -> None:
        """Draw as Keras does, which begins another pass after each and leaves it."""
        order.open_pass()

    def on_epoch_begin(self) -> None:
        """Do nothing: the order of an epoch is drawn when its pass begins."""

    def on_epoch_end(self) -> None:
        """Do nothing."""

    def _stretches(self, device: torch.device | None) -> Iterator[list[Tensor | None]]:
        """Yield the leaves of many batches at a time.

        Unshuffled batches lie in the memory of the user's arrays. The first is a copy, on which a
        model that writes into its inputs gives itself away; it is then given copies only.
        """
        read, size = self._reader(device), self._stretch_size()
        lane = None if device is None else lane_to(device)
        copies, first = not self._shuffle, size if self._has_one_order() else self.batch_size
        for start in chain([0], range(first, self.num_samples, size)):
            leaves = read(start, min(start + (size if start else first), self.num_samples))
            if copies:
                leaves = _copied(leaves)
            if lane is not None:
                leaves = [_sent(leaf, device, lane) for leaf in leaves]
                lane.arrive()
            yield leaves
            copies = copies and any(map(_was_written, leaves))

    def _reader(self, device: torch.device | None) -> Callable[[int, int], list[Tensor | None]]:
        columns = self._columns_for(device)
        if not self._shuffle:
            return lambda start, stop: [None if c is None else c.rows(start, stop) for c in columns]
        if not self._has_one_order():
            return lambda start, stop: _taken(columns, start + _shuffled(stop - start))
        indices = order.permutation(self.num_samples)
        if columns is not self._columns and device is not None:
            indices = indices.to(device, non_blocking=True)
        return lambda start, stop: _taken(columns, indices[start:stop])

    def _columns_for(self, device: torch.device | None) -> list[Column | None]:
        """Return the columns where the batches of all passes to this device are read."""
        if self._settled is None or self._settled[0] != device:
            self._settled = device, settled(self._columns, device)
        return self._settled[1]

    def _has_one_order(self) -> bool:
        """Say whether the order of all samples is drawn at once."""
        return bool(self._shuffle) and self._shuffle != "batch"

    def _stretch_size(self) -> int:
        if self._shuffle and not self._has_one_order():
            return self.batch_size  # a model may draw too, between two batches
        row_bytes = sum(c.row_bytes for c in self._columns if c is not None)
        batches = max(1, _STRETCH_BYTES // max(1, row_bytes * self.batch_size))
        return batches * self.batch_size

    def _cut(self, leaves: list[Tensor | None]) -> Iterator[Batch]:
        """Cut a stretch into batches, as views."""
        size = self.batch_size
        parts = [repeat(None) if leaf is None else _split(leaf, size) for leaf in leaves]
        rows: Iterator[Any] = zip(*parts, strict=False)
        return rows if self._flat else map(self._pack, rows)


def _shuffled(count: int) -> Tensor:
    return torch.randperm(count, device="cpu")


def _taken(columns: list[Column | None], indices: Tensor) -> list[Tensor | None]:
    return [None if column is None else column.take(indices) for column in columns]


def _copied(leaves: list[Tensor | None]) -> list[Tensor | None]:
    """Return copies that count how often they are written into, in torch's inference mode too."""
    with torch.inference_mode(mode=False):
        return [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]


def _was_written(leaf: Tensor | None) -> bool:
    return isinstance(leaf, Tensor) and not leaf.is_inference() and leaf._version > 0


def _sent(leaf: Tensor | None, device: torch.device | None, lane: Lane) -> Tensor | None:
    is_there = not isinstance(leaf, Tensor) or leaf.device == device
    return leaf if leaf is None or is_there else lane.send(leaf)


def _split(leaf: Any, size: int) -> Any:
    if isinstance(leaf, Tensor):
        return torch.split(leaf, size)
    return [leaf[start : start + size] for start in range(0, len(leaf), size)]


def _whole(y: Any) -> Any:
    """Return labels that were already made a column as one tensor."""
    return y if y is None or not hasattr(y, "rows") else y.rows(0, y.shape[0])


def fits_one_batch(x: Any, batch_size: int | None) -> bool:
    """Say whether one array is no more than a batch, in which case nothing needs to be cut."""
    if not is_array(x) or len(x.shape) == 0 or type(x).__module__.startswith("pandas"):
        return False
    return 0 < x.shape[0] <= _batch_size(batch_size, None, x.shape[0])


def holds_arrays(data: Any) -> bool:
    """Say whether every leaf of a structure is an array, a list of numbers or `None`."""
    if type(data) is tuple and all(part is None or is_array(part) for part in data):
        return any(part is not None for part in data)
    return _are_arrays(data) and bool(tree.flatten(data))


def _are_arrays(data: Any) -> bool:
    if data is None or is_array(data):
        return True
    if not tree.is_nested(data):
        return False
    is_list = type(data) in (list, tuple) and bool(data)
    if is_list and (holds_numbers_only(data) or lists_text_only(data)):
        return True
    return all(map(_are_arrays, data.values() if isinstance(data, Mapping) else data))


def columns_of(data: Batch) -> list[Any]:
    """Return inputs, targets and weights with a column in place of each array."""
    return [_columns(as_arrays(part, name), name) for part, name in zip(data, _NAMES, strict=True)]


def _columns(part: Any, name: str) -> Any:
    if part is None or is_array(part):
        return None if part is None else column(part, name)
    paths = tree.flatten_with_path(part)
    made = [None if leaf is None else column(leaf, _spell(name, path)) for path, leaf in paths]
    return tree.pack_sequence_as(part, made)


def _spell(name: str, path: tuple[Any, ...]) -> str:
    return name + "".join(f"[{key!r}]" for key in path)


def same_length(columns: Sequence[Any]) -> int:
    """Return the number of rows that all columns share."""
    found = {part.shape[0] for part in columns if part is not None and hasattr(part, "shape")}
    if len(found) == 1 and not any(tree.is_nested(part) for part in columns):
        return int(found.pop())
    lengths = {
        _spell(name, path): leaf.shape[0]
        for name, part in zip(_NAMES, columns, strict=True)
        for path, leaf in tree.flatten_with_path(part)
        if leaf is not None
    }
    counts = set(lengths.values())
    if len(counts) == 1:
        return int(counts.pop())
    if not counts:
        raise ValueError("`x` must hold at least one array. Received: x=None.")
    raise ValueError(_different_lengths(lengths, columns))


def _different_lengths(lengths: dict[str, int], columns: Sequence[Any]) -> str:
    listed = [f"`{name}` has {count}" for name, count in lengths.items()]
    shown = ", ".join(listed[:8]) + (f", ... ({len(listed)} arrays)" if len(listed) > 8 else "")
    hint = "Check how they were cut; a single sample needs an axis of its own: `x[None]`."
    many = [n for n, part in zip(_NAMES, columns, strict=True) if _is_list_of_many(part)]
    if many:
        hint = (
            f"A list stands for several inputs or outputs, one array each: if the items of "
            f"`{many[0]}` are samples, pass `np.stack({many[0]})`."
        )
    return (
        "Data cardinality is ambiguous: all arrays must have the same number of samples (their "
        f"first axis). Received: {shown}. {hint}"
    )


def _is_list_of_many(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) > 3


def _batch_size(batch_size: Any, steps: int | None, num_samples: int) -> int:
    if num_samples == 0:
        raise ValueError("`x` must hold at least one sample. Received: arrays with 0 rows.")
    if batch_size is not None:
        return positive_int("batch_size", batch_size)
    return math.ceil(num_samples / steps) if steps else DEFAULT_BATCH_SIZE
