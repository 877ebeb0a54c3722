"""One array of a data set, read in stretches of rows."""

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import floatx
from torchkeras._state.arrays import is_borrowed

from .text import TextColumn, holds_text
from .transfer import from_numpy, narrowed, not_numbers, shares_memory, to_tensor


class Column(Protocol):
    """Rows that can be read by range or by number."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def row_bytes(self) -> int: ...

    def rows(self, start: int, stop: int) -> Tensor: ...

    def take(self, indices: Tensor) -> Tensor: ...

    def narrow(self, start: int, stop: int) -> "Column": ...


class TensorColumn:
    """Rows of a tensor, which may lie over the memory of a NumPy array or a file."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor.detach()

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._tensor.shape)

    @property
    def row_bytes(self) -> int:
        return self._tensor[:1].numel() * self._tensor.element_size()

    def rows(self, start: int, stop: int) -> Tensor:
        return narrowed(self._tensor[start:stop])

    def take(self, indices: Tensor) -> Tensor:
        indices = indices.to(self._tensor.device, non_blocking=True)
        return narrowed(torch.index_select(self._tensor, 0, indices))

    def narrow(self, start: int, stop: int) -> "TensorColumn":
        return TensorColumn(self._tensor[start:stop])

    def on(self, device: torch.device) -> "TensorColumn":
        """Return a column of the same rows on a device."""
        return TensorColumn(narrowed(self._tensor).to(device, non_blocking=True))


class IndexedColumn:
    """Rows of what NumPy-style indexing reads: files, sparse matrices, read-only arrays."""

    def __init__(
        self, array: Any, argument: str, offset: int = 0, length: int | None = None
    ) -> None:
        self._array, self._argument = array, argument
        self._offset = offset
        self._length = int(array.shape[0]) - offset if length is None else length

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._length, *map(int, self._array.shape[1:]))

    @property
    def row_bytes(self) -> int:
        size: int = np.dtype(self._array.dtype).itemsize
        return size * int(np.prod(self.shape[1:]))

    def rows(self, start: int, stop: int) -> Tensor:
        stop = min(stop, self._length)
        return self._read(slice(start + self._offset, stop + self._offset))

    def take(self, indices: Tensor) -> Tensor:
        # Files want increasing numbers; ours never repeat, so sorting and back is exact.
        in_order, order = torch.sort(indices.cpu() + self._offset)
        read = self._read(in_order.numpy())
        taken = torch.empty_like(read)
        taken[order] = read
        return taken

    def narrow(self, start: int, stop: int) -> "IndexedColumn":
        return IndexedColumn(self._array, self._argument, self._offset + start, stop - start)

    def _read(self, where: Any) -> Tensor:
        tensor: Tensor = to_tensor(self._array[where], self._argument)
        return tensor


def is_array(value: Any) -> bool:
    """Say whether `value` is an array or tensor of any library, with rows to read."""
    if isinstance(value, (TensorColumn, IndexedColumn, TextColumn)):
        return True
    if isinstance(value, type):
        return False
    return hasattr(value, "shape") and (hasattr(value, "__array__") or hasattr(value, "tocsr"))


def column(array: Any, argument: str) -> Column:
    """Return the column over an array; nothing is copied whole that can be read in parts."""
    if isinstance(array, (TensorColumn, IndexedColumn, TextColumn)):
        return array
    if len(getattr(array, "shape", ())) == 0:
        raise ValueError(
            f"`{argument}` must have at least one axis, that of the samples. Received: "
            f"{argument}={show(array)}. Add it: `{argument}[None]`."
        )
    if isinstance(array, Tensor):
        return TensorColumn(array.to_dense() if array.layout is not torch.strided else array)
    if hasattr(array, "tocsr"):
        return IndexedColumn(array.tocsr(), argument)
    if not isinstance(array, np.ndarray):
        array = _from_other_library(array, argument)
    if not isinstance(array, np.ndarray):
        return IndexedColumn(array, argument)
    return _numpy_column(array, argument)


def _numpy_column(array: "np.ndarray[Any, Any]", argument: str) -> Column:
    masked = int(np.ma.getmaskarray(array).sum()) if isinstance(array, np.ma.MaskedArray) else 0
    if masked:
        raise ValueError(
            f"`{argument}` must hold a number everywhere. Received: a masked array with "
            f"{masked} masked values. Fill them: `{argument}.filled(0)`."
        )
    if array.dtype.kind not in "biufc" and not is_borrowed(array):
        if argument.startswith("x") and holds_text(array):
            return TextColumn(array)
        raise ValueError(not_numbers(argument, array))
    return (
        TensorColumn(from_numpy(array)) if shares_memory(array) else IndexedColumn(array, argument)
    )


def _from_other_library(array: Any, argument: str) -> Any:
    """Return a NumPy array, or an open file's array as it is."""
    if hasattr(array, "iloc"):
        return _from_pandas(array, argument)
    if type(array).__module__.startswith("h5py"):
        return array
    return np.asarray(array)


def _from_pandas(table: Any, argument: str) -> "np.ndarray[Any, Any]":
    values: np.ndarray[Any, Any] = table.to_numpy()
    if values.dtype.kind != "O" or (argument.startswith("x") and holds_text(values)):
        return values
    dtypes = list(table.dtypes) if hasattr(table, "columns") else [table.dtype]
    kinds = {getattr(dtype, "kind", "O") for dtype in dtypes}
    try:
        if kinds <= {"i", "u"} or kinds == {"b"}:
            return values.astype("bool" if "b" in kinds else "int64")
        filled: np.ndarray[Any, Any] = table.to_numpy(dtype=floatx(), na_value=np.nan)
        return filled
    except (TypeError, ValueError):
        raise ValueError(_not_only_numbers(table, argument)) from None


def _not_only_numbers(table: Any, argument: str) -> str:
    columns = table if hasattr(table, "columns") else table.to_frame()
    text = list(columns.select_dtypes(exclude=["number", "bool"]).columns)
    if not text:
        missing = [name for name in columns if columns[name].isna().any()]
        return (
            f"`{argument}` must hold a number everywhere. Received: a {type(table).__name__} with "
            f"missing values in the columns {missing}. Fill them (`.fillna(0)`) or drop the rows."
        )
    return (
        f"`{argument}` must hold numbers only. Received: a {type(table).__name__} whose "
        f"columns {text} hold text or objects. Drop them, or turn them into numbers "
        "(`pandas.get_dummies`, `.astype('category').cat.codes`)."
    )
