"""Windows by name: weights that fade a frame of a signal out towards its ends.

`t` runs from -1 to 1 over the frame.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from torchkeras._base.messages import one_of

_Array = np.ndarray[Any, Any]

# The weights of 1, cos(πt), cos(2πt) and so on.
_COSINE_SUMS = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
_TUKEY_TAPER = 0.5
_TAYLOR_LOBES, _TAYLOR_DECIBELS = 4, 30


def window(name: str, length: int, periodic: bool) -> _Array:
    """Return the weights of a window.

    Args:
        name: One of `NAMES`.
        length: The number of weights.
        periodic: Whether the window continues with its first weight, as a Fourier transform reads
            it, rather than ending with it.
    """
    one_of("window", name, NAMES)
    if length == 1:
        return np.ones(1)
    size = length + 1 if periodic else length
    t = np.linspace(-1.0, 1.0, size)
    if name in _COSINE_SUMS:
        terms = [weight * np.cos(k * np.pi * t) for k, weight in enumerate(_COSINE_SUMS[name])]
        values = np.sum(terms, axis=0)
    else:
        values = _SHAPES[name](t, size)
    return values[:length]


def _barthann(t: _Array, size: int) -> _Array:
    return 0.62 - 0.24 * np.abs(t) + 0.38 * np.cos(np.pi * t)


def _bohman(t: _Array, size: int) -> _Array:
    angle = np.pi * np.abs(t)
    return (1 - np.abs(t)) * np.cos(angle) + np.sin(angle) / np.pi


def _cosine(t: _Array, size: int) -> _Array:
    return np.cos(np.pi * t * (size - 1) / (2 * size))


def _exponential(t: _Array, size: int) -> _Array:
    return np.exp(-np.abs(t) * (size - 1) / 2)


def _parzen(t: _Array, size: int) -> _Array:
    u = np.abs(t) * (size - 1) / size
    inner = np.abs(t) <= 0.5
    return np.where(inner, 1 - 6 * u**2 * (1 - u), 2 * (1 - u) ** 3)


def _triang(t: _Array, size: int) -> _Array:
    return 1 - np.abs(t) * (size - 1) / (size + size % 2)


def _tukey(t: _Array, size: int) -> _Array:
    beyond = np.maximum(np.abs(t) - (1 - _TUKEY_TAPER), 0) / _TUKEY_TAPER
    return 0.5 * (1 + np.cos(np.pi * beyond))


def _taylor(t: _Array, size: int) -> _Array:
    lobes = np.arange(1, _TAYLOR_LOBES)
    a2 = (math.acosh(10 ** (_TAYLOR_DECIBELS / 20)) / np.pi) ** 2
    stretch = _TAYLOR_LOBES**2 / (a2 + (_TAYLOR_LOBES - 0.5) ** 2)
    values, peak = np.ones_like(t), 1.0
    for m in lobes:
        above = np.prod(1 - m**2 / stretch / (a2 + (lobes - 0.5) ** 2))
        below = np.prod([1 - m**2 / j**2 for j in lobes if j != m])
        weight = -((-1.0) ** m) * above / below
        values += weight * np.cos(np.pi * m * t * (size - 1) / size)
        peak += weight
    return values / peak


_SHAPES: dict[str, Callable[[_Array, int], _Array]] = {
    "bartlett": lambda t, size: 1 - np.abs(t),
    "barthann": _barthann,
    "bohman": _bohman,
    "cosine": _cosine,
    "exponential": _exponential,
    "lanczos": lambda t, size: np.sinc(t),
    "parzen": _parzen,
    "taylor": _taylor,
    "triang": _triang,
    "tukey": _tukey,
}
NAMES = sorted((*_COSINE_SUMS, *_SHAPES))
