"""Large values written and read piece by piece, and members of archives written in any order."""

import io
import os
import zipfile

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras._state.variable import Variable
from torchkeras.saving import h5_reading, pieces, zip_member
from torchkeras.saving.h5_writing import Store, created


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1 << 10)


def transposed(*shape):
    """A variable of a shape whose parameter lies the other way round."""
    layer = torchkeras.layers.Dense(shape[1])
    layer.build((None, shape[0]))
    return layer.kernel


@pytest.mark.parametrize("shape", [(3, 2), (400, 300), (1, 3000), (3000, 1), (257, 513)])
def test_rows_come_back(shape):
    kernel, other = transposed(*shape), transposed(*shape)
    kernel.assign(np.arange(np.prod(shape)).reshape(shape))
    file = io.BytesIO()
    with created(file) as opened:
        Store(opened.create_group("vars"))["0"] = kernel
        np.testing.assert_array_equal(opened["vars/0"][()], kernel.numpy())
    with h5_reading.opened(file, "file") as opened:
        h5_reading.fill(other, h5_reading.Datasets(opened["vars"]).dataset("0"))
    np.testing.assert_array_equal(other.numpy(), kernel.numpy())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int32"])
def test_dtypes_are_cast(dtype):
    kernel = transposed(100, 60)
    tensor = torch.arange(6000).reshape(60, 100).T.to(getattr(torch, dtype))
    with created(io.BytesIO()) as file:
        Store(file)["0"] = tensor
        h5_reading.fill(kernel, file["0"])
    np.testing.assert_array_equal(kernel.numpy(), tensor.float().numpy())


def test_a_parametrized_weight_is_set_through_its_parametrization():
    layer = torchkeras.layers.Dense(60)
    layer.build((None, 100))
    torch.nn.utils.parametrizations.weight_norm(layer.linear)
    assert pieces.storage(layer.kernel) is None


def test_scalars_and_python_numbers():
    with created(io.BytesIO()) as file:
        store = Store(file)
        store["a"], store["b"], store["c"] = 3, torch.tensor(2.0), Variable(1.5)
        assert [store[name].item() for name in store] == [3, 2.0, 1.5]
        del store["a"]
        assert len(store) == 2


def test_members_are_written_in_any_order(tmp_path):
    large = os.urandom(1 << 17)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("first", "text")
        with zip_member.written(archive, "member") as part:
            part.truncate(400_000)
            for place in (1000, 200_000, 100_000):  # the last one covers ends of the others
                part.seek(place)
                part.write(large)
            part.seek(5)
            part.write(b"small")
            part.seek(-100_000, os.SEEK_END)
            part.write(large)
            part.truncate(390_000)
            part.seek(100_000)
            assert part.read(1 << 17) == large
        archive.writestr("last", "text")
    expected = bytearray(390_000)
    for place in (1000, 200_000, 100_000, 300_000):
        expected[place : place + len(large)] = large
    expected[5:10] = b"small"
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["first", "member", "last"]
        assert archive.read("member") == expected[:390_000]


@pytest.mark.parametrize("cuts", [(0, 0), (0, 5), (5, 5), (3, 100), (1, 65536 * 3)])
def test_checksums_are_joined(cuts):
    import zlib

    data = os.urandom(cuts[1] + 7)
    head, tail = data[: cuts[0]], data[cuts[0] :]
    joined = zip_member._joined(zlib.crc32(head), zlib.crc32(tail), len(tail))
    assert joined == zlib.crc32(data)


def test_weights_are_written_once(tmp_path, monkeypatch):
    model = torchkeras.Sequential([torchkeras.Input((100,)), torchkeras.layers.Dense(200)])
    summed = []
    note = zip_member._Sums.note
    monkeypatch.setattr(
        zip_member._Sums,
        "note",
        lambda self, at, view: summed.append(len(view)) or note(self, at, view),
    )
    model.save(tmp_path / "m.keras")
    assert sum(summed) < 80_000 + 20_000
    assert os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.parametrize("size", [0, 1, 2, 5000, (1 << 21) + 7])
@pytest.mark.parametrize("beside", [True, False])
def test_checksums_of_parts(tmp_path, monkeypatch, size, beside):
    import zlib

    data = os.urandom(size)
    (tmp_path / "x").write_bytes(b"before" + data + b"after")
    if not beside:
        monkeypatch.delattr(os, "pread", raising=False)
    with open(tmp_path / "x", "rb") as file:
        assert zip_member.checksum_of(file, 6, size) == zlib.crc32(data)


@pytest.mark.parametrize(
    "name", ["Dense", "Conv2D", "Embedding", "EinsumDense", "BatchNormalization"]
)
def test_layers_of_our_own_are_written_and_read_piece_by_piece(name):
    """A hook of their own would hand over whole copies."""
    layer = getattr(torchkeras.layers, name)
    for hook in ("save_own_variables", "load_own_variables"):
        assert getattr(layer, hook) is getattr(torchkeras.layers.Layer, hook)
