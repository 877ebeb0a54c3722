"""Small functions of Keras 1 and 2 that other people's layers are built from."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import Tensor

from torchkeras import ops
from torchkeras._base.settings import standardize_data_format
from torchkeras._symbolic.tensor import KerasTensor, is_keras_tensor

from .notice import tell
from .patches import Patches, named


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the functions.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    lengths = (conv_input_length, conv_output_length, deconv_length, normalize_tuple)
    others = (has_arg, multi_gpu_model, print_summary, to_list, unpack_singleton)
    for name, function in named(*lengths, *others).items():
        patches.add(package.utils, name, function)
    tensors = named(is_tensor, size)
    for name, function in {**tensors, "normalize_data_format": standardize_data_format}.items():
        patches.add(package.backend, name, function)
    patches.set(KerasTensor, "_keras_shape", property(lambda symbol: tuple(symbol.shape)))


def is_tensor(x: Any) -> bool:
    """Say whether something is a tensor or a symbol."""
    return isinstance(x, Tensor) or is_keras_tensor(x)


def size(x: Any, name: str | None = None) -> Any:
    """Return the number of elements of a tensor."""
    return ops.size(x)


def normalize_tuple(value: Any, n: int, name: str) -> tuple[int, ...]:
    """Return one whole number `n` times, or `n` of them as a tuple.

    Raises:
        ValueError: If they are not `n` whole numbers.
    """
    numbers = (value,) * n if isinstance(value, int) else tuple(value)
    if len(numbers) != n or not all(isinstance(number, int) for number in numbers):
        raise ValueError(f"`{name}` must be {n} whole numbers. Received: {name}={value!r}.")
    return numbers


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """Return the length of what a convolution makes."""
    if input_length is None:
        return None
    width = (filter_size - 1) * dilation + 1
    longer = {"valid": 1 - width, "full": width - 1}.get(padding, 0)
    return (input_length + longer + stride - 1) // stride


def conv_input_length(
    output_length: int | None, filter_size: int, padding: str, stride: int
) -> int | None:
    """Return the length of what a convolution was made of."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "full": filter_size - 1}.get(padding, 0)
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_length(
    dim_size: int | None,
    stride_size: int,
    kernel_size: int,
    padding: str,
    output_padding: int | None = None,
    dilation: int = 1,
) -> int | None:
    """Return the length of what a transposed convolution makes."""
    if dim_size is None:
        return None
    width = (kernel_size - 1) * dilation + 1
    if output_padding is not None:
        pad = {"same": width // 2, "full": width - 1}.get(padding, 0)
        return (dim_size - 1) * stride_size + width - 2 * pad + output_padding
    longer = {"valid": max(width - stride_size, 0), "full": -(stride_size + width - 2)}
    return dim_size * stride_size + longer.get(padding, 0)


def has_arg(fn: Callable[..., Any], name: str, accept_all: bool = False) -> bool:
    """Say whether a function takes an argument of a name."""
    parameters = inspect.signature(fn).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return name in parameters or (accept_all and takes_all)


def to_list(x: Any, allow_tuple: bool = False) -> list[Any]:
    """Return a list as it is, and anything else in a list."""
    if isinstance(x, list):
        return x
    return list(x) if allow_tuple and isinstance(x, tuple) else [x]


def unpack_singleton(x: Any) -> Any:
    """Return the only item of a list or tuple, and anything else as it is."""
    return x[0] if len(x) == 1 else x


def print_summary(
    model: Any, line_length: Any = None, positions: Any = None, print_fn: Any = None
) -> None:
    """Print the table of a model's layers."""
    tell("`print_summary`", "call `model.summary()`")
    model.summary(line_length, positions, print_fn)


def multi_gpu_model(
    model: Any, gpus: Any = None, cpu_merge: bool = True, cpu_relocation: bool = False
) -> Any:
    """Return the model itself, which trains on one device."""
    tell("`multi_gpu_model`", "set a `keras.distribution.DataParallel` distribution")
    return model
