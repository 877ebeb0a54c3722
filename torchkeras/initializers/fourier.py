"""The kernels of a short-time Fourier transform."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor

from . import window as windows
from .initializer import Initializer


class STFT(Initializer):
    """The real or imaginary part of `w(t) · exp(-2πi · t · f / F) / s`, for a convolution kernel.

    The kernel has the shape `(frame length, 1, F // 2 + 1)`, `F` being the length of the transform;
    `s` is the scaling.

    Args:
        side: `"real"` or `"imag"`.
        window: The name of a window, its weights, or `None` for none.
        scaling: `"density"` divides by the root of the window's sum of squares, `"spectrum"` by
            its sum, `None` by nothing.
        periodic: Whether a named window continues with its first weight instead of ending with it.

    Raises:
        ValueError: If an argument is not one of the allowed, or the weights do not fit the shape.

    Differs from Keras:
        Named windows need no SciPy; those that take parameters are given as weights.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.STFT("imag", "hann")((128, 1, 65)).shape
        torch.Size([128, 1, 65])
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        self.side = one_of("side", side, ("real", "imag"))
        self.window = one_of("window", window, windows.NAMES) if isinstance(window, str) else window
        self.scaling = one_of("scaling", scaling, (None, "density", "spectrum"))
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        if len(shape) != 3:
            raise ValueError(
                "`shape` must be (frame length, 1, bands of frequency). "
                f"Received: shape={tuple(shape)}."
            )
        length, _, bands = shape
        wanted, where = to_torch(dtype), device.creation()
        frequency = torch.arange(bands, dtype=wanted, device=where) / ((bands - 1) * 2)
        time = torch.arange(length, dtype=wanted, device=where).reshape(length, 1, 1)
        angle = -2 * time * frequency * math.pi
        kernel = angle.cos() if self.side == "real" else angle.sin()
        return kernel if self.window is None else self._windowed(kernel)

    def _windowed(self, kernel: Tensor) -> Tensor:
        length, weights = kernel.shape[0], self.window
        if isinstance(weights, str):
            weights = windows.window(weights, length, self.periodic)
        weights = tensor(weights).to(kernel.device, kernel.dtype)
        if weights.shape != (length,):
            raise ValueError(
                f"`window` must hold one weight for each of {length} samples. "
                f"Received: window={show(weights)}."
            )
        if self.scaling == "density":
            weights = weights / weights.square().sum().sqrt()
        elif self.scaling == "spectrum":
            weights = weights / weights.abs().sum()
        return kernel * weights.reshape(length, 1, 1)

    def get_config(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "window": self.window,
            "periodic": self.periodic,
            "scaling": self.scaling,
        }
