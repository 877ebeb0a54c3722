"""What `adapt` reads: the inputs of each batch, whatever form the data has."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch import Tensor
from torch.utils import data as torch_data

from torchkeras._base.messages import show
from torchkeras._data.loaders import loader_over, makes_samples

from .text import is_text


def input_batches(data: Any, steps: int | None = None) -> Iterator[Any]:
    """Return the inputs of each batch of a data set, loader or iterable.

    Args:
        data: A `PyDataset`, torch `Dataset` or `DataLoader`, or an iterable of batches.
        steps: How many batches are read; all if not given.

    Raises:
        TypeError: If nothing can be read from the data.
    """
    if makes_samples(data):
        data = loader_over(data, None, False)
    if not isinstance(data, Iterable):
        raise TypeError(
            "`data` must be an array, a tensor, a `PyDataset`, a torch `Dataset` or `DataLoader`, "
            f"or an iterable of batches. Received: data={show(data)} (of type "
            f"{type(data).__name__})."
        )
    collated = isinstance(data, torch_data.DataLoader)
    return (_inputs(batch, collated) for batch in itertools.islice(data, steps))


def is_array(data: Any) -> bool:
    """Say whether data is one array or table rather than batches."""
    return isinstance(data, Tensor) or hasattr(data, "__array__")


def _inputs(batch: Any, collated: bool) -> Any:
    """Return the inputs of `(inputs, targets, ...)`; loaders make lists of such tuples.

    Of `(label, text)`, as torchtext's data sets have it, the text.
    """
    pair = isinstance(batch, tuple) or (collated and isinstance(batch, list))
    if not pair or not len(batch) or isinstance(batch[0], (str, bytes)):
        return batch
    if len(batch) == 2 and is_text(batch[1]) and not is_text(batch[0]):
        return list(batch[1]) if isinstance(batch[1], tuple) else batch[1]
    return batch[0]


def adapt_counter(
    layer: Any, data: Any, as_batch: Callable[[Any], Any], steps: int | None = None
) -> None:
    """Let a layer that counts learn from data; a list, too, is one batch.

    Args:
        layer: A layer with `reset_state`, `update_state` and `finalize_state`.
        data: An array or list, or batches of them.
        as_batch: Makes a batch of an array or list.
        steps: How many batches are read; all if not given.
    """
    is_one = is_array(data) or isinstance(data, (list, tuple, str))
    layer.reset_state()
    for batch in [as_batch(data)] if is_one else input_batches(data, steps):
        layer.update_state(batch)
    layer.finalize_state()
