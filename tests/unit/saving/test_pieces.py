"""Large values written and read piece by piece, and members of archives written in any order."""

import os
import zipfile
import zlib

import h5py
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras._state.variable import Variable
from torchkeras.saving import (
    archive,
    checksum,
    h5_reading,
    keras_file,
    pieces,
    weights_h5,
    window,
    zip_member,
)
from torchkeras.saving.h5_writing import Store, created


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1 << 10)
    monkeypatch.setattr(pieces, "_LARGE_BYTES", 1 << 8)
    monkeypatch.setattr(pieces, "_WAITING_BYTES", 1 << 12)
    monkeypatch.setattr(pieces, "_TILE", 16)
    monkeypatch.setattr(keras_file, "_SMALL_BYTES", 0)
    monkeypatch.setattr(archive, "_SMALL_BYTES", 0)


def transposed(*shape):
    """A variable of a shape whose parameter lies the other way round."""
    layer = torchkeras.layers.Dense(shape[1])
    layer.build((None, shape[0]))
    return layer.kernel


@pytest.mark.parametrize("shape", [(3, 2), (400, 300), (1, 3000), (3000, 1), (257, 513)])
def test_rows_come_back(tmp_path, shape):
    kernel, other = transposed(*shape), transposed(*shape)
    kernel.assign(np.arange(np.prod(shape)).reshape(shape))
    path = tmp_path / "x.h5"
    with created(path) as writer:
        store = Store(writer, writer.file.create_group("vars"))
        store["0"] = kernel
        np.testing.assert_array_equal(store["0"], kernel.numpy())
    with h5_reading.opened(path, "file") as opened:
        source = h5_reading.source_of(opened)
        assert (source is None) == (not hasattr(os, "preadv"))
        h5_reading.Datasets(opened["vars"], source).fill("0", other)
    np.testing.assert_array_equal(other.numpy(), kernel.numpy())


@pytest.mark.parametrize("shape", [(7,), (5000,), (3, 4, 5), (20, 30, 40), (2, 3000), (1, 1, 3000)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "bool", "complex64"])
def test_pieces_make_up_the_whole(shape, order, dtype):
    values = torch.arange(np.prod(shape)).reshape(shape).to(getattr(torch, dtype))
    source, target = values, torch.zeros_like(values)
    if order == "F":
        source, target = (
            t.permute(*range(t.ndim)[::-1]).contiguous().permute(*range(t.ndim)[::-1])
            for t in (source, target)
        )
    memory = bytearray(values.nbytes)

    def put(at, part):
        memory[at : at + len(part)] = part

    def get(at, part):
        part[:] = memory[at : at + len(part)]

    with pieces.Movers() as movers:
        movers.send(source, put)
        movers.wait()
        assert memory == values.contiguous().view(torch.uint8).numpy().tobytes()
        version = target._version
        movers.receive(target, get)
    assert torch.equal(target, values)
    assert target._version > version


def held(path):
    """What a file holds, by path."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda place, item: found.update(
                {place: (dict(item.attrs), item[()].tolist() if "shape" in dir(item) else None)}
            )
        )
    return found


def test_small_files_are_made_in_memory_and_are_the_same(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "image.h5").write_bytes(weights_h5.image(model))
    found = [held(tmp_path / name) for name in ("m.weights.h5", "image.h5")]
    assert found[0] == found[1]
    assert len(found[0]) > 10


def test_the_first_error_of_a_thread_is_raised():
    def put(at, part):
        raise OSError(f"at {at}")

    with pytest.raises(OSError, match="at 0"), pieces.Movers() as movers:
        movers.send(torch.zeros(100, 100), put)


def test_what_a_hook_writes_may_change_afterwards(tmp_path):
    with created(tmp_path / "x.h5") as writer:
        store = Store(writer, writer.file)
        buffer = torch.zeros(100, 100)
        for number in range(3):
            store[str(number)] = buffer.fill_(number)
        assert [store[name].mean() for name in store] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["chunks", "gzip", "big-endian", "float64", "fill", "empty"])
def test_what_lies_otherwise_in_the_file_is_read_by_hdf5(tmp_path, kind):
    kernel = transposed(60, 50)
    values = np.arange(3000, dtype="float32").reshape(60, 50)
    settings = {
        "chunks": {"data": values, "chunks": (10, 10)},
        "gzip": {"data": values, "compression": "gzip"},
        "big-endian": {"data": values, "dtype": ">f4"},
        "float64": {"data": values, "dtype": "float64"},
        "fill": {"shape": (60, 50), "dtype": "float32", "fillvalue": 3},
        "empty": {"shape": (60, 50), "dtype": "float32"},
    }[kind]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("0", **settings)
    with h5_reading.opened(tmp_path / "x.h5", "x") as file:
        h5_reading.Datasets(file, h5_reading.source_of(file)).fill("0", kernel)
    expected = {"fill": 3, "empty": 0}.get(kind, values)
    np.testing.assert_array_equal(kernel.numpy(), np.broadcast_to(expected, (60, 50)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int32"])
def test_dtypes_are_cast(tmp_path, dtype):
    kernel = transposed(100, 60)
    tensor = torch.arange(6000).reshape(60, 100).T.to(getattr(torch, dtype))
    with created(tmp_path / "x.h5") as writer:
        Store(writer, writer.file)["0"] = tensor
        h5_reading.fill(kernel, writer.file["0"])
    np.testing.assert_array_equal(kernel.numpy(), tensor.float().numpy())


def test_a_parametrized_weight_is_set_through_its_parametrization():
    layer = torchkeras.layers.Dense(60)
    layer.build((None, 100))
    torch.nn.utils.parametrizations.weight_norm(layer.linear)
    assert pieces.storage(layer.kernel) is None


def test_scalars_and_python_numbers(tmp_path):
    with created(tmp_path / "x.h5") as writer:
        store = Store(writer, writer.file)
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
    data = os.urandom(cuts[1] + 7)
    head, tail = data[: cuts[0]], data[cuts[0] :]
    joined = checksum.joined(zlib.crc32(head), zlib.crc32(tail), len(tail))
    assert joined == zlib.crc32(data)


def test_weights_are_written_once(tmp_path, monkeypatch):
    model = torchkeras.Sequential([torchkeras.Input((100,)), torchkeras.layers.Dense(200)])
    summed = []
    note = checksum.Sums.note
    monkeypatch.setattr(
        checksum.Sums,
        "note",
        lambda self, at, view: summed.append(len(view)) or note(self, at, view),
    )
    model.save(tmp_path / "m.keras")
    assert sum(summed) < 80_000 + 20_000
    assert os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.parametrize("size", [0, 1, 2, 5000, (1 << 21) + 7])
@pytest.mark.parametrize("beside", [True, False])
def test_checksums_of_parts(tmp_path, monkeypatch, size, beside):
    data = os.urandom(size)
    (tmp_path / "x").write_bytes(b"before" + data + b"after")
    if not beside:
        monkeypatch.delattr(os, "preadv", raising=False)
    with open(tmp_path / "x", "rb") as file:
        read = window.Window(file, 6, size).read_at
        assert checksum.checksum_of(read, 0, size) == zlib.crc32(data)


@pytest.mark.parametrize("size", [10, 1 << 16, 3 << 20])
def test_members_are_summed_up_while_they_are_read(tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "x").write_bytes(b"before" + data + b"after")
    with open(tmp_path / "x", "rb") as file:
        member = zip_member.Summed(file, 6, size)
        middle = memoryview(bytearray(size // 2))
        for at in (size // 4, size // 4, 0):
            member.read_at(at, middle)
            assert middle == data[at : at + size // 2]
        assert member.checksum() == zlib.crc32(data)
        with pytest.raises(EOFError, match="ends too early"):
            member.read_at(size - 1, bytearray(2))


def test_files_without_places_are_written_and_read_by_seeking(tmp_path, monkeypatch):
    for name in ("preadv", "pwrite", "fdatasync"):
        monkeypatch.delattr(os, name, raising=False)
    model = torchkeras.Sequential([torchkeras.Input((100,)), torchkeras.layers.Dense(200)])
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.h5")
    for name in ("m.keras", "m.h5"):
        again = torchkeras.saving.load_model(tmp_path / name)
        np.testing.assert_array_equal(again.layers[0].kernel.numpy(), model.layers[0].kernel)


@pytest.mark.parametrize(
    "name", ["Dense", "Conv2D", "Embedding", "EinsumDense", "BatchNormalization"]
)
def test_layers_of_our_own_are_written_and_read_piece_by_piece(name):
    """A hook of their own would hand over whole copies."""
    layer = getattr(torchkeras.layers, name)
    for hook in ("save_own_variables", "load_own_variables"):
        assert getattr(layer, hook) is getattr(torchkeras.layers.Layer, hook)


@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_places_behind_the_end_of_a_file_are_refused(tmp_path, monkeypatch, name):
    model = torchkeras.Sequential([torchkeras.Input((60,)), torchkeras.layers.Dense(50)])
    model.save(tmp_path / name)
    monkeypatch.setattr(h5_reading, "_place", lambda dataset, view: 1 << 20)
    with pytest.raises(ValueError, match=r"ends too early|CRC"):
        torchkeras.saving.load_model(tmp_path / name)


@pytest.mark.parametrize("shape", [(60, 50), (300, 400)])
def test_damaged_weights_are_told_and_change_nothing(tmp_path, shape):
    model = torchkeras.Sequential(
        [torchkeras.Input((shape[0],)), torchkeras.layers.Dense(shape[1])]
    )
    model.save(tmp_path / "m.keras")
    data = bytearray((tmp_path / "m.keras").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "m.keras").write_bytes(data)
    with pytest.raises(ValueError, match="CRC"):
        torchkeras.saving.load_model(tmp_path / "m.keras")
    before = model.get_weights()
    with pytest.raises(ValueError, match="CRC"):
        model.load_weights(tmp_path / "m.keras")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("size", [0, 7, 600])
def test_bytes_that_are_no_whole_hdf5_file_are_told_as_that(size):
    model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
    image = weights_h5.image(model)
    for damaged in (image[:size], image[:size] + bytes(len(image) - size)):
        with pytest.raises(ValueError, match=r"'file' is (no whole HDF5 file|damaged)"):
            weights_h5.read_into(model, damaged, "file")
