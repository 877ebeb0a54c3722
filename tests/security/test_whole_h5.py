"""Hostile whole-model `.h5` files: refused; nothing runs, nothing outside is read."""

import base64
import json
import marshal

import h5py
import numpy as np
import pytest

import torchkeras
from torchkeras import layers

PLACE = "model_weights/dense"


@pytest.fixture
def path(tmp_path):
    x = torchkeras.Input((4,), name="start")
    model = torchkeras.Model(x, layers.Dense(3, name="dense")(x))
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


@pytest.fixture
def secret(tmp_path):
    name = tmp_path / "secret.h5"
    with h5py.File(name, "w") as file:
        file["kernel"] = np.full((4, 3), 7.0, "float32")
    return name


def refused(path, reason):
    for safe_mode in (True, False):
        with pytest.raises((ValueError, TypeError), match=reason):
            torchkeras.saving.load_model(path, safe_mode=safe_mode)


def changed(path, change, key="model_config"):
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs[key])
        change(config)
        file.attrs[key] = json.dumps(config)


def replaced(path, name, make):
    with h5py.File(path, "a") as file:
        del file[name]
        make(file)


def test_lambda_bytecode_is_never_run(path, tmp_path):
    target = tmp_path / "ran"
    source = f"open({str(target)!r}, 'w').close()"
    code = base64.b64encode(marshal.dumps(compile(source, "x", "exec"))).decode()

    for function in ([code, None, None], {"class_name": "__lambda__", "config": {"code": code}}):

        def change(config, function=function):
            entry = config["config"]["layers"][1]
            entry.update(class_name="Lambda", config={"name": "dense", "function": function})

        changed(path, change)
        refused(path, "bytecode|code|function")
    assert not target.exists()


@pytest.mark.parametrize("name", ["load_model", "system", "save_model", "set_dtype_policy"])
def test_nothing_is_found_by_its_name(path, name):
    changed(path, lambda config: config["config"]["layers"][1].update(class_name=name))
    refused(path, "neither a public class|no `from_config`")


@pytest.mark.parametrize("key", ["loss", "metrics", "optimizer_config"])
def test_nothing_to_compile_is_found_by_its_name(path, key):
    def change(training):
        training[key] = {"class_name": "load_model", "config": {"filepath": "/etc/passwd"}}

    changed(path, change, "training_config")
    refused(path, "neither a public class")


@pytest.mark.parametrize("name", ["model_weights", PLACE, f"{PLACE}/dense/kernel"])
@pytest.mark.parametrize("link", ["external", "soft"])
def test_links(path, secret, name, link):
    to = h5py.ExternalLink(secret, "kernel") if link == "external" else h5py.SoftLink("/")
    attrs = {}
    with h5py.File(path) as file:
        attrs = dict(file["model_weights"].attrs)
    replaced(path, name, lambda file: file.__setitem__(name, to))
    assert attrs
    refused(path, "link")


def test_external_storage_and_virtual_datasets(path, secret, tmp_path):
    raw = tmp_path / "raw.bin"
    raw.write_bytes(b"7" * 48)
    name = f"{PLACE}/dense/kernel"

    def external(file):
        file.create_dataset(name, (4, 3), "float32", external=[(str(raw), 0, 48)])

    def virtual(file):
        layout = h5py.VirtualLayout(shape=(4, 3), dtype="float32")
        layout[:] = h5py.VirtualSource(secret, "kernel", shape=(4, 3))
        file.create_virtual_dataset(name, layout)

    for make in (external, virtual):
        replaced(path, name, make)
        refused(path, "other files")


@pytest.mark.parametrize("name", ["../../x", "/model_weights", "..", "dense//kernel", "", "."])
def test_names_of_weights_are_no_paths(path, name):
    with h5py.File(path, "a") as file:
        file[PLACE].attrs["weight_names"] = [name.encode(), b"dense/bias"]
    refused(path, "missing|no whole model|no name of weights|shapes")


def test_shapes_are_compared_before_reading(path):
    name = f"{PLACE}/dense/kernel"

    def make(file):
        file.create_dataset(name, (10**6, 10**6), "float32", chunks=(8, 8))

    replaced(path, name, make)
    refused(path, "does not fit")


def test_configs_cannot_ask_for_memory(path):
    changed(path, lambda config: config["config"]["layers"][1]["config"].update(units=10**8))
    refused(path, "bytes")


def test_huge_attributes(path):
    with h5py.File(path, "a") as file:
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names"] = np.zeros(10_001, "S1")
    refused(path, "claims")


@pytest.mark.parametrize("name", ["model_config", "training_config"])
@pytest.mark.parametrize("text", ["", "[]", "{", '{"class_name": 3, "config": 4}', "[" * 100000])
def test_damaged_configs(path, name, text):
    with h5py.File(path, "a") as file:
        del file.attrs[name]
        file.attrs.create(name, text[:60000])
    refused(path, "config|damaged")


@pytest.mark.parametrize("length", [0, 10, 1000, 3000])
def test_cut_files(path, length):
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "whole")


def test_weights_alone_hold_no_model(path):
    with h5py.File(path, "a") as file:
        del file.attrs["model_config"]
    refused(path, "holds no whole model")
