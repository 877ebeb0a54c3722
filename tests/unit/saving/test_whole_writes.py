"""Every write is whole or not at all: killed processes, full disks, folders that take no files."""

import errno
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras.saving import early_flush, h5_writing, keras_file, window

NAMES = [
    "m.keras", "m.h5", "m.safetensors", "w.weights.h5", "w.safetensors", "s.weights.json",
    "s.safetensors",
]  # fmt: skip


@pytest.fixture(scope="module")
def killing(tmp_path_factory):
    """What the killed processes left, by format."""
    command = [sys.executable, "-m", "tests.unit.saving.killing", str(tmp_path_factory.mktemp("k"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line for line in lines}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
@pytest.mark.parametrize("name", NAMES)
class TestKilledProcesses:
    def test_leave_the_old_weights_or_the_new(self, killing, name):
        found = killing[name]["found"]
        assert len(found) > 2
        assert set(found) <= {1.0, 2.0}
        assert found[1] == 1.0
        assert killing[name]["last"] == 2.0

    def test_a_full_disk_is_told_and_changes_nothing(self, killing, name):
        assert "There is no room on the disk to write filepath=" in killing[name]["full"]
        assert killing[name]["untouched"]


def save(path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    sharded = {"max_shard_size": 50 / 2**30} if path.name.startswith("s.") else {}
    method = model.save if path.name.startswith("m.") else model.save_weights
    method(path, **sharded)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_folder(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"Make it first: `os\.makedirs"):
        save(tmp_path / "missing" / name)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_in_the_place_of_the_file(tmp_path, name):
    index = name.replace("s.safetensors", "s.safetensors.index.json")
    (tmp_path / index).mkdir()
    with pytest.raises(IsADirectoryError, match="must not be a folder"):
        save(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "reason", [PermissionError(13, "Permission denied"), OSError(30, "Read-only")]
)
def test_a_folder_that_takes_no_files(tmp_path, monkeypatch, name, reason):
    save(tmp_path / name)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    really = os.open

    def refuse(path, flags, *args, **kwargs):
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise reason
        return really(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"cannot be written to .* choose a folder"):
        save(tmp_path / name)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["m.txt", "m", "m.weights", "m.pt", "m.keras.bak", "w.json5"])
def test_a_wrong_extension(tmp_path, name):
    model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3)])
    for call in (model.save, torchkeras.saving.load_model):
        with pytest.raises(ValueError, match=r"Invalid filepath extension.*`\.keras`"):
            call(tmp_path / name)
    for call in (model.save_weights, model.load_weights):
        with pytest.raises(ValueError, match=r"must end in `\.weights\.h5` or `\.safetensors`"):
            call(tmp_path / name)
    assert not os.listdir(tmp_path)


def test_hdf5_files_are_written_whole_where_the_disk_cuts_writes_short(tmp_path, monkeypatch):
    write = window._write_some
    monkeypatch.setattr(
        window, "_write_some", lambda file, lock, at, data: write(file, lock, at, data[:1000])
    )
    values = np.arange(1000.0)
    large = torch.arange(100_000.0)
    with h5_writing.created(tmp_path / "x.h5") as writer:
        writer.put(writer.file, "values", values)
        writer.put(writer.file, "large", large)
    with h5py.File(tmp_path / "x.h5") as file:
        np.testing.assert_array_equal(file["values"], values)
        np.testing.assert_array_equal(file["large"], large)


@pytest.mark.parametrize("size", [1000, 100_000])
def test_what_hdf5_makes_of_a_full_disk_is_told_as_that(tmp_path, monkeypatch, size):
    def full(file, lock, at, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(window, "_write_some", full)
    with (
        pytest.raises(OSError, match="No space left on device"),
        h5_writing.created(tmp_path / "x.h5") as writer,
    ):
        writer.put(writer.file, "values", torch.arange(size * 1.0))


def test_an_error_of_the_disk_that_an_early_flush_meets_is_told(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken, raising=False)
    monkeypatch.setattr(early_flush, "_STEP_BYTES", 1000)
    monkeypatch.setattr(keras_file, "_SMALL_BYTES", 0)
    model = torchkeras.Sequential([torchkeras.Input((100,)), layers.Dense(100)])
    for name in NAMES[:5]:
        (tmp_path / name).write_bytes(b"old")
        method = model.save if name.startswith("m.") else model.save_weights
        with pytest.raises(OSError, match="Input/output error"):
            method(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"old"
