"""idx files: what must agree before an array is made of them."""

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.layouts import idx_bytes
from torchkeras.datasets._idx import IdxFile, read_idx
from torchkeras.datasets._verified import WrongFileError

VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4)
CONTENT = idx_bytes(VALUES)
FILE = IdxFile("values", (3, 4), hashlib.sha256(CONTENT).hexdigest())


def write(folder: Path, content: bytes, *, packed: bool) -> Path:
    path = folder / ("values.gz" if packed else "values")
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_the_array_comes_back(tmp_path: Path, packed: bool) -> None:
    got = read_idx(write(tmp_path, CONTENT, packed=packed), FILE)
    np.testing.assert_array_equal(got, VALUES)
    assert got.flags.writeable
    assert got.flags.c_contiguous


WRONG = {
    "empty": (b"", "does not begin as an idx file of shape \\(3, 4\\)"),
    "another type": (b"\0\0\x0d" + CONTENT[3:], "does not begin"),
    "another number of axes": (b"\0\0\x08\x03" + CONTENT[4:], "does not begin"),
    "another shape": (idx_bytes(VALUES.T), "does not begin"),
    "too short": (CONTENT[:-1], "holds 23 bytes where its header promises 24"),
    "too long": (CONTENT + b"x", "holds more than 24 bytes"),
    "other values": (idx_bytes(VALUES + np.uint8(1)), "is damaged or another file"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_told_from_the_right_one(tmp_path: Path, name: str, packed: bool) -> None:
    content, why = WRONG[name]
    path = write(tmp_path, content, packed=packed)
    with pytest.raises(WrongFileError, match=f"{path.name} {why}"):
        read_idx(path, FILE)


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_a_torn_gz_is_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "values.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-cut])
    with pytest.raises(WrongFileError, match=r"values\.gz cannot be read"):
        read_idx(path, FILE)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path, CONTENT + bytes(64 * 2**20), packed=True)
    tracemalloc.start()
    try:
        with pytest.raises(WrongFileError, match="holds more than 24 bytes"):
            read_idx(path, FILE)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
