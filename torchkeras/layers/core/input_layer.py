"""`Input` and `InputLayer`: where a functional model begins."""

import warnings
from collections.abc import Sequence
from typing import Any

from torchkeras._base.dtypes import standardize_dtype
from torchkeras._base.naming import auto_name
from torchkeras._symbolic.tensor import KerasTensor, Node
from torchkeras.layers.layer import Layer


class InputLayer(Layer):
    """The declaration of an input: its shape, dtype and name.

    Args:
        shape: The shape of one sample, `None` for sizes that are not known.
        batch_size: The number of samples, if fixed.
        dtype: The dtype; `floatx()` if not given.
        sparse: Not possible on torch.
        ragged: Not possible on torch.
        batch_shape: The whole shape, in place of `shape` and `batch_size`.
        input_tensor: A symbol to wrap, in place of a shape.
        optional: Whether the input may be `None`.
        name: The input's name.
        **kwargs: `input_shape`, the older name of `shape`.

    Raises:
        ValueError: If the shape is missing, given twice or not a shape.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        if sparse or ragged:
            raise ValueError(
                f"Sparse and ragged inputs do not exist on torch. Received: sparse={sparse}, "
                f"ragged={ragged}. Give dense tensors."
            )
        if "input_shape" in kwargs:
            warnings.warn(
                "Argument `input_shape` is deprecated. Use `shape` instead.", stacklevel=2
            )
            shape = kwargs.pop("input_shape")
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to InputLayer: {kwargs}")
        if input_tensor is not None:
            _check_tensor(input_tensor, shape, batch_shape)
            shape, batch_shape = None, input_tensor.shape
            dtype = dtype or input_tensor.dtype
        self.batch_shape = _batch_shape(shape, batch_size, batch_shape)
        self._input_dtype = standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        self.supports_masking = True
        self.built = True
        symbol = input_tensor
        if symbol is None:
            symbol = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        self._nodes.append(Node(self, (), {}, symbol))

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._input_dtype

    def call(self) -> None:
        """Do nothing: an input is given."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Return the symbol with which a functional model begins.

    Args:
        shape: The shape of one sample, `None` for sizes that are not known.
        batch_size: The number of samples, if fixed.
        dtype: The dtype; `floatx()` if not given.
        sparse: Not possible on torch.
        ragged: Not possible on torch.
        batch_shape: The whole shape, in place of `shape` and `batch_size`.
        name: The input's name.
        tensor: A symbol to wrap, in place of a shape.
        optional: Whether the input may be `None`.

    Example:
        >>> import torchkeras
        >>> torchkeras.Input((3,), name="x")
        <KerasTensor shape=(None, 3), dtype=float32, name=x>
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name or auto_name("input_layer"),
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output


def _check_tensor(tensor: KerasTensor, shape: Any, batch_shape: Any) -> None:
    """Raise a `ValueError` if a shape that is given is not that of the symbol."""
    given = [("shape", shape, tensor.shape[1:]), ("batch_shape", batch_shape, tensor.shape)]
    for argument, value, known in given:
        if value is not None and tuple(value) != tuple(known):
            raise ValueError(
                f"`{argument}` must be that of `input_tensor`, {tuple(known)}, or None. "
                f"Received: {argument}={value!r}."
            )


def _batch_shape(shape: Any, batch_size: int | None, batch_shape: Any) -> tuple[int | None, ...]:
    if (shape is None) == (batch_shape is None) or (batch_shape is not None and batch_size):
        raise ValueError(
            "Give either `shape` (with `batch_size`, if it is fixed) or `batch_shape`. Received: "
            f"shape={shape!r}, batch_size={batch_size!r}, batch_shape={batch_shape!r}."
        )
    given = batch_shape if shape is None else shape
    if isinstance(given, int) or not isinstance(given, Sequence):
        hint = f" Did you mean ({given},)?" if isinstance(given, int) else ""
        raise ValueError(f"`shape` must be a tuple of sizes. Received: shape={given!r}.{hint}")
    sizes = tuple(_size(size, given) for size in given)
    return sizes if shape is None else (batch_size, *sizes)


def _size(size: Any, shape: Any) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not hasattr(size, "__index__") or size.__index__() < 0:
        raise ValueError(
            "`shape` must hold positive integers, or `None` for unknown sizes. "
            f"Received: shape={shape!r}."
        )
    return int(size)
