"""Floats of 8 bits, scaled so that the largest of late fills their range."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import did_you_mean
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

_FLOATS = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float16")


@op
def compute_float8_scale(amax: Any, scale: Any, dtype_max: float, margin: int = 0) -> Tensor:
    """Return `amax 2^margin / dtype_max`, and the old scale where `amax` is 0 or not finite.

    Args:
        amax: The largest absolute value of late.
        scale: The old scale.
        dtype_max: The largest number of the dtype.
        margin: How many bits are left free.

    Source:
        https://docs.nvidia.com/deeplearning/transformer-engine/user-guide/api/jax.html

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.compute_float8_scale(8.0, 1.0, 4.0).item()
        2.0
    """
    amax = tensor(amax)
    old = tensor(scale).reciprocal()
    new = dtype_max / amax / 2**margin
    return torch.where((amax > 0.0) & amax.isfinite(), new, old).reciprocal()


@op
def compute_float8_amax_history(x: Any, amax_history: Any) -> Tensor:
    """Return a history with the largest absolute value of `x` in front, the oldest left out.

    Args:
        x: A tensor.
        amax_history: The values so far, of one axis; the next to last one is at its place 1.

    Example:
        >>> import torchkeras
        >>> history = torchkeras.ops.array([1.0, 2.0, 3.0])
        >>> torchkeras.quantizers.compute_float8_amax_history([-5.0, 4.0], history).tolist()
        [5.0, 3.0, 1.0]
    """
    history = tensor(amax_history)
    latest = tensor(x).abs().amax().to(history.dtype)
    return torch.cat([latest.reshape(1), history.roll(-1, 0)[1:]])


@op
def quantize_and_dequantize(
    inputs: Any, scale: Any, quantized_dtype: str, compute_dtype: Any
) -> Tensor:
    """Return floats as they come back from a smaller dtype.

    Args:
        inputs: A float tensor.
        scale: What they are divided by before.
        quantized_dtype: The smaller dtype, such as `"float8_e4m3fn"`.
        compute_dtype: The dtype of the result.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.quantize_and_dequantize(
        ...     [1.06, 1000.0], 1.0, "float8_e4m3fn", "float32").tolist()
        [1.0, 448.0]
    """
    if quantized_dtype not in _FLOATS or not hasattr(torch, quantized_dtype):
        raise ValueError(
            f"`quantized_dtype` must be one of {', '.join(_FLOATS)}. Received: "
            f"quantized_dtype={quantized_dtype!r}.{did_you_mean(quantized_dtype, _FLOATS)}"
        )
    small: torch.dtype = getattr(torch, quantized_dtype)
    dtype = to_torch(compute_dtype)
    factor = tensor(scale).to(dtype)
    largest = torch.finfo(small).max
    return (tensor(inputs) / factor).clamp(-largest, largest).to(small).to(dtype) * factor
