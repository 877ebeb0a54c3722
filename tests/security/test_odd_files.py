"""Files whose parts contradict each other, or are of a kind that nobody expects there."""

import io
import struct
import wave
import zipfile
import zlib

import h5py
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras.saving import KerasFileEditor, load_model, load_weights


def model():
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3, name="dense")])


def untouched(load, path, reason):
    """Check that loading weights fails for a reason and changes nothing."""
    target = model()
    before = target.get_weights()
    with pytest.raises(ValueError, match=reason):
        load(target, path)
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# Zip archives that say one thing in front of a member and another at the end


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "m.keras"
    model().save(path)
    return path


ENTRY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"


def patched(path, mark, field, value):
    """Change a field of a header of the weights: the one in front of them, or at the end."""
    data, name = bytearray(path.read_bytes()), b"model.weights.h5"
    at = data.rindex(name) - 46 if mark == ENTRY else data.index(name) - 30
    assert data[at : at + 4] == mark
    data[at + field : at + field + len(value)] = value
    path.write_bytes(data)


LIES = {
    "another name in front": (LOCAL, 30, b"Model"),
    "no header in front": (LOCAL, 0, b"XXXX"),
    "a longer name in front": (LOCAL, 26, struct.pack("<H", 0xFFFF)),
    "larger unpacked": (ENTRY, 24, struct.pack("<I", 1 << 20)),
    "larger packed": (ENTRY, 20, struct.pack("<I", 1 << 20)),
    "4 GiB without a longer field": (ENTRY, 24, b"\xff" * 4),
    "another checksum": (ENTRY, 16, b"\0" * 4),
    "the place of another member": (ENTRY, 42, struct.pack("<I", 0)),
    "a place behind the end": (ENTRY, 42, struct.pack("<I", 1 << 31)),
}
IDLE = {
    "another packing in front": (LOCAL, 8, struct.pack("<H", 99)),
    "encrypted in front": (LOCAL, 6, struct.pack("<H", 1)),
    "another disk": (ENTRY, 34, struct.pack("<H", 7)),
}


@pytest.mark.parametrize("name", LIES)
def test_headers_that_contradict_each_other(archive, name):
    patched(archive, *LIES[name])
    with pytest.raises(ValueError, match=r"m\.keras"):
        load_model(archive)
    untouched(load_weights, archive, r"m\.keras")


@pytest.mark.parametrize("name", IDLE)
def test_what_the_directory_says_counts(archive, name):
    """Fields that nothing depends on: the numbers are there, and their checksum holds."""
    before = load_model(archive).get_weights()
    patched(archive, *IDLE[name])
    for old, new in zip(before, load_model(archive).get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("size", [0, 1 << 20, 1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize("which", [0, 8, 16], ids=["unpacked", "packed", "place"])
def test_longer_fields_that_lie(tmp_path, archive, size, which):
    """Sizes of 64 bits lie in a field of their own, which the plain ones point to."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    whole = members.pop("model.weights.h5")
    with zipfile.ZipFile(archive, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        start = new.start_dir
        new.writestr("model.weights.h5", whole)
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"model.weights.h5") - 46
    numbers = struct.pack("<QQQ", len(whole), len(whole), start)
    numbers = numbers[:which] + struct.pack("<Q", size) + numbers[which + 8 :]
    extra = struct.pack("<HH", 1, 24) + numbers
    data[at + 20 : at + 28], data[at + 42 : at + 46] = b"\xff" * 8, b"\xff" * 4
    data[at + 30 : at + 32] = struct.pack("<H", len(extra))
    data[at + 62 : at + 62] = extra
    end = data.rindex(b"PK\x05\x06")
    length = struct.unpack_from("<I", data, end + 12)[0] + len(extra)
    data[end + 12 : end + 16] = struct.pack("<I", length)
    archive.write_bytes(data)
    with pytest.raises(ValueError, match=r"m\.keras"):
        load_model(archive)


# HDF5: other kinds of values, and packings


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "m.weights.h5"
    model().save_weights(path)
    return path


def dataset(path, **options):
    """Put another dataset in the place of the kernel."""
    with h5py.File(path, "r+") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        group.create_dataset("0", **{"shape": (4, 3), **options})


PAIR = np.dtype([("a", "f4"), ("b", "f8")])
KINDS = {
    "pairs": PAIR,
    "rows of any length": h5py.vlen_dtype("f4"),
    "texts": h5py.string_dtype(),
    "bytes": np.dtype("S9"),
    "opaque": np.dtype("V7"),
    "references": h5py.ref_dtype,
    "references to parts": h5py.regionref_dtype,
    "small arrays": np.dtype(("f4", (2,))),
}


@pytest.mark.parametrize("name", KINDS)
def test_values_that_are_no_numbers(weights, name):
    dataset(weights, dtype=KINDS[name])
    untouched(load_weights, weights, "it holds no numbers|shape")


PACKINGS = {"scale and offset": {"scaleoffset": 3}, "szip": {"compression": "szip"}}


@pytest.mark.parametrize("name", PACKINGS)
def test_packings_that_lose_numbers_or_are_not_everywhere(weights, name):
    if name == "szip" and not h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        pytest.skip("HDF5 was made without szip")
    dataset(weights, dtype="f4", chunks=(4, 3), **PACKINGS[name])
    untouched(load_weights, weights, "packed with filters.*which only plugins can read")


def test_a_filter_that_nobody_has(weights):
    with h5py.File(weights, "r+") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4, 3))
        plan.set_filter(31999, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        space = h5py.h5s.create_simple((4, 3))
        h5py.h5d.create(group.id, b"0", h5py.h5t.NATIVE_FLOAT, space, plan)
    untouched(load_weights, weights, r"packed with filters \[31999\]")


class Greedy(layers.Layer):
    """A layer of a user that takes what there is."""

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(3,))

    def load_own_variables(self, store):
        self.found = [store[name] for name in store]


@pytest.mark.parametrize("fill", [None, 7.0])
@pytest.mark.parametrize("chunks", [(1 << 20,), True])
def test_arrays_that_were_never_written(tmp_path, fill, chunks):
    """A file of a few kilobytes declares 4 TB, of which it holds nothing but what fills it."""
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("vars/0", (10**12,), "f4", chunks=chunks, fillvalue=fill)
    layer = Greedy()
    layer.build((None, 3))
    with pytest.raises(ValueError, match="claims 4000000000000 bytes"):
        load_weights(layer, path)
    with pytest.raises(ValueError, match=r"claim|bytes"):
        KerasFileEditor(path)


def test_attributes_by_the_thousand(weights):
    with h5py.File(weights, "r+", libver="latest") as file:
        for index in range(30):
            file["layers/dense"].attrs[str(index)] = np.zeros(8000)
    load_weights(model(), weights)


def test_groups_in_themselves_in_the_editor(weights):
    with h5py.File(weights, "r+") as file:
        file["layers/dense/again"] = file["layers"]
    with pytest.raises(ValueError, match=r"m\.weights\.h5"):
        KerasFileEditor(weights)


# Files of torch


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5", "safetensors", "json", "yaml"])
@pytest.mark.parametrize("old", [False, True])
def test_pickles_of_torch_under_other_names(tmp_path, ending, old):
    path = tmp_path / f"m.{ending}"
    torch.save(torch.nn.Linear(4, 3), path, _use_new_zipfile_serialization=not old)
    load = load_weights if ending == "weights.h5" else lambda _, path: load_model(path)
    untouched(load, path, r"no whole|is no text|no plain|does not describe")
    if ending == "safetensors":
        untouched(load_weights, path, "no whole safetensors file")


@pytest.mark.parametrize("ending", ["pt", "pth", "pt2", "bin", "ckpt", "pkl", "npz"])
def test_files_of_torch(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    torch.save(model().state_dict(), path)
    with pytest.raises(ValueError, match="Invalid filepath extension"):
        load_model(path)
    untouched(load_weights, path, "filepath|ending")


# Images and sounds


def png(width, height):
    def part(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    sizes = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    parts = part(b"IHDR", sizes), part(b"IDAT", pixels), part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(60_000, 60_000), r"bomb\.png.*3600000000 pixels"),
        (b"nothing", r"bomb\.png"),
    ],
    ids=["bomb", "nothing"],
)
def test_images_that_are_none(tmp_path, content, reason):
    path = tmp_path / "c" / "bomb.png"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=reason):
        torchkeras.utils.load_img(path)
    with pytest.raises((ValueError, OSError), match=r"picture.*pixels|cannot identify"):
        torchkeras.utils.load_img(io.BytesIO(content))
    images = torchkeras.utils.image_dataset_from_directory(tmp_path, verbose=False)
    with pytest.raises(ValueError, match=r"bomb\.png cannot be read as an image"):
        next(iter(images))


def test_sounds_that_would_be_stretched_without_end(tmp_path):
    """A second of one sample each would become a year."""
    path = tmp_path / "c" / "bomb.wav"
    path.parent.mkdir()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(1)
        file.writeframes(b"\0" * 100_000)
    sounds = torchkeras.utils.audio_dataset_from_directory(
        tmp_path, sampling_rate=192_000, output_sequence_length=10, verbose=False
    )
    with pytest.raises(ValueError, match=r"bomb\.wav.*a rate of 1, .* 192000"):
        next(iter(sounds))
