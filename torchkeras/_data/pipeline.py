"""Data sets that are chained: `data.map(...).cache().prefetch(2)`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch import Tensor
from torch.utils import data as torch_data

from torchkeras import tree
from torchkeras._base.messages import positive_int, show

from . import stages
from .reading import Reading
from .stages import Share, Stage


class Pipeline(torch_data.IterableDataset[Any]):
    """A data set that makes its elements anew on each pass, and from which others are chained.

    It is what the functions `..._from_directory` and `timeseries_dataset_from_array` return.
    `fit` takes it as it is. `DataLoader(data, batch_size=None, num_workers=n)` shares its elements
    among workers and yields them in the same order.

    Args:
        stage: What yields the elements.
        class_names: The names of the classes.
        file_paths: The files that it was made from.

    Attributes:
        class_names: The names of the classes, in the order of their numbers; or `None`.
        file_paths: The files, in the order that they were drawn up in; or `None`.
    """

    def __init__(
        self,
        stage: Stage,
        class_names: list[str] | None = None,
        file_paths: list[str] | None = None,
    ) -> None:
        self.stage = stage
        self.class_names, self.file_paths = class_names, file_paths

    def __iter__(self) -> Iterator[Any]:
        worker = torch_data.get_worker_info()
        if worker is None:
            return self.stage.run(Share())
        seed = (worker.seed - worker.id) % 2**63
        return self.stage.run(Share(worker.id, worker.num_workers, seed))

    def __len__(self) -> int:
        count = self.stage.count
        if count is None or count == stages.INFINITE:
            why = "never ends" if count else "tells its length only by a pass"
            raise TypeError(f"This data set has no length: it {why}.")
        return count

    def __bool__(self) -> bool:
        return True

    @property
    def batch_size(self) -> int | None:
        """The size of batches; `None` if the elements are single samples, or whatever they are."""
        return self.stage.batch_size

    def cardinality(self) -> int:
        """Return the number of elements: -1 if they never end, -2 if it is not known."""
        return -2 if self.stage.count is None else self.stage.count

    def _next(self, stage: Stage) -> "Pipeline":
        return Pipeline(stage, self.class_names, self.file_paths)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "Pipeline":
        """Return the data set of what a function makes of each element, in order.

        Args:
            map_func: Takes an element; the parts of it, if it is a tuple.
            num_parallel_calls: Without effect: the function is called in order. `prefetch` lets it
                run beside the training, a `DataLoader` with workers in other processes.
            deterministic: Without effect.
            name: Without effect.
        """
        return self._next(stages.Mapped(self.stage, map_func))

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> "Pipeline":
        """Return the data set of the elements for which a function returns true.

        Args:
            predicate: Takes an element; the parts of it, if it is a tuple.
            name: Without effect.
        """
        return self._next(stages.Filtered(self.stage, predicate))

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "Pipeline":
        """Return the data set of batches of elements.

        Args:
            batch_size: Elements per batch.
            drop_remainder: Whether a last batch that is smaller is left out.
            num_parallel_calls: Without effect.
            deterministic: Without effect.
            name: Without effect.
        """
        size = positive_int("batch_size", batch_size)
        return self._next(stages.Grouped(self.stage, size, drop_remainder))

    def unbatch(self, name: str | None = None) -> "Pipeline":
        """Return the data set of the rows of its batches.

        Args:
            name: Without effect.
        """
        return self._next(stages.Single(self.stage))

    def take(self, count: int, name: str | None = None) -> "Pipeline":
        """Return the data set of the first elements.

        Args:
            count: How many; all for -1.
            name: Without effect.
        """
        return self._next(stages.Sliced(self.stage, 0, _count(count)))

    def skip(self, count: int, name: str | None = None) -> "Pipeline":
        """Return the data set without its first elements.

        Args:
            count: How many; all for -1.
            name: Without effect.
        """
        start = _count(count)
        if start is None:
            return self._next(stages.Elements([]))
        return self._next(stages.Sliced(self.stage, start, None))

    def cache(self, filename: str = "", name: str | None = None) -> "Pipeline":
        """Return the data set that remembers its elements after the first whole pass.

        Args:
            filename: Must be empty: elements are kept in memory.
            name: Without effect.
        """
        if filename:
            raise ValueError(
                "`filename` must be empty: elements are kept in memory only. Received: "
                f"filename={filename!r}."
            )
        return self._next(stages.Cached(self.stage))

    def prefetch(self, buffer_size: int, name: str | None = None) -> "Pipeline":
        """Return the data set whose elements a thread makes ahead.

        Args:
            buffer_size: How many; two for -1 (`tf.data.AUTOTUNE`).
            name: Without effect.
        """
        return self._next(stages.Ahead(self.stage, int(buffer_size)))

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
        name: str | None = None,
    ) -> "Pipeline":
        """Return the data set in an order by chance.

        Args:
            buffer_size: Among how many elements the next one is drawn.
            seed: Seeds the order; NumPy's global generator does if not given.
            reshuffle_each_iteration: Whether each pass has an order of its own.
            name: Without effect.
        """
        size = positive_int("buffer_size", buffer_size)
        keeps = reshuffle_each_iteration is not False
        return self._next(stages.Shuffled(self.stage, size, seed, keeps))

    def repeat(self, count: int | None = None, name: str | None = None) -> "Pipeline":
        """Return the data set that begins anew when it is over.

        Args:
            count: How often all elements come; for ever if not given or -1.
            name: Without effect.
        """
        times = None if count is None else _count(count)
        return self._next(stages.Repeated(self.stage, times))

    def concatenate(self, dataset: "Pipeline", name: str | None = None) -> "Pipeline":
        """Return the data set of these elements and then others.

        Args:
            dataset: The data set of the others.
            name: Without effect.
        """
        return self._next(stages.Joined(self.stage, dataset.stage))

    def enumerate(self, start: int = 0, name: str | None = None) -> "Pipeline":
        """Return the data set of pairs of numbers and elements.

        Args:
            start: The first number.
            name: Without effect.
        """
        return self._next(stages.Numbered(self.stage, start))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> "Pipeline":
        """Return the data set of every `num_shards`-th element.

        Args:
            num_shards: How many shards there are.
            index: Which one this is, from 0.
            name: Without effect.
        """
        if not 0 <= index < positive_int("num_shards", num_shards):
            raise ValueError(
                f"`index` must be from 0 to {num_shards - 1}. Received: index={index!r}."
            )
        return self._next(stages.Sharded(self.stage, index, num_shards))

    def apply(self, transformation_func: Callable[["Pipeline"], Any]) -> Any:
        """Return what a function makes of the data set.

        Args:
            transformation_func: Takes and returns a data set.
        """
        return transformation_func(self)

    def ignore_errors(self, log_warning: bool = True, name: str | None = None) -> "Pipeline":
        """Return the data set without the files that cannot be read.

        Args:
            log_warning: Whether each of them is named in a warning.
            name: Without effect.
        """
        if not isinstance(self.stage, Reading):
            raise ValueError(
                "`ignore_errors` must be called first, on what a function `..._from_directory` "
                "returned."
            )
        return self._next(self.stage.skipping(log_warning))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the elements as NumPy arrays."""
        for element in self:
            yield tree.map_structure(_as_numpy, element)


def pipeline(elements: Iterable[Any]) -> Pipeline:
    """Return a chained data set of the items of a collection."""
    return Pipeline(stages.Elements(elements))


def _as_numpy(leaf: Any) -> Any:
    return leaf.numpy() if isinstance(leaf, (Tensor, stages.Texts)) else leaf


def _count(count: Any) -> int | None:
    """Return a number of elements, or `None` for all of them."""
    if not hasattr(count, "__index__") or count.__index__() < -1:
        raise ValueError(
            f"`count` must be an integer, -1 for all elements. Received: count={show(count)}."
        )
    number = int(count.__index__())
    return None if number == -1 else number
