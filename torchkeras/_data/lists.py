"""Python lists of numbers as arrays; other lists hold one array per input."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .text import lists_text_only, text_array


def as_arrays(data: Any, argument: str = "x") -> Any:
    """Return the structure with lists of plain numbers, or of strings, turned into arrays.

    Args:
        data: Arrays, lists of numbers, or a nested structure of them.
        argument: What the data are called in messages.
    """
    if type(data) is dict:
        return {key: as_arrays(value, f"{argument}[{key!r}]") for key, value in data.items()}
    if type(data) not in (list, tuple) or not data:
        return data
    if holds_numbers_only(data):
        return _tensor(data, argument)
    if argument.startswith("x") and lists_text_only(data):
        return text_array(data, argument)
    parts = (as_arrays(item, f"{argument}[{index}]") for index, item in enumerate(data))
    return type(data)(parts)


def holds_numbers_only(data: Any) -> bool:
    """Say whether a list, and the lists in it, hold numbers and nothing else."""
    if isinstance(data, (list, tuple)):
        return all(map(holds_numbers_only, data))
    return isinstance(data, (int, float, np.number, np.bool_))


def _tensor(data: Any, argument: str) -> Tensor:
    try:
        return torch.tensor(data, device="cpu")
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"`{argument}` must hold lists of equal length. Received: lists of {_lengths(data)} "
            "items. Pad them to one length, for example with `utils.pad_sequences(...)`."
        ) from error


def _lengths(data: Any) -> str:
    lengths = sorted({len(item) if isinstance(item, (list, tuple)) else 1 for item in data})
    shown = [str(length) for length in lengths[:4]] + (["..."] if len(lengths) > 4 else [])
    return ", ".join(shown)
