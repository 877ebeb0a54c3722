"""Lists of different lengths as one array."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from torchkeras._base.messages import one_of, show

_Array = np.ndarray[Any, Any]
_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> _Array:
    """Return sequences as one array, padded or cut off to one length.

    Args:
        sequences: A list of sequences, whose items may have axes of their own.
        maxlen: The length; that of the longest sequence if not given.
        dtype: The dtype; `object` for strings of any length.
        padding: Where what is missing is filled in, `"pre"` (in front) or `"post"`.
        truncating: Where what is too much is cut off, `"pre"` (in front) or `"post"`.
        value: What is filled in.

    Returns:
        An array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ValueError: If a sequence has no length or items of another shape than the first.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
        [[0, 1], [2, 3], [5, 6]]
    """
    one_of("padding", padding, _SIDES)
    one_of("truncating", truncating, _SIDES)
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"`sequences` must be a list of sequences. Received: sequences={show(sequences)}."
        )
    _check_value(value, dtype)
    lengths = [_length(sequence) for sequence in sequences]
    maxlen = max(lengths, default=0) if maxlen is None else maxlen
    item_shape = _item_shape(sequences, lengths)
    padded = np.full((len(lengths), maxlen, *item_shape), value, dtype=dtype)
    for row, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        kept = min(length, maxlen)
        if kept == 0:
            continue
        items = np.asarray(
            sequence[length - kept :] if truncating == "pre" else sequence[:kept], dtype=dtype
        )
        if items.shape[1:] != item_shape:
            raise ValueError(
                "The items of all `sequences` must have one shape. Received: items of the shape "
                f"{items.shape[1:]} in sequence {row}, after others of the shape {item_shape}."
            )
        padded[row, slice(maxlen - kept, None) if padding == "pre" else slice(kept)] = items
    return padded


def _length(sequence: Any) -> int:
    if not hasattr(sequence, "__len__") or not isinstance(sequence, Iterable):
        raise ValueError(
            "`sequences` must be a list of sequences. Received: an item that has no length, "
            f"{show(sequence)}."
        )
    return len(sequence)  # type: ignore[arg-type]


def _item_shape(sequences: Any, lengths: list[int]) -> tuple[int, ...]:
    """Return the shape of the items of the first sequence that has some."""
    for sequence, length in zip(sequences, lengths, strict=True):
        if length:
            return np.asarray(sequence).shape[1:]
    return ()


def _check_value(value: Any, dtype: Any) -> None:
    is_text = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and np.dtype(dtype) != object and not is_text:
        raise ValueError(
            f"`value` is a string, which `dtype={dtype!r}` cannot hold. Pass `dtype=object`. "
            f"Received: value={value!r}."
        )
