"""What a row of a table is: how a thing is made, what goes in, what is refused."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

PROPERTIES = (
    "config",
    "numbers",
    "gradients",
    "symbolic",
    "weights",
    "weights_file",
    "model_file",
    "state_dict",
    "mixed_precision",
    "compile",
    "export",
    "onnx",
    "errors",
)

MERGED_LORA = {"weights_file": "files hold it merged: tests/unit/layers/test_lora.py"}


@dataclass(frozen=True)
class Data:
    """An array to be made: shape, dtype and range; `mask` rides on it as Keras's masks do."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = -2.0
    high: float = 2.0
    mask: Any = None

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        if self.dtype == "bool":
            return rng.random(self.shape) < 0.7
        if self.dtype.startswith(("int", "uint")):
            return rng.integers(int(self.low), int(self.high), self.shape).astype(self.dtype)
        return rng.uniform(self.low, self.high, self.shape).astype(self.dtype)


def floats(*shape: int, low: float = -2.0, high: float = 2.0, mask: Any = None) -> Data:
    """Floats between `low` and `high`; `mask` is a nested list of 0 and 1 for the first axes."""
    return Data(shape, "float32", low, high, mask)


def ints(*shape: int, below: int, dtype: str = "int32", mask: Any = None) -> Data:
    """Whole numbers from 0 up to `below`."""
    return Data(shape, dtype, 0, below, mask)


def bools(*shape: int) -> Data:
    """Booleans, most of them true."""
    return Data(shape, "bool")


@dataclass(frozen=True)
class Wrong:
    """Something that must be refused.

    Attributes:
        make: Makes the layer, as in a row; the error may come here already.
        text: A piece of the message, in which the argument and what came must be named.
        args: What the layer is called on, if the error only comes then.
        error: The error's class.
    """

    make: Callable[[Any], Any]
    text: str
    args: Any = None
    error: type[Exception] = ValueError


@dataclass(frozen=True)
class Row:
    """One thing to test; `tests/cases/layers.py` says how to write one."""

    id: str
    make: Callable[[Any], Any]
    args: Any
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    skip: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        unknown = set(self.skip) - set(PROPERTIES)
        assert not unknown, f"{self.id}: no such properties: {unknown}"

    def rng(self) -> np.random.Generator:
        """A generator that gives this row the same numbers in every run."""
        return np.random.default_rng(zlib.crc32(self.id.encode()))

    def __repr__(self) -> str:
        return f"Row({self.id})"


def larger(row: Row) -> Row:
    """Return a row whose inputs have one sample more."""
    return replace(row, args=_larger(row.args), kwargs=_larger(dict(row.kwargs)))


def _larger(structure: Any) -> Any:
    if isinstance(structure, Data):
        mask = structure.mask and [*structure.mask, structure.mask[0]]
        return replace(structure, shape=(structure.shape[0] + 1, *structure.shape[1:]), mask=mask)
    if isinstance(structure, dict):
        return {key: _larger(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_larger(value) for value in structure)
    return structure
