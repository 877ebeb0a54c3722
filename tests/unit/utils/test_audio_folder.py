"""`audio_dataset_from_directory`: wav files of every width, their lengths and rates."""

import math
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from torchkeras.utils import audio_dataset_from_directory


def write(path: Path, samples: np.ndarray, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], samples.dtype.itemsize, rate, 0, "NONE", "NONE"))
        file.writeframes(samples.tobytes())


@pytest.fixture
def sounds(tmp_path: Path, rng: np.random.Generator) -> Path:
    for name, count in {"a/1.wav": 5, "a/2.WAV": 8, "b/1.wav": 3}.items():
        samples = rng.integers(-(2**15), 2**15, (count, 2)).astype("<i2")
        write(tmp_path / "sounds" / name, samples)
    return tmp_path / "sounds"


def load(folder: Path, **call: Any) -> Any:
    return audio_dataset_from_directory(folder, **{"shuffle": False, "verbose": False, **call})


def test_a_batch_is_filled_up_to_its_longest(sounds: Path) -> None:
    data = load(sounds)
    ((x, y),) = data
    assert (x.shape, x.dtype, y.tolist()) == ((3, 8, 2), torch.float32, [0, 0, 1])
    assert data.class_names == ["a", "b"]
    with wave.open(str(sounds / "a/1.wav")) as file:
        whole = np.frombuffer(file.readframes(5), "<i2").reshape(5, 2) / 2**15
    np.testing.assert_array_equal(x[0, :5], whole)
    assert x[0, 5:].abs().max() == 0


def test_sounds_are_brought_to_one_length(sounds: Path) -> None:
    ((x, _),) = load(sounds, output_sequence_length=4)
    assert x.shape == (3, 4, 2)
    assert x[2, 3].abs().max() == 0


def test_ragged_batches_keep_the_lengths(sounds: Path) -> None:
    ((x, _),) = load(sounds, ragged=True)
    assert [len(sound) for sound in x.unbind()] == [5, 8, 3]


def test_single_sounds_and_both_subsets(sounds: Path) -> None:
    assert [len(x) for x, _ in load(sounds, batch_size=None)] == [5, 8, 3]
    first, last = load(sounds, validation_split=0.4, subset="both")
    assert [len(first.file_paths), len(last.file_paths)] == [2, 1]


@pytest.mark.parametrize(("rate", "count"), [(4000, 800), (16000, 3200), (8000, 1600)])
def test_another_rate_keeps_the_tone(tmp_path: Path, rate: int, count: int) -> None:
    tone = np.sin(2 * math.pi * 400 * np.arange(1600) / 8000) * 2**14
    write(tmp_path / "a.wav", tone.astype("<i2")[:, None])
    (x,) = load(tmp_path, labels=None, sampling_rate=rate)
    wanted = torch.sin(2 * math.pi * 400 * torch.arange(count) / rate) / 2
    torch.testing.assert_close(x[0, :, 0], wanted, atol=2e-4, rtol=0)


def riff(kind: int, bits: int, body: bytes) -> bytes:
    form = struct.pack("<HHIIHH", kind, 1, 8000, 8000 * bits // 8, bits // 8, bits)
    chunks = b"LIST\x03\0\0\0abc\0" + b"fmt \x10\0\0\0" + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


WIDTHS = {
    "8 bits": (1, 8, bytes([0, 128, 192])),
    "16 bits": (1, 16, struct.pack("<3h", -(2**15), 0, 2**14)),
    "24 bits": (1, 24, b"\0\0\x80" + b"\0\0\0" + b"\0\0\x40"),
    "32 bits": (1, 32, struct.pack("<3i", -(2**31), 0, 2**30)),
    "floats": (3, 32, struct.pack("<3f", -1, 0, 0.5)),
    "doubles": (3, 64, struct.pack("<3d", -1, 0, 0.5)),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_every_width_goes_from_minus_one_to_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(riff(*WIDTHS[name]))
    (x,) = load(tmp_path, labels=None)
    assert (x.dtype, x.flatten().tolist()) == (torch.float32, [-1.0, 0.0, 0.5])


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", riff(2, 4, b"x")])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.wav cannot be read as a wav file"):
        list(load(tmp_path, labels=None))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"ragged": True, "output_sequence_length": 3}, "exclude each other"),
        ({"sampling_rate": 0}, "`sampling_rate` must be a positive integer"),
        ({"output_sequence_length": -1}, "`output_sequence_length` must be a positive integer"),
    ],
)
def test_wrong_arguments(sounds: Path, call: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(sounds, **call)
