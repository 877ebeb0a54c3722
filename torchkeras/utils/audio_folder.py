"""Folders of sounds as data sets."""

import os
import struct
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from torchkeras._base.messages import positive_int
from torchkeras._data.stages import stacked

from .folder import Folder, Kind

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_LARGEST_RATIO = 100  # by which a rate may grow: rates of sounds differ by less


def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Return the `.wav` files in a folder, one folder in it for each class, as batches of sounds.

    Args:
        directory: The folder.
        labels: `"inferred"` from the folders' names; `None`; or one integer for each file, in the
            order of the files' names.
        label_mode: `"int"`, `"categorical"` (one-hot), `"binary"` or `None` for no labels.
        class_names: The folders to use, in the order of their labels; all, by name, if not given.
        batch_size: Sounds per batch; `None` for single ones.
        sampling_rate: Samples per second that sounds are brought to; as they are if not given.
        output_sequence_length: Samples that sounds are cut or filled up to; if not given, those
            of a batch are filled up to the longest.
        ragged: Whether a batch is a nested tensor of sounds of different lengths.
        shuffle: Whether the files are shuffled, and again in each epoch.
        seed: Seeds the order.
        validation_split: The fraction of the files for validation.
        subset: Which part is wanted: `"training"`, `"validation"`, or `"both"` for both.
        follow_links: Whether folders that are links are entered.
        verbose: Whether the number of files is written.

    Returns:
        A data set of `(sounds, labels)`, or `sounds` without labels: float32 from -1 to 1 of shape
        `(n, samples, channels)`, and labels int32 `(n,)`, float32 `(n, 1)` if binary, float32
        `(n, classes)` if categorical. It has `class_names`, `file_paths`, `map`, `batch`,
        `unbatch`, `take`, `skip`, `cache`, `prefetch`, `shuffle`, `repeat` and `ignore_errors`.

    Raises:
        ValueError: If an argument is wrong, there is no file, or, on reading, a file is damaged.

    Differs from Keras:
        It is a data set of torch, not of TensorFlow; each epoch is shuffled as a whole. A sound is
        brought to its length after its sampling rate was changed, and files of 8, 24 and 32 bits
        or of floats are read too.

    Example:
        >>> import pathlib, tempfile, wave, torchkeras
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> with wave.open(str(folder / "a.wav"), "wb") as file:
        ...     file.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        ...     file.writeframes(bytes(20))
        >>> call = torchkeras.utils.audio_dataset_from_directory
        >>> [sounds.shape for sounds in call(folder, labels=None)]
        Found 1 files.
        [torch.Size([1, 10, 1])]
    """
    if ragged and output_sequence_length is not None:
        raise ValueError(
            "`ragged` and `output_sequence_length` exclude each other. Received: ragged=True, "
            f"output_sequence_length={output_sequence_length!r}."
        )
    if sampling_rate is not None:
        positive_int("sampling_rate", sampling_rate)
    if output_sequence_length is not None:
        positive_int("output_sequence_length", output_sequence_length)
    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose,
    )  # fmt: skip
    read = partial(_read, sampling_rate, output_sequence_length)
    join = _nested if ragged else _padded if output_sequence_length is None else stacked
    made = folder.dataset(Kind("audio", (".wav",), read, join))
    return tuple(made) if isinstance(made, list) else made


def _read(rate: int | None, length: int | None, path: str) -> Tensor:
    try:
        sound, own_rate = _decoded(Path(path).read_bytes())
    except (ValueError, struct.error, IndexError) as error:
        raise ValueError(f"{path} cannot be read as a wav file: {error}.") from error
    if rate is not None and rate > _LARGEST_RATIO * own_rate:
        raise ValueError(
            f"{path} is refused: it claims a rate of {own_rate}, and would become more than "
            f"{_LARGEST_RATIO} times as long at {rate}."
        )
    if rate is not None and rate != own_rate:
        sound = _resampled(sound, own_rate, rate)
    if length is None:
        return sound
    filled = sound.new_zeros((length, sound.shape[1]))
    filled[: len(sound)] = sound[:length]
    return filled


def _decoded(content: bytes) -> tuple[Tensor, int]:
    """Return the samples of a wav file, one column for each channel, and their rate."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("it does not begin with RIFF and WAVE")
    place, form = 12, None
    while place + 8 <= len(content):
        name, size = (
            content[place : place + 4],
            int.from_bytes(content[place + 4 : place + 8], "little"),
        )
        body = content[place + 8 : place + 8 + size]
        if name == b"fmt ":
            form = struct.unpack("<HHIIHH", body[:16])
            if form[0] == _EXTENSIBLE:
                form = (int.from_bytes(body[24:26], "little"), *form[1:])
        elif name == b"data":
            if form is None:
                raise ValueError("its samples come before their format")
            kind, channels, rate, _, _, bits = form
            return _samples(body, kind, channels, bits), rate
        place += 8 + size + size % 2
    raise ValueError("it holds no samples")


def _samples(body: bytes, kind: int, channels: int, bits: int) -> Tensor:
    width = bits // 8
    if channels < 1 or (kind, bits) not in _READ:
        raise ValueError(f"its format {kind} with {bits} bits in {channels} channels is not known")
    body = body[: len(body) // (width * channels) * (width * channels)]
    return torch.from_numpy(_READ[kind, bits](body)).reshape(-1, channels)


def _whole(dtype: str, offset: int, scale: float) -> Any:
    return lambda body: (np.frombuffer(body, dtype).astype("float32") - offset) / np.float32(scale)


def _of_24_bits(body: bytes) -> Any:
    wide = np.zeros((len(body) // 3, 4), "uint8")
    wide[:, 1:] = np.frombuffer(body, "uint8").reshape(-1, 3)
    return wide.view("<i4")[:, 0].astype("float32") / np.float32(2**31)


_READ: dict[tuple[int, int], Any] = {
    (_PCM, 8): _whole("u1", 128, 2**7),
    (_PCM, 16): _whole("<i2", 0, 2**15),
    (_PCM, 24): _of_24_bits,
    (_PCM, 32): _whole("<i4", 0, 2**31),
    (_FLOAT, 32): _whole("<f4", 0, 1),
    (_FLOAT, 64): _whole("<f8", 0, 1),
}


def _resampled(sound: Tensor, own_rate: int, rate: int) -> Tensor:
    """Return a sound at another rate: its spectrum, cut off or filled up."""
    length = max(round(len(sound) * rate / own_rate), 1)
    spectrum = torch.fft.rfft(sound, dim=0)
    kept = torch.fft.irfft(spectrum, n=length, dim=0)
    return kept * (length / max(len(sound), 1))


def _padded(sounds: Sequence[Tensor]) -> Tensor:
    return pad_sequence(list(sounds), batch_first=True)


def _nested(sounds: Sequence[Tensor]) -> Tensor:
    return torch.nested.nested_tensor(list(sounds), layout=torch.jagged)
