"""The stages of a chained data set: each yields its elements anew on every pass.

A pass may be one share of many, one for each worker of a loader. A stage that can find its share
without making the rest does so; others make all and leave out what is not theirs.
"""

import itertools
import math
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree

_AHEAD = 2
INFINITE = -1


@dataclass(frozen=True, slots=True)
class Share:
    """Which elements a pass is to yield: every `of`-th, beginning with number `index`.

    Attributes:
        index: The number of the first.
        of: How many shares there are.
        seed: What all shares of a pass in workers have in common.
    """

    index: int = 0
    of: int = 1
    seed: int | None = None

    @property
    def whole(self) -> "Share":
        """The same pass, undivided."""
        return Share(seed=self.seed)

    def among(self, elements: Iterable[Any]) -> Iterator[Any]:
        """Return the elements of the share, out of all."""
        if self.of == 1:
            return iter(elements)
        return itertools.islice(elements, self.index, None, self.of)


class Stage(ABC):
    """Yields elements.

    Attributes:
        count: How many, `INFINITE`, or `None` if only a pass tells.
        batch_size: How many samples are in each, if they are batches.
    """

    count: int | None = None
    batch_size: int | None = None

    @abstractmethod
    def run(self, share: Share) -> Iterator[Any]:
        """Return the elements of a share of a new pass."""


class Elements(Stage):
    """Yields the items of any collection."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items
        self.count = len(items) if isinstance(items, Sequence) else None

    def run(self, share: Share) -> Iterator[Any]:
        return share.among(self._items)


class Mapped(Stage):
    """Yields what a function makes of each element; of a tuple, it takes the parts."""

    def __init__(self, source: Stage, function: Callable[..., Any]) -> None:
        self.batch_size = source.batch_size
        self._source, self._function = source, function
        self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        return (_called(self._function, element) for element in self._source.run(share))


class Filtered(Stage):
    """Yields the elements of which a function says so."""

    def __init__(self, source: Stage, predicate: Callable[..., Any]) -> None:
        self.batch_size = source.batch_size
        self._source, self._predicate = source, predicate

    def run(self, share: Share) -> Iterator[Any]:
        found = self._source.run(share.whole)
        return share.among(e for e in found if bool(_called(self._predicate, e)))


class Grouped(Stage):
    """Yields batches of elements."""

    def __init__(self, source: Stage, size: int, drop_remainder: bool) -> None:
        self.batch_size = size
        self._source, self._size, self._drops = source, size, drop_remainder
        if source.count is not None and source.count != INFINITE:
            groups = source.count / size
            self.count = math.floor(groups) if drop_remainder else math.ceil(groups)
        else:
            self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        return map(stacked, share.among(self._groups(share)))

    def _groups(self, share: Share) -> Iterator[list[Any]]:
        elements = self._source.run(share.whole)
        while group := list(itertools.islice(elements, self._size)):
            if len(group) == self._size or not self._drops:
                yield group


class Single(Stage):
    """Yields the rows of batches."""

    def __init__(self, source: Stage) -> None:
        self._source = source

    def run(self, share: Share) -> Iterator[Any]:
        return share.among(row for batch in self._source.run(share.whole) for row in rows_of(batch))


class Sliced(Stage):
    """Yields the elements from one number to another."""

    def __init__(self, source: Stage, start: int, stop: int | None) -> None:
        self.batch_size = source.batch_size
        self._source, self._start, self._stop = source, start, stop
        if source.count == INFINITE:
            self.count = INFINITE if stop is None else stop - start
        elif source.count is not None:
            end = source.count if stop is None else min(stop, source.count)
            self.count = max(end - start, 0)

    def run(self, share: Share) -> Iterator[Any]:
        whole = self._source.run(share.whole)
        return share.among(itertools.islice(whole, self._start, self._stop))


class Repeated(Stage):
    """Yields all elements several times, or for ever."""

    def __init__(self, source: Stage, times: int | None) -> None:
        self.batch_size = source.batch_size
        self._source, self._times = source, times
        if times is None:
            self.count = INFINITE if source.count != 0 else 0
        elif source.count is not None:
            self.count = source.count * times if source.count != INFINITE else INFINITE

    def run(self, share: Share) -> Iterator[Any]:
        return share.among(self._all(share.whole))

    def _all(self, share: Share) -> Iterator[Any]:
        passes = itertools.count() if self._times is None else range(self._times)
        for number in passes:
            seed = None if share.seed is None else share.seed + number
            nothing = True
            for element in self._source.run(Share(seed=seed)):
                nothing = False
                yield element
            if nothing:
                return


class Joined(Stage):
    """Yields the elements of one stage, and then of another."""

    def __init__(self, *sources: Stage) -> None:
        self._sources = sources
        self.batch_size = sources[0].batch_size
        counts = [source.count for source in sources]
        if INFINITE in counts:
            self.count = INFINITE
        elif None not in counts:
            self.count = sum(count or 0 for count in counts)

    def run(self, share: Share) -> Iterator[Any]:
        parts = (source.run(share.whole) for source in self._sources)
        return share.among(itertools.chain.from_iterable(parts))


class Numbered(Stage):
    """Yields pairs of a number and an element."""

    def __init__(self, source: Stage, start: int) -> None:
        self._source, self._start = source, start
        self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        numbers = itertools.count(self._start + share.index, share.of)
        return zip(numbers, self._source.run(share), strict=False)


class Sharded(Stage):
    """Yields every so manieth element."""

    def __init__(self, source: Stage, index: int, of: int) -> None:
        self.batch_size = source.batch_size
        self._source, self._index, self._of = source, index, of
        if source.count is not None:
            left = max(source.count - index, 0)
            self.count = INFINITE if source.count == INFINITE else math.ceil(left / of)

    def run(self, share: Share) -> Iterator[Any]:
        inner = self._index + self._of * share.index
        return self._source.run(Share(inner, self._of * share.of, share.seed))


class Shuffled(Stage):
    """Yields elements in an order by chance, each drawn from a buffer of the next ones."""

    def __init__(self, source: Stage, size: int, seed: int | None, reshuffles: bool) -> None:
        self.batch_size = source.batch_size
        self._source, self._size, self._orders = source, size, Orders(seed, reshuffles)
        self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        return share.among(self._drawn(share.whole))

    def _drawn(self, share: Share) -> Iterator[Any]:
        rng = self._orders.draw(share)
        elements = self._source.run(share)
        buffer = list(itertools.islice(elements, self._size))
        for element in elements:
            place = int(rng.integers(len(buffer)))
            drawn, buffer[place] = buffer[place], element
            yield drawn
        rng.shuffle(buffer)
        yield from buffer


class Cached(Stage):
    """Yields what the first whole pass made, from memory."""

    def __init__(self, source: Stage) -> None:
        self.batch_size = source.batch_size
        self._source = source
        self._kept: list[Any] | None = None
        self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        if self._kept is not None:
            return share.among(self._kept)
        return self._source.run(share) if share.of > 1 else self._keeping(share)

    def _keeping(self, share: Share) -> Iterator[Any]:
        kept = []
        for element in self._source.run(share):
            kept.append(element)
            yield element
        self._kept = kept


class Ahead(Stage):
    """Yields elements that a thread makes ahead."""

    def __init__(self, source: Stage, size: int) -> None:
        self.batch_size = source.batch_size
        self._source, self._size = source, size if size > 0 else _AHEAD
        self.count = source.count

    def run(self, share: Share) -> Iterator[Any]:
        made: queue.Queue[tuple[bool, Any]] = queue.Queue(self._size)
        stopped = threading.Event()
        thread = threading.Thread(
            target=_fill, args=(self._source.run(share), made, stopped), daemon=True
        )
        thread.start()
        try:
            while True:
                goes_on, element = made.get()
                if goes_on:
                    yield element
                elif element is None:
                    return
                else:
                    raise element
        finally:
            stopped.set()


def _fill(
    elements: Iterator[Any], made: "queue.Queue[tuple[bool, Any]]", stopped: threading.Event
) -> None:
    """Put elements, and then why there are no more, into a queue until it is stopped."""
    end: BaseException | None = None
    try:
        for element in elements:
            if not _put(made, (True, element), stopped):
                return
    except BaseException as error:  # noqa: BLE001 - it is raised where elements are wanted
        end = error
    _put(made, (False, end), stopped)


def _put(made: "queue.Queue[Any]", item: Any, stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            made.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


class Orders:
    """A random generator for each pass, of one seed.

    Args:
        seed: The seed; drawn once from NumPy's global generator if not given.
        reshuffles: Whether each pass has a generator of its own.
    """

    def __init__(self, seed: int | None, reshuffles: bool = True) -> None:
        self._seed = seed_of(seed)
        self._reshuffles, self._passes = reshuffles, 0

    def draw(self, share: Share) -> np.random.Generator:
        """Return the generator of the next pass; shares of one pass get equal ones."""
        number = share.seed
        if number is None:
            number, self._passes = self._passes, self._passes + 1
        return np.random.default_rng([abs(self._seed), number if self._reshuffles else 0])


def seed_of(seed: int | None) -> int:
    """Return a seed, drawn where Keras draws it if none is given."""
    if seed is not None:
        return int(seed)
    return int(np.random.randint(1_000_000))  # noqa: NPY002


def stacked(elements: Sequence[Any]) -> Any:
    """Return elements of one structure as a batch."""
    if not tree.is_nested(elements[0]):
        return _stacked(elements)
    return tree.map_structure(lambda *leaves: _stacked(leaves), *elements)


def _stacked(leaves: Sequence[Any]) -> Any:
    first = leaves[0]
    if isinstance(first, Tensor):
        try:
            return torch.stack(list(leaves))
        except RuntimeError as error:
            shapes = sorted({tuple(leaf.shape) for leaf in leaves})
            raise ValueError(
                f"A batch takes elements of one shape. Received: {shapes}. Resize or pad them "
                "first, with `map`."
            ) from error
    if isinstance(first, (str, bytes)):
        return texts(leaves)
    if isinstance(first, np.ndarray):
        return np.stack(leaves)
    return torch.as_tensor(np.array(leaves))


def rows_of(batch: Any) -> Iterator[Any]:
    """Yield the rows of a batch of any structure."""
    if not tree.is_nested(batch):
        yield from batch
        return
    leaves = tree.flatten(batch)
    for row in zip(*leaves, strict=True):
        yield tree.pack_sequence_as(batch, list(row))


def _called(function: Callable[..., Any], element: Any) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


class Texts(np.ndarray[Any, np.dtype[np.object_]]):
    """An array of bytes objects that can also be asked for itself, as other tensors can."""

    def numpy(self) -> "np.ndarray[Any, np.dtype[np.object_]]":
        """Return the plain array."""
        return self.view(np.ndarray)


def texts(items: Sequence[str | bytes]) -> Texts:
    """Return texts as an array of UTF-8 bytes."""
    array = np.empty(len(items), object)
    array[:] = [item.encode() if isinstance(item, str) else item for item in items]
    return array.view(Texts)
