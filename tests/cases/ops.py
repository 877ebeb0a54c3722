"""How a row of an ops table is written; `tests/contract/test_ops.py` says what is tested of each.

    row("add", floats(2, 3), floats(3))

is `ops.add` of two arrays. `id` tells rows of one function apart, `skip` names a property and why
it does not hold, `oracle` is what the result is compared with where Keras on torch has none, and
`batch` says how many of the arrays, from the first on, begin with an axis of samples (those of the
highest rank otherwise).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .row import Data

PROPERTIES = ("numbers", "dtype", "symbolic", "batch", "gradients", "compile")


@dataclass(frozen=True)
class OpRow:
    """One call of one function."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    skip: Mapping[str, str] = field(default_factory=dict)
    oracle: Callable[..., Any] | None = None
    tolerance: float = 1e-5
    batch: int | None = None

    @property
    def id(self) -> str:
        return f"{self.name}-{self.variant}" if self.variant else self.name


def row(name: str, *args: Any, **kwargs: Any) -> OpRow:
    """Return the row of `ops.<name>(*args, **kwargs)`; `id` and four others are the row's own."""
    names = ("skip", "oracle", "tolerance", "batch")
    own = {key: kwargs.pop(key) for key in names if key in kwargs}
    return OpRow(name, args, kwargs, kwargs.pop("id", ""), **own)


def whole(*shape: int, low: int = -4, high: int = 5, dtype: str = "int32") -> Data:
    """Whole numbers from `low` to below `high`."""
    return Data(shape, dtype, low, high)


def array(*values: Any, dtype: str = "float32") -> np.ndarray:
    """An array of just these values."""
    return np.array(values, dtype)
