"""`KerasFileEditor` shows, changes and saves weights, as Keras's does."""

import zipfile

import h5py
import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from torchkeras import layers
from torchkeras.saving import KerasFileEditor

X = np.ones((2, 3), "float32")


def model(k, first="a", units=4):
    oracle.reset()
    x = k.Input((3,))
    hidden = k.layers.Dense(units, name=first)(x)
    return k.Model(x, [k.layers.Dense(2)(hidden), k.layers.BatchNormalization()(hidden)])


@pytest.fixture(params=[".keras", ".weights.h5"])
def path(request, tmp_path):
    path = tmp_path / f"m{request.param}"
    made = model(torchkeras)
    (made.save if request.param == ".keras" else made.save_weights)(path)
    return path


def weights_file(path, folder):
    """Return what Keras's editor can read: under Python 3.12 it loses hold of files in archives."""
    if path.suffix != ".keras":
        return str(path)
    with zipfile.ZipFile(path) as archive:
        return archive.extract("model.weights.h5", folder)


def test_weights_are_those_of_keras(path, tmp_path):
    ours = KerasFileEditor(path)
    theirs = keras.saving.KerasFileEditor(weights_file(path, tmp_path))
    layers_ours = ours.weights_dict["layers"]
    assert set(layers_ours) == set(theirs.weights_dict["layers"])
    for name, weights in theirs.weights_dict["layers"].items():
        for key, value in weights.items():
            np.testing.assert_array_equal(layers_ours[name][key], value)


def test_a_changed_file_is_loaded(path, tmp_path):
    editor = KerasFileEditor(path)
    editor.rename_object("layers/dense", "old")
    editor.rename_object("dense_1", "dense")
    editor.delete_object("layers/old")
    kernel, bias = np.ones((4, 5), "float32"), np.zeros(5, "float32")
    editor.add_object("layers/dense_1", {"0": kernel})
    editor.add_weights("dense_1", {"1": bias, "2": bias})
    editor.delete_weight("layers/dense_1", "2")
    editor.save(tmp_path / "new.weights.h5")
    for k in oracle.PACKAGES:
        x = k.Input((4,))
        first, second = k.layers.Dense(2), k.layers.Dense(5)
        target = k.Model(x, [first(x), second(x), k.layers.BatchNormalization()(x)])
        target.load_weights(tmp_path / "new.weights.h5")
        np.testing.assert_array_equal(oracle.weights_of(target)[2], kernel)


def test_compare(path, capsys):
    editor = KerasFileEditor(path)
    assert editor.compare(model(torchkeras)) == {
        "status": "success",
        "error_count": 0,
        "match_count": 8,
    }
    found = editor.compare(model(torchkeras, units=5))
    assert found == {"status": "error", "error_count": 7, "match_count": 1}
    assert (
        "layers/dense/0 is (3, 4) in the file, and (3, 5) in the model" in capsys.readouterr().out
    )


def test_summary_names_objects_and_shapes(path, capsys):
    KerasFileEditor(path).summary()
    text = capsys.readouterr().out
    assert "dense ('a')" in text
    assert "0: shape=(3, 4), dtype=float32" in text


def test_objects_inside_objects_without_weights_are_kept(tmp_path):
    x = torchkeras.Input((4, 3))
    attention = torchkeras.Model(x, layers.MultiHeadAttention(2, 3)(x, x))
    attention.save_weights(tmp_path / "m.weights.h5")
    KerasFileEditor(tmp_path / "m.weights.h5").save(tmp_path / "n.weights.h5")
    before = attention.get_weights()
    for variable in attention.weights:
        variable.assign(np.zeros(variable.shape, "float32"))
    attention.load_weights(tmp_path / "n.weights.h5")
    for old, new in zip(before, attention.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("do", "text"),
    [
        (lambda e: e.rename_object("dense", "a/b"), "without '/'"),
        (lambda e: e.rename_object("dense", ".."), "without '/'"),
        (lambda e: e.rename_object("dense", "dense_1"), "taken"),
        (lambda e: e.rename_object("none", "b"), "'none' not found"),
        (lambda e: e.delete_object("layers/none"), "'layers/none' not found"),
        (lambda e: e.delete_weight("dense", "7"), "Weight 7 not found"),
        (lambda e: e.add_object("none/x", {"0": X}), "'none' not found"),
        (lambda e: e.add_object("layers/x", [X]), "weights"),
        (lambda e: e.add_weights("dense", {"../0": X}), "without '/'"),
        (lambda e: e.save("m.keras"), "weights.h5"),
    ],
)
def test_wrong_arguments(path, do, text):
    with pytest.raises(ValueError, match=text):
        do(KerasFileEditor(path))


def test_wrong_files(tmp_path):
    with pytest.raises(ValueError, match="must end in"):
        KerasFileEditor(tmp_path / "m.h5")
    with pytest.raises(FileNotFoundError, match=r"m\.keras"):
        KerasFileEditor(tmp_path / "m.keras")


def hostile(file, kind, tmp_path):
    group = file.create_group("layers/dense/vars")
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as other:
        other["x"] = X
    if kind == "circle":
        group["again"] = file["layers"]
    elif kind == "soft":
        group["0"] = h5py.SoftLink("/x")
    elif kind == "external":
        group["0"] = h5py.ExternalLink(str(secret), "/x")
    elif kind == "storage":
        group.create_dataset("0", (3,), "f4", external=[(str(secret), 0, 12)])
    elif kind == "virtual":
        layout = h5py.VirtualLayout((2, 3), "f4")
        layout[...] = h5py.VirtualSource(str(secret), "x", (2, 3))
        group.create_virtual_dataset("0", layout)
    elif kind == "bomb":
        group.create_dataset("0", (1 << 34,), "f4", compression="gzip")
    elif kind == "many":
        for index in range(10):
            group.create_dataset(str(index), (1 << 22,), "f4", compression="gzip")
    else:
        group["0"] = "text"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("circle", "too deep"),
        ("soft", "is a link"),
        ("external", "is a link"),
        ("storage", "other files"),
        ("virtual", "other files"),
        ("bomb", "claims|claim"),
        ("many", "claim far more"),
        ("text", "no numbers"),
    ],
)
def test_hostile_files_are_refused(kind, reason, tmp_path):
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        hostile(file, kind, tmp_path)
    with pytest.raises(ValueError, match=reason):
        KerasFileEditor(tmp_path / "m.weights.h5")


def test_an_object_that_is_missing_as_a_whole_is_one_error(path):
    editor = KerasFileEditor(path)
    editor.add_object("layers/more", weights={"0": np.zeros((2, 2)), "1": np.zeros(2)})
    assert editor.compare(model(torchkeras))["error_count"] == 1
    editor.delete_object("dense")
    assert editor.compare(model(torchkeras))["error_count"] == 2
