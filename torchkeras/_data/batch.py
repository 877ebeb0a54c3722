"""The forms in which a batch travels: `(x, y, sample_weight)`, and Keras's shorter ones."""

from collections.abc import Callable
from typing import Any

from torchkeras import tree

from .text import lists_text_only

Batch = tuple[Any, Any, Any]


def unpack_x_y_sample_weight(data: Any) -> Batch:
    """Return `(x, y, sample_weight)` from data in any of the forms that `fit` takes.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a tuple, unless
            it is one of strings.

    Returns:
        Three values, `None` where the data had none.

    Raises:
        ValueError: If a tuple has more than three items, or none.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, (tuple, list)) or (type(data) is list and lists_text_only(data)):
        return data, None, None
    if 1 <= len(data) <= 3:
        x, y, sample_weight = (*data, None, None)[:3]
        return x, y, sample_weight
    raise ValueError(
        "A batch must have the form `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`. Received: "
        f"a {type(data).__name__} of {len(data)} items. Several inputs go together in one list, "
        "tuple or dictionary: `((x1, x2), y)`."
    )


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the shortest form that `unpack_x_y_sample_weight` takes apart again.

    Args:
        x: The inputs.
        y: The targets.
        sample_weight: The weight of each sample.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def num_rows(x: Any) -> int:
    """Return the number of samples in a batch of inputs."""
    if hasattr(x, "shape"):
        return int(x.shape[0])
    for leaf in tree.flatten(x):
        if leaf is not None and hasattr(leaf, "shape"):
            return int(leaf.shape[0])
    raise ValueError(f"A batch of inputs needs at least one array. Received: {x!r}.")


def weighed(batch: Batch, weigh: Callable[[Any], Any] | None) -> Batch:
    """Return a batch with the weights of its classes."""
    if weigh is None:
        return batch
    x, y, sample_weight = batch
    if sample_weight is not None:
        raise ValueError(
            "`class_weight` cannot be used with data that already yields sample weights. "
            "Received: a batch of the form `(x, y, sample_weight)`."
        )
    return x, y, weigh(y)
