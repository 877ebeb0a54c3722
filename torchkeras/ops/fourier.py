"""Fourier transforms; complex numbers are pairs of a real and an imaginary part."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import probing

from .complex import complex_of
from .operands import inexact

Pair = tuple[Tensor, Tensor]
_WINDOWS = {"hann": torch.hann_window, "hamming": torch.hamming_window}


def _parts(x: Tensor) -> Pair:
    return x.real, x.imag


@op
def fft(x: Any) -> Pair:
    """Return the discrete Fourier transform along the last axis.

    Args:
        x: Real and imaginary part.

    Returns:
        Real and imaginary part.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.fft(([1.0, 2.0], [0.0, 0.0]))[0]
        tensor([ 3., -1.])
    """
    return _parts(torch.fft.fft(complex_of(x)))


@op
def fft2(x: Any) -> Pair:
    """Return the discrete Fourier transform along the last two axes.

    Args:
        x: Real and imaginary part.

    Returns:
        Real and imaginary part.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.fft2(([[1.0, 2.0]], [[0.0, 0.0]]))[0]
        tensor([[ 3., -1.]])
    """
    return _parts(torch.fft.fft2(complex_of(x)))


@op
def ifft2(x: Any) -> Pair:
    """Return the inverse of `fft2`.

    Args:
        x: Real and imaginary part.

    Returns:
        Real and imaginary part.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.ifft2(([[3.0, -1.0]], [[0.0, 0.0]]))[0]
        tensor([[1., 2.]])
    """
    return _parts(torch.fft.ifft2(complex_of(x)))


@op
def rfft(x: Any, fft_length: int | None = None) -> Pair:
    """Return the Fourier transform of real numbers along the last axis, without its mirrored half.

    Args:
        x: A real tensor.
        fft_length: To which length the axis is cut or filled up with zeros; its own if not given.

    Returns:
        Real and imaginary part, `fft_length / 2 + 1` (rounded down) along the last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.rfft([1.0, 2.0, 3.0])[0]
        tensor([ 6.0000, -1.5000])
    """
    return _parts(torch.fft.rfft(inexact(x), fft_length))


@op
def irfft(x: Any, fft_length: int | None = None) -> Tensor:
    """Return the inverse of `rfft`.

    Args:
        x: Real and imaginary part.
        fft_length: The length of the result; twice that of `x` less 2 if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.irfft(([6.0, -1.5], [0.0, 0.866]), fft_length=3)
        tensor([1.0000, 2.0000, 3.0000])
    """
    return torch.fft.irfft(complex_of(x), fft_length)


@op
def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """Return the Fourier transforms of short pieces of a signal, which overlap.

    Args:
        x: `(..., samples)`, float32 or float64.
        sequence_length: The length of a piece.
        sequence_stride: How far apart pieces begin.
        fft_length: The length of a transform, at least `sequence_length`.
        window: What a piece is multiplied by: `"hann"`, `"hamming"`, a vector or `None`.
        center: Whether pieces are centered on their places, the signal mirrored at its ends.

    Returns:
        Real and imaginary part, `(..., pieces, fft_length / 2 + 1)`.

    Raises:
        TypeError: If `x` has another dtype.
        ValueError: If a length or the window is out of range.

    Example:
        >>> import torchkeras
        >>> real, imaginary = torchkeras.ops.stft(torchkeras.ops.ones((2, 16)), 8, 4, 8)
        >>> tuple(real.shape)
        (2, 5, 5)
    """
    positive_int("sequence_stride", sequence_stride)
    signal = tensor(x)
    if signal.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"`x` must be float32 or float64. Received: x={show(signal)}.")
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must not be below `sequence_length`. Received: "
            f"fft_length={fft_length}, sequence_length={sequence_length}."
        )
    weights = _window(window, sequence_length, signal)
    if weights is None:
        weights = torch.ones(sequence_length, dtype=signal.dtype, device=signal.device)
    pieces = torch.stft(
        signal.reshape(-1, signal.shape[-1]),
        fft_length,
        sequence_stride,
        sequence_length,
        weights,
        center,
        return_complex=True,
    )
    return _parts(pieces.mT.reshape(*signal.shape[:-1], *pieces.mT.shape[1:]))


def _window(window: Any, length: int, like: Tensor) -> Tensor | None:
    if window is None:
        return None
    if isinstance(window, str):
        make = _WINDOWS[one_of("window", window, _WINDOWS)]
        return make(length, periodic=True, dtype=like.dtype, device=like.device)
    weights = tensor(window).to(like.device, like.dtype)
    if weights.shape != (length,):
        raise ValueError(
            f"`window` must have the shape ({length},), as sequence_length={length}. Received: "
            f"window={show(weights)}."
        )
    return weights


@op
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """Return the signal of which `x` holds the Fourier transforms of short pieces.

    Args:
        x: Real and imaginary part, `(..., pieces, fft_length / 2 + 1)`, as `stft` returns.
        sequence_length: The length of a piece.
        sequence_stride: How far apart pieces begin.
        fft_length: The length of a transform.
        length: The length of the signal; that of all pieces if not given.
        window: What a piece was multiplied by, as in `stft`.
        center: Whether pieces were centered on their places.

    Raises:
        ValueError: If the stride or the window is out of range.

    Example:
        >>> import torchkeras
        >>> pieces = torchkeras.ops.stft(torchkeras.ops.ones((8,)), 4, 2, 4)
        >>> torchkeras.ops.istft(pieces, 4, 2, 4)
        tensor([1., 1., 1., 1., 1., 1., 1., 1.])
    """
    if positive_int("sequence_stride", sequence_stride) > fft_length:
        raise ValueError(
            "`sequence_stride` must not exceed `fft_length`. Received: "
            f"sequence_stride={sequence_stride}, fft_length={fft_length}."
        )
    pieces = complex_of(x)
    weights = _window(window, sequence_length, pieces.real)
    checked = weights is not None and center and sequence_length == fft_length
    if checked and not probing():  # torch reads the window, and divides by what really overlaps
        flat = pieces.reshape(-1, *pieces.shape[-2:]).mT
        signal = torch.istft(
            flat, fft_length, sequence_stride, sequence_length, weights, center, length=length
        )
        return signal.reshape(*pieces.shape[:-2], -1)
    parts = torch.fft.irfft(pieces, fft_length)
    if weights is not None:
        parts = parts * _synthesis(weights, sequence_stride, fft_length)
    signal = _overlapped(parts, sequence_stride)
    start = fft_length // 2 if center else 0
    if length is None:
        return signal[..., start : signal.shape[-1] - start]
    return signal[..., start : start + length]


def _synthesis(window: Tensor, stride: int, fft_length: int) -> Tensor:
    """Return the window that makes pieces, multiplied by both, sum to the signal."""
    missing = fft_length - window.shape[0]
    window = F.pad(window, (missing // 2, missing - missing // 2))
    rows = -(-fft_length // stride)
    squares = F.pad(window.square(), (0, rows * stride - fft_length)).reshape(rows, stride)
    return window / squares.sum(0).repeat(rows)[:fft_length]


def _overlapped(parts: Tensor, stride: int) -> Tensor:
    """Return the sum of pieces that begin `stride` apart."""
    pieces, size = parts.shape[-2:]
    columns = parts.reshape(-1, pieces, size).mT
    total = stride * (pieces - 1) + size
    summed = F.fold(columns, (1, total), (1, size), stride=(1, stride))
    return summed.reshape(*parts.shape[:-2], total)


@op
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """Return the pieces of a signal that begin `sequence_stride` apart.

    Args:
        x: `(..., samples)`.
        sequence_length: The length of a piece.
        sequence_stride: How far apart pieces begin.

    Returns:
        `(..., pieces, sequence_length)`; what does not fill a piece is left out.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.extract_sequences([1, 2, 3, 4], 3, 1)
        tensor([[1, 2, 3],
                [2, 3, 4]], dtype=torch.int32)
    """
    return torch.unfold_copy(tensor(x), -1, sequence_length, sequence_stride)
