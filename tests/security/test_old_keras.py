"""Hostile files in the layouts of Keras 1 and 2: refused with the reason, and nothing runs."""

import json
import zipfile
from pathlib import Path

import h5py
import pytest

import torchkeras

DATA = Path(__file__).parents[1] / "data" / "old_keras"


def changed(tmp_path, change, name="graph"):
    """Copy a file of Keras 2 with another config."""
    path = tmp_path / "m.h5"
    path.write_bytes((DATA / f"{name}.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config)
    return path


def step(layers):
    return next(entry for entry in layers if entry["class_name"] == "TFOpLambda")


FUNCTIONS = [
    *("io.read_file", "io.write_file", "py_function", "numpy_function", "raw_ops.ReadFile"),
    *("__operators__.system", "os.system", "../x", 3, None, ["math.add"]),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_known_functions_of_tensorflow(function, tmp_path):
    def change(layers):
        step(layers)["config"]["function"] = function

    with pytest.raises((ValueError, TypeError), match=r"is not known here|damaged"):
        torchkeras.saving.load_model(changed(tmp_path, change), safe_mode=False)


@pytest.mark.parametrize(
    "nodes",
    [
        3,
        [[]],
        [[["block_dense"]]],
        [[["block_dense", 0, 0, 3]]],
        [[["block_dense", 10**9, 0, {}]]],
        [[["tf.math.multiply", 0, 0, {}]]],
        [[["block_dense", 1, 0, {"y": {"class_name": "Lambda", "config": {}}}]]],
        [[["block_dense", 1, 0, {"out": "x"}]]],
    ],
)
def test_damaged_graphs(nodes, tmp_path):
    def change(layers):
        step(layers)["inbound_nodes"] = nodes

    with pytest.raises((ValueError, TypeError)):
        torchkeras.saving.load_model(changed(tmp_path, change))


def test_an_archive_of_keras_2_names_no_code(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(DATA / "images.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = content.replace(b'"Flatten"', b'"Lambda"')
                content = content.replace(b'"keras.layers"', b'"os"')
            new.writestr(name, content)
    with pytest.raises((ValueError, TypeError), match=r"neither a public class|cannot be used"):
        torchkeras.saving.load_model(path, safe_mode=False)


def test_a_state_of_another_optimizer_is_not_used(tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes((DATA / "adam.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        group.attrs["weight_names"] = group.attrs["weight_names"][:4]
    with pytest.warns(UserWarning, match="was not loaded"):
        torchkeras.saving.load_model(path)
