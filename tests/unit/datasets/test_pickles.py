"""The unpickler that runs nothing."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.datasets.layouts import python2_pickle
from torchkeras.datasets._pickles import load_arrays

DTYPE = b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"


def one(value: bytes) -> bytes:
    """A pickle of {"data": value} in protocol 0, from the opcodes of the value."""
    return b"(dS'data'\n" + value + b"s."


def array(shape: bytes, content: bytes, dtype: bytes = DTYPE) -> bytes:
    """The opcodes of an array."""
    return ARRAY + b"(I1\n" + shape + dtype + b"I00\n" + content + b"tb"


@pytest.mark.parametrize("values", [np.arange(6, dtype="u1").reshape(2, 3)], ids=["2x3"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_python_2_are_read(values: np.ndarray, order: Any) -> None:
    content = python2_pickle({b"data": np.asarray(values, order=order), b"labels": [1, 2]})
    read = load_arrays(content, "a batch")
    np.testing.assert_array_equal(read["data"], values)
    assert read["labels"] == [1, 2]


@pytest.mark.parametrize("core", [b"numpy.core", b"numpy._core"])
def test_both_names_of_numpys_core_are_known(core: bytes) -> None:
    content = one(array(b"(I2\nt", b"S'ab'\n").replace(b"numpy.core", core))
    np.testing.assert_array_equal(load_arrays(content, "a batch")["data"], [97, 98])


REFUSED = {
    "a call": (b"cos\nsystem\n(S'false'\ntR", "names os.system"),
    "a builtin": (b"c__builtin__\neval\n(S'1'\ntR", "names __builtin__.eval"),
    "a way through numpy": (b"cnumpy\nload\n(S'x'\ntR", "names numpy.load"),
    "an instance": (b"(S'false'\nios\nsystem\n", "names os.system"),
    "another dtype": (array(b"(I1\nt", b"S'12345678'\n", DTYPE.replace(b"u1", b"f8")), "uint8"),
    "objects": (array(b"(I1\nt", b"(I1\nl", DTYPE.replace(b"u1", b"O8")), "than uint8"),
    "no dtype": (array(b"(I1\nt", b"S'a'\n", b"S'u1'\n"), "than uint8"),
    "a forged dtype": (
        array(b"(I1\nt", b"S'a'\n", DTYPE + b"(I3\nS'|'\nN(S'a'\ntNI8\nI1\nI0\ntb"),
        "forges a dtype",
    ),
    "a shape beyond its bytes": (array(b"(I999999999999\nt", b"S'a'\n"), "do not fill"),
    "a negative shape": (array(b"(I-1\nI-1\nt", b"S'a'\n"), "do not fill"),
    "a shape that multiplies bytes": (array(b"(I99999999999\nS'a'\nt", b"S'a'\n"), "do not fill"),
    "a stand-in's state": (b"cnumpy\ndtype\n(S'x'\nI1\ndb", "sets the state"),
    "a persistent id": (b"Pplease\n", "instruction b'P'"),
    "too little": (b"(", "more values than it has made"),
    "an escape that is none": (b"S'\\q'\n", "damaged"),
    "a text without quotes": (b"Sab\n", "damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name: str) -> None:
    opcodes, why = REFUSED[name]
    with pytest.raises(ValueError, match=f"(?s)a batch is refused: .*{why}.*Nothing in it was run"):
        load_arrays(one(opcodes), "a batch")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_call_is_refused_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    with pytest.raises(ValueError, match="is refused: it names"):
        load_arrays(pickle.dumps({"data": Touch()}, protocol), "a batch")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"\x80", b"not a pickle", pickle.dumps([1, 2])])
def test_what_is_no_dictionary_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="a batch is refused"):
        load_arrays(content, "a batch")
