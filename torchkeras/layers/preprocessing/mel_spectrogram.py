"""`MelSpectrogram`: how loud the pitches of a sound are, over time.

Axes: B batch, S samples, T time, F frequency, M mel.
"""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.budget import charge
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras.layers.layer import Layer
from torchkeras.ops.fourier import stft

_BREAK_HERTZ, _SCALE = 700.0, 1127.0


class MelSpectrogram(Layer):
    """Turn sound into a picture of its pitches over time, in decibels if `power_to_db`.

    Short pieces of the sound, mirrored at its ends, are transformed, `|stft| ^ mag_exp`; the
    frequencies are added up in triangles that are equally far apart on the mel scale
    `1127 · ln(1 + hertz / 700)`.

    Args:
        fft_length: The length of a Fourier transform.
        sequence_stride: How many samples lie between the beginnings of two pieces.
        sequence_length: The length of a piece; `fft_length` if not given.
        window: What a piece is multiplied by: "hann", "hamming", weights or `None`.
        sampling_rate: How many samples a second has.
        num_mel_bins: The number of pitches.
        min_freq: The lowest frequency, in hertz.
        max_freq: The highest; half the sampling rate if not given.
        power_to_db: Whether the result is in decibels: `10 · log10(power / ref_power)`.
        top_db: How far below the loudest place of the batch decibels may fall.
        mag_exp: 1 for magnitudes, 2 for power.
        min_power: The least power that is told from silence.
        ref_power: The power that has 0 decibels.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(samples,)` or `(batch, samples)`.

    Output shape:
        `(num_mel_bins, time)` or `(batch, num_mel_bins, time)`.

    Raises:
        ValueError: If a length is out of range or the window is unknown.

    Differs from Keras:
        Gradients are finite where the sound is silent. The shape of symbols is that of tensors.

    Source:
        Young et al., The HTK Book (2006), section 5.4.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.MelSpectrogram(
        ...     fft_length=256, sequence_stride=64, num_mel_bins=20, sampling_rate=8000
        ... )
        >>> tuple(layer(torch.ones(3, 1000)).shape)
        (3, 20, 16)
    """

    computes_in_floats = True

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = positive_int("fft_length", fft_length)
        self.sequence_stride = positive_int("sequence_stride", sequence_stride)
        self.sequence_length = positive_int("sequence_length", sequence_length or fft_length)
        if self.fft_length < self.sequence_length:
            raise ValueError(
                "`fft_length` must be at least `sequence_length`. Received: "
                f"sequence_length={sequence_length} and fft_length={fft_length}."
            )
        self.window = one_of("window", window, ("hann", "hamming")) if _is_name(window) else window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = positive_int("num_mel_bins", num_mel_bins)
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        charge((self.num_mel_bins, self.fft_length // 2 + 1), torch.float32.itemsize)
        matrix = self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            sampling_rate,
            min_freq,
            self.max_freq,
        )
        # Made of the config, so not saved; in float32 whatever the layer is cast to.
        self.register_buffer("_mel_FM", matrix, persistent=False)

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.dim() not in (1, 2):
            raise ValueError(
                f"Layer {self.name!r} takes sounds of shape (samples,) or (batch, samples). "
                f"Received: {show(inputs)}."
            )
        computed = torch.promote_types(self.torch_dtype, torch.float32)
        power = self._power(inputs.to(computed))
        found = power @ self._mel_FM.to(power)
        if self.power_to_db:
            found = self._in_decibels(found)
        return found.mT.to(self.torch_dtype)

    def _power(self, sound: Tensor) -> Tensor:
        """Return how much there is of each frequency, `(..., T, F)`."""
        real, imaginary = stft(
            sound, self.sequence_length, self.sequence_stride, self.fft_length, self.window
        )
        squares = real.square() + imaginary.square()
        # Not zero, where roots have no gradient.
        return squares.clamp(min=torch.finfo(squares.dtype).tiny).pow(self.mag_exp / 2)

    def _in_decibels(self, power: Tensor) -> Tensor:
        reference = math.log10(max(abs(self.ref_power), self.min_power))
        decibels = 10.0 * (power.clamp(min=self.min_power).log10() - reference)
        return decibels.maximum(decibels.amax(tuple(range(decibels.dim()))) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Tensor:
        """Return the triangles that gather frequencies into pitches, `(frequencies, pitches)`.

        Args:
            num_mel_bins: The number of pitches.
            num_spectrogram_bins: The number of frequencies, from 0 to half the sampling rate.
            sampling_rate: How many samples a second has.
            lower_edge_hertz: Where the first triangle begins.
            upper_edge_hertz: Where the last triangle ends.
            dtype: The dtype of the matrix.
        """
        kind = to_torch(dtype)
        linear = torch.linspace(0.0, sampling_rate / 2.0, num_spectrogram_bins, dtype=kind)
        pitches = _mel(linear[1:]).unsqueeze(1)  # a constant sound has no pitch
        first, last = _mel(torch.tensor([lower_edge_hertz, upper_edge_hertz], dtype=kind)).tolist()
        edges = torch.linspace(first, last, num_mel_bins + 2, dtype=kind)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        rising = (pitches - lower) / (center - lower)
        falling = (upper - pitches) / (upper - center)
        triangles = rising.minimum(falling).clamp(min=0)
        return torch.nn.functional.pad(triangles, (0, 0, 1, 0))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the sounds.
        """
        *batch, samples = input_shape
        extra = 2 * (self.fft_length // 2) - self.fft_length
        time = None if samples is None else (samples + extra) // self.sequence_stride + 1
        return (*batch, self.num_mel_bins, time)

    def attribute_config(self) -> dict[str, Any]:
        config = super().attribute_config()
        window = self.window
        plain = window if window is None or _is_name(window) else torch.as_tensor(window).tolist()
        return {**config, "window": plain}


def _is_name(window: Any) -> bool:
    return isinstance(window, str)


def _mel(hertz: Tensor) -> Tensor:
    return _SCALE * (1.0 + hertz / _BREAK_HERTZ).log()
