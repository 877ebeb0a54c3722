"""`STFTSpectrogram`: a short-time Fourier transform whose kernels can be trained.

Axes: B batch, C channels, F frequency, T time.
"""

import math
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import initializers
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._base.settings import epsilon, standardize_data_format
from torchkeras._state.layout import conv_kernel
from torchkeras._state.slot import Slot
from torchkeras.layers.base.arguments import padding_mode
from torchkeras.layers.base.geometry import check_fits, same_padding
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """Transform overlapping frames of a signal into frequencies, by convolution.

    Args:
        mode: What is returned: "log" (the logarithm of magnitudes), "magnitude", "psd" (the power
            of each frequency and its mirror image), "real", "imag", "angle", or "stft" (real parts,
            then imaginary ones).
        frame_length: The length of a frame.
        frame_step: How many samples lie between the beginnings of two frames; half a frame if not
            given.
        fft_length: The length of a transform; if not given, the smallest power of two that is not
            below `frame_length`.
        window: The name of a window, its weights, or `None` for none.
        periodic: Whether a named window continues with its first weight instead of ending with it.
        scaling: "density" divides by the root of the window's sum of squares, "spectrum" by its
            sum, `None` by nothing.
        padding: "valid" for none, or "same" for `samples / frame_step` frames.
        expand_dims: Whether frequencies have an axis of their own, beside the channels.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, samples, channels)`, or `(batch, channels, samples)`.

    Output shape:
        `(batch, time, channels * frequencies)` or `(batch, channels * frequencies, time)`; with
        `expand_dims` `(batch, time, frequencies, channels)` or
        `(batch, channels, time, frequencies)`.

    Variables:
        real_kernel, imag_kernel: `(frame_length, 1, frequencies)`; torch keeps them as
            `real.weight` and `imag.weight`, `(frequencies, 1, frame_length)`.

    Raises:
        ValueError: If an argument is none of those above, or a frame is longer than the signal.
        TypeError: If the signal is not of floats.

    Differs from Keras:
        Named windows need no SciPy; bfloat16 is taken.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.STFTSpectrogram(frame_length=64, padding="same")
        >>> tuple(layer(torch.ones(2, 320, 1)).shape)
        (2, 10, 33)
    """

    real: nn.Conv1d
    imag: nn.Conv1d

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mode = one_of("mode", mode, _MODES)
        self.frame_length = positive_int("frame_length", frame_length)
        self.frame_step, self.fft_length = frame_step, fft_length
        self._check_lengths()
        self._step = frame_step or max(frame_length // 2, 1)
        transform = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self._frequencies = transform // 2 + 1
        self.window, self.periodic, self.scaling = window, periodic, scaling
        self.padding = padding_mode(padding)
        self.expand_dims = expand_dims
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)
        kernel = (window, scaling, periodic)
        self.real_kernel_initializer = initializers.STFT("real", *kernel)
        self.imag_kernel_initializer = initializers.STFT("imag", *kernel)

    def _check_lengths(self) -> None:
        step, transform = self.frame_step, self.fft_length
        if step is not None and not 1 <= step <= self.frame_length:
            raise ValueError(
                "`frame_step` must be at least 1 and at most `frame_length`. Received: "
                f"frame_step={step} and frame_length={self.frame_length}."
            )
        if transform is None:
            return
        if transform < self.frame_length:
            raise ValueError(
                "`fft_length` must be at least `frame_length`. Received: "
                f"fft_length={transform} and frame_length={self.frame_length}."
            )
        if transform & (transform - 1):
            warnings.warn(
                f"`fft_length` should be a power of two. Received: fft_length={transform}.",
                stacklevel=4,
            )

    def variable_slots(self) -> dict[str, Slot]:
        sides = {"imag": ("imag",), "real": ("real",)}.get(self.mode, ("real", "imag"))
        return {f"{side}_kernel": Slot(f"{side}.weight", conv_kernel(1)) for side in sides}

    def build(self, input_shape: Any) -> None:
        samples = input_shape[1 if self.data_format == "channels_last" else 2]
        if self.padding == "valid":
            length = (self.frame_length,)
            check_fits(self.name, "frame_length", length, (samples,), length)
        for name in self.variable_slots():
            setattr(self, name.removesuffix("_kernel"), self._convolution())

    def _convolution(self) -> nn.Conv1d:
        length, step = self.frame_length, self._step
        return self.stock(nn.Conv1d, 1, self._frequencies, length, stride=step, bias=False)

    def call(self, inputs: Tensor) -> Tensor:
        if not inputs.is_floating_point():
            raise TypeError(f"Layer {self.name!r} takes floats. Received: {show(inputs)}.")
        signal_BCS = inputs.mT if self.data_format == "channels_last" else inputs
        signals = signal_BCS.flatten(0, 1).unsqueeze(1)
        if self.padding == "same":
            samples = signals.shape[-1]
            signals = F.pad(signals, same_padding(samples, self.frame_length, self._step))
        sides = [name.removesuffix("_kernel") for name in self.variable_slots()]
        found = [getattr(self, side)(signals) for side in sides]
        split = (inputs.shape[0], signal_BCS.shape[1])
        spectrum_BCFT = self._spectrum(*[x.unflatten(0, split) for x in found])
        return self._arranged(spectrum_BCFT)

    def _spectrum(self, first: Tensor, second: Tensor | None = None) -> Tensor:
        """Return what `mode` names; `first` is the only part, or the real one."""
        if second is None:
            return first
        if self.mode == "stft":
            return torch.cat([first, second], dim=2)
        if self.mode == "angle":
            return torch.atan2(second, first)
        power_BCFT = first.square() + second.square()
        if self.mode == "psd":
            return power_BCFT + F.pad(power_BCFT[:, :, 1:-1], (0, 0, 1, 1))
        magnitude = power_BCFT.clamp(min=epsilon()).sqrt()
        return magnitude if self.mode == "magnitude" else magnitude.clamp(min=epsilon()).log()

    def _arranged(self, spectrum_BCFT: Tensor) -> Tensor:
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return spectrum_BCFT.permute((0, 3, 2, 1) if last else (0, 1, 3, 2))
        flat = spectrum_BCFT.flatten(1, 2)
        return flat.mT if last else flat
