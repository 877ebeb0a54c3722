"""Hostile pickles of data sets: refused with the reason, quickly, and nothing is reserved."""

import pickle
import re
import struct
import time

import pytest

from torchkeras.datasets import _pickle_machine
from torchkeras.datasets._pickles import load_arrays
from torchkeras.datasets._ragged import load_rows

HUGE = (1 << 31) - 1
DTYPE = b"cnumpy\ndtype\n(S'%s'\nI0\nI1\ntR"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"


def array(shape, content, dtype=b"u1"):
    """The instructions of an array."""
    return ARRAY + b"(I1\n" + shape + DTYPE % dtype + b"I00\n" + content + b"tb"


def claims(code, form, size=HUGE):
    return code + struct.pack(form, size) + b"abc"


WOVEN = b"})" + b"q\x00h\x00\x86" * 60  # pairs of pairs, of which the hash would take for ever

HOSTILE = {
    "bytes that are not there": (claims(b"B", "<I"), "claims more than it holds"),
    "bytes by the exabyte": (claims(b"\x8e", "<Q", 1 << 60), "claims more than it holds"),
    "a text that is not there": (claims(b"X", "<I"), "claims more than it holds"),
    "a long text that is not there": (claims(b"\x8d", "<Q", 1 << 60), "claims more than it holds"),
    "an old text that is not there": (claims(b"T", "<i"), "claims more than it holds"),
    "a negative size": (claims(b"T", "<i", -1), "negative size"),
    "a buffer that is not there": (claims(b"\x96", "<Q", 1 << 31), r"instruction b'\\x96'"),
    "a buffer beside the file": (b"\x97", r"instruction b'\\x97'"),
    "a number of a gigabyte": (claims(b"\x8b", "<i"), r"instruction b'\\x8b'"),
    "a number of many digits": (b"I" + b"9" * 100_000 + b"\n", "digits"),
    "a memory far beyond": (b"Nr" + struct.pack("<I", HUGE) + b"sr", "refused"),
    "a memory that does not exist": (b"j" + struct.pack("<I", HUGE), "refused"),
    "keys that are woven": (WOVEN + b"Ns", "no texts"),
    "keys that are deep": (b"})" + b"\x85" * 200_000 + b"Ns", "no texts"),
    "values that are deep": (b"(S'a'\n" + b"]" * 200_000 + b"a" * 199_999 + b"d", ""),
    "a list in itself": (b"]q\x00h\x00a", ""),
    "a set": (b"\x8f(K\x01\x90", r"instruction b'\\x8f'"),
    "an extension": (b"\x82\x01", r"instruction b'\\x82'"),
    "an object": (b"(cnumpy\nndarray\no", "instruction b'o'"),
    "a class with arguments": (b"cnumpy\nndarray\n)\x81", r"instruction b'\\x81'"),
    "a name from the stack": (b"\x8c\x02os\x8c\x06system\x93", "names os.system"),
    "a name that is a tuple": (b"))\x93", "no text"),
    "a long name": (b"c" + b"a" * 100_000 + b"\nb\n", "names aaa"),
    "a state upon a state": (array(b"(I1\nt", b"S'a'\n") + b")b", "sets the state"),
    "a call of a call": (array(b"(I1\nt", b"S'a'\n") + b")R", "calls what is no name"),
    "sizes beyond numbers": (
        array(b"(" + b"\x8a\xff" + b"\x7f" * 255 + b"t", b"S'a'\n"), "do not fill"
    ),
    "many axes": (array(b"(" + b"I1\n" * 100 + b"t", b"S'a'\n"), "do not fill"),
    "sizes that are truth values": (array(b"(I01\nt", b"S'a'\n"), "do not fill"),
    "a text in the place of a shape": (array(b"S'a'\n", b"S'a'\n"), "do not fill"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_instructions(name):
    opcodes, why = HOSTILE[name]
    begun = time.process_time()
    found = refusal(b"\x80\x02}S'data'\n" + opcodes + b"s.")
    assert bool(found) == bool(why)
    assert re.search(why, found)
    assert time.process_time() - begun < 5


def refusal(content):
    """Return why a pickle is refused; nothing for a value that does no harm."""
    try:
        load_arrays(content, "a file")
    except ValueError as error:
        found = str(error)
    else:
        return ""
    assert "Nothing in it was run" in found
    assert len(found) < 500
    return found


@pytest.mark.parametrize("instruction", [b"N", b"(", b"]", b"}", b"(K\x01t"])
def test_many_small_values(instruction, monkeypatch):
    monkeypatch.setattr(_pickle_machine, "_INSTRUCTIONS", 5000)
    assert "more than 5000 instructions" in refusal(instruction * 5001)


def test_the_same_row_many_times():
    """A file of a few bytes for each row could hold rows of any length."""
    items = b"(" + b"](" + b"K\x01" * 1000 + b"eq\x00" + b"h\x00" * 999 + b"l"
    with pytest.raises(ValueError, match="the same row several times"):
        load_rows(array(b"(I1000\nt", items, b"O8") + b".", "a file")


def test_numbers_of_all_sizes():
    """Runs of numbers are read beside the rest, wherever they end."""
    numbers = [0, 255, 256, 65535, 65536, -1, -129, 2**31 - 1, -(2**31), 2**40, 2**70] * 400
    content = pickle.dumps({"labels": numbers, "more": [*numbers, None, True, 0.5, "é"]}, 3)
    assert load_arrays(content, "a file")["labels"] == numbers
    assert load_arrays(content, "a file")["more"] == [*numbers, None, True, 0.5, "é"]
    for cut in range(1, len(content), 4999):
        with pytest.raises(ValueError, match="refused"):
            load_arrays(content[:-cut], "a file")
