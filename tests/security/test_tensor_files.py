"""Hostile `.safetensors` files and shards: refused with the reason; nothing outside is touched."""

import json
import os
import struct

import h5py
import numpy as np
import pytest
import safetensors.torch
import torch

import torchkeras
from torchkeras import layers
from torchkeras.saving import load_model, load_weights

KERNEL = "dense.linear.weight"


def build():
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3, name="dense")])


@pytest.fixture
def path(tmp_path):
    (tmp_path / "safe").mkdir()
    return tmp_path / "safe" / "m.safetensors"


def write(path, header, data=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + data)


def good(**changes):
    header = {
        "dense.linear.bias": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},
        KERNEL: {"dtype": "F32", "shape": [3, 4], "data_offsets": [12, 60]},
    }
    header[KERNEL] |= changes
    return header


def refused(path, reason, error=ValueError):
    model = build()
    before = model.get_weights()
    with pytest.raises(error, match=reason):
        load_weights(model, path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises((ValueError, FileNotFoundError)):
        load_model(path)


def test_the_file_that_is_changed_is_good(path):
    write(path, good(), bytes(60))
    model = build()
    load_weights(model, path)
    assert not model.get_weights()[0].any()


# One file


@pytest.mark.parametrize(
    "size", [0, 1, 7, 1 << 20, 10**8 + 1, 1 << 40, (1 << 63) + 1, (1 << 64) - 1]
)
def test_header_sizes(path, size):
    write(path, good(), bytes(60), size)
    refused(path, "no whole safetensors file")


@pytest.mark.parametrize(
    "offsets",
    [
        [0, 48], [12, 61], [12, 59], [13, 61], [60, 12], [-12, 36], [12, 1 << 62], [12.0, 60.0],
        ["12", "60"], [12], [12, 60, 60], None,
    ],
    ids=repr,
)  # fmt: skip
def test_offsets(path, offsets):
    write(path, good(data_offsets=offsets), bytes(60))
    refused(path, "no whole safetensors file")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dtype": "F64"}, "no whole"),
        ({"dtype": "object"}, "no whole"),
        ({"dtype": "PICKLE"}, "no whole"),
        ({"dtype": None}, "no whole"),
        ({"dtype": "I32"}, "has the dtype I32 in the file, and torch.float32 in the model"),
        ({"dtype": "U32"}, "has the dtype U32"),
        ({"dtype": "C64", "shape": [3, 2]}, "shape"),
        ({"dtype": "BOOL", "shape": [3, 16]}, "shape"),
        ({"dtype": "F4", "shape": [3, 32]}, "shape|no whole"),
        ({"shape": [1 << 62, 1 << 62]}, "no whole"),
        ({"shape": [-3, -4]}, "no whole"),
        ({"shape": [3, 4, 0]}, "no whole"),
        ({"shape": [1 << 40, 0]}, "no whole"),
        ({"shape": [4, 3]}, "shape"),
        ({"shape": [12]}, "shape"),
        ({"shape": "34"}, "no whole"),
    ],
    ids=repr,
)  # fmt: skip
def test_dtypes_and_shapes(path, changes, reason):
    write(path, good(**changes), bytes(60))
    refused(path, reason)


def test_a_huge_shape_without_data(path):
    header = good()
    header["more"] = {"dtype": "F32", "shape": [1 << 50, 0], "data_offsets": [60, 60]}
    write(path, header, bytes(60))
    refused(path, "'more' is not in the model")


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b"3", b"{", b'{"a": 3}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000],
    ids=lambda header: repr(header[:10]),
)
def test_headers_that_are_none(path, header):
    write(path, header, bytes(60))
    refused(path, "no whole safetensors file|does not fit the model")


@pytest.mark.parametrize("length", [0, 4, 8, 100, 200])
def test_cut_files(path, length):
    write(path, good(), bytes(60))
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "no whole safetensors file")


def test_data_behind_the_end(path):
    write(path, good(), bytes(60) + b"more")
    refused(path, "no whole safetensors file")


def test_a_pickle_is_not_read(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({KERNEL: Bomb()}, path)
    refused(path, "no whole safetensors file")
    assert not (tmp_path / "ran").exists()


# Whole models


def changed_text(path, change):
    with safetensors.safe_open(path, "pt") as file:
        texts = dict(file.metadata())
    change(texts)
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, texts)


def saved(path):
    model = build()
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    model.save(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON"),
        ("[]", "does not describe"),
        ('{"class_name": "system", "module": "os", "config": "true"}', "neither a public class"),
        ('{"class_name": "function", "module": "builtins", "config": "eval"}', "public|function"),
        ('{"class_name": "Sequential", "config": ' + '{"layers": [' * 5000, "JSON"),
    ],
)
def test_configs(path, text, reason):
    saved(path)
    changed_text(path, lambda texts: texts.update(torchkeras_config=text))
    with pytest.raises((ValueError, TypeError), match=reason):
        load_model(path)


@pytest.mark.parametrize("units", [10**8, 10**12])
def test_configs_cannot_ask_for_memory(path, units):
    saved(path)

    def change(texts):
        config = json.loads(texts["torchkeras_config"])
        config["config"]["layers"][1]["config"]["units"] = units
        texts["torchkeras_config"] = json.dumps(config)

    changed_text(path, change)
    with pytest.raises(ValueError, match=r"memory|bytes|overflow"):
        load_model(path)


@pytest.mark.parametrize("mark", ["../../m", "a/b", "", "0" * 15, "0" * 17, "G" * 16, "..", "\0"])
def test_marks_lead_nowhere(path, mark):
    saved(path)
    changed_text(path, lambda texts: texts.update(torchkeras_state=mark))
    with pytest.raises(ValueError, match="is no mark of a state"):
        load_model(path)


@pytest.mark.parametrize("change", ["shape", "name", "link"])
def test_states_that_do_not_fit(path, tmp_path, change):
    saved(path)
    state = path.with_name("m.state.safetensors")
    tensors = safetensors.torch.load_file(state)
    with safetensors.safe_open(state, "pt") as file:
        texts = file.metadata()
    if change == "link":
        os.replace(state, tmp_path / "elsewhere.safetensors")
        state.symlink_to(tmp_path / "elsewhere.safetensors")
        with pytest.warns(UserWarning, match="state of the optimizer was not loaded"):
            load_model(path)
        return
    if change == "shape":
        tensors["optimizer/vars/2"] = torch.ones(1 << 10)
    else:
        tensors["assets/../../ran"] = torch.ones(3, dtype=torch.uint8)
    safetensors.torch.save_file(tensors, state, texts)
    with pytest.raises(ValueError, match=r"does not fit|leads out of it"):
        load_model(path)
    assert not (tmp_path / "ran").exists()


# Shards

OUTSIDE = [
    "../other.safetensors", "/tmp/other.safetensors", "a/../../other.safetensors",
    "a/b.safetensors", "..\\other.safetensors", "C:other.safetensors", "x\0.safetensors", "m.txt",
    "", ".safetensors",
    "..", ".", None, 3, [], {}, ["m-1.safetensors", "../other.safetensors"],
]  # fmt: skip


@pytest.fixture
def shards(path, tmp_path):
    """Both kinds of shards, and files of the same kind outside of their folder."""
    model = build()
    model.save_weights(path, max_shard_size=50 / 2**30)
    model.save_weights(path.with_name("m.weights.json"), max_shard_size=50 / 2**30)
    for name in ("other.safetensors", "other.weights.h5"):
        model.save_weights(tmp_path / name)
    return path


def reindexed(index, change):
    content = json.loads(index.read_text())
    content = change(content) or content
    index.write_text(json.dumps(content))


@pytest.mark.parametrize("ending", ["safetensors.index.json", "weights.json"])
@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_names_of_shards_stay_in_the_folder(shards, name, ending):
    index = shards.with_name(f"m.{ending}")
    if ending == "weights.json":
        name = json.loads(json.dumps(name).replace(".safetensors", ".weights.h5"))

    def change(content):
        content["weight_map"] = dict.fromkeys(content["weight_map"], name)

    reindexed(index, change)
    refused(index, r"Refused|is damaged|could not be loaded|are missing|is missing")


@pytest.mark.parametrize("ending", ["safetensors.index.json", "weights.json"])
@pytest.mark.parametrize("kind", [os.symlink, os.link])
def test_shards_that_are_links(shards, tmp_path, ending, kind):
    index = shards.with_name(f"m.{ending}")
    content = json.loads(index.read_text())
    name = next(iter(content["weight_map"].values()))
    name = name[0] if isinstance(name, list) else name
    moved = tmp_path / f"moved{name}"
    os.replace(index.with_name(name), moved)
    kind(moved, index.with_name(name))
    if kind is os.symlink:
        refused(index, "is a link that leads out")
    else:
        load_weights(build(), index)


def test_caches_of_downloads_are_links_all_over(shards, tmp_path):
    """As Hugging Face keeps them: names in one folder lead to contents in another one."""
    cache, blobs = tmp_path / "snapshot", tmp_path / "blobs"
    cache.mkdir()
    blobs.mkdir()
    for number, file in enumerate(sorted(shards.parent.glob("m*safetensors*"))):
        os.replace(file, blobs / str(number))
        (cache / file.name).symlink_to(blobs / str(number))
    load_weights(build(), cache / "m.safetensors")


@pytest.mark.parametrize("ending", ["safetensors.index.json", "weights.json"])
@pytest.mark.parametrize(
    "content",
    ["", "[]", "3", "{}", '{"weight_map": []}', '{"weight_map": {"a": 3}}', "[" * 100_000,
     '{"weight_map": {}, "metadata": 3}', '{"weight_map": {"/vars": [[]]}}'],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_indices_that_are_none(shards, ending, content):
    index = shards.with_name(f"m.{ending}")
    index.write_text(content)
    refused(index, "index|JSON|Refused")


def test_too_many_shards(shards):
    index = shards.with_name("m.safetensors.index.json")
    names = {f"w{number}": f"{number}.safetensors" for number in range(10_001)}
    index.write_text(json.dumps({"weight_map": names}))
    refused(index, "more than 10000 shards")


def test_missing_and_mixed_up_shards(shards):
    index = shards.with_name("m.safetensors.index.json")

    def swap(content):
        places = content["weight_map"]
        content["weight_map"] = dict(zip(places, reversed(places.values()), strict=True))

    reindexed(index, swap)
    refused(index, "is damaged")
    shards.with_name("m-00001-of-00002.safetensors").unlink()
    refused(index, "is missing", FileNotFoundError)


def test_links_inside_of_shards(shards, tmp_path):
    shard = shards.with_name("m_00000.weights.h5")
    with h5py.File(shard, "r+") as file:
        (name,) = file["layers/dense/vars"]
        del file[f"layers/dense/vars/{name}"]
        outside = h5py.ExternalLink(
            str(tmp_path / "other.weights.h5"), f"/layers/dense/vars/{name}"
        )
        file[f"layers/dense/vars/{name}"] = outside
    refused(shards.with_name("m.weights.json"), "link")


def test_old_indices_do_not_tell_what_to_remove(shards):
    """Saving anew removes older shards by the form of their names, not as the old index has it."""
    mine = shards.with_name("mine.safetensors")
    mine.write_text("mine")
    index = shards.with_name("m.safetensors.index.json")
    reindexed(index, lambda content: content["weight_map"].update(a="mine.safetensors"))
    build().save_weights(shards)
    assert mine.read_text() == "mine"
    assert not index.exists()
