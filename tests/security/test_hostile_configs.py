"""Dictionaries that ask for more than there is: refused before any of it is taken."""

import json
import zipfile

import pytest

import torchkeras
from torchkeras import layers
from torchkeras._base import budget
from torchkeras.saving import keras_file


def entry(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config}


def sequential(*steps, shape=(None, 4)):
    first = entry("InputLayer", batch_shape=list(shape))
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [first, *steps]},
    }


def nested(depth):
    config = entry("Dense", units=2)
    for _ in range(depth):
        config = entry("TimeDistributed", layer=config)
    return config


SEQUENCE, IMAGE = (None, 4, 2), (None, 4, 4, 1)
HUGE = {
    "Dense": (sequential(entry("Dense", units=10**12)), "more than this machine has"),
    "Dense of 10**18": (sequential(entry("Dense", units=10**18)), "any machine has"),
    "Dense of 10**30": (sequential(entry("Dense", units=10**30)), "any machine has"),
    "inputs": (sequential(entry("Dense", units=2), shape=(None, 10**12)), "this machine has"),
    "Embedding": (
        sequential(entry("Embedding", input_dim=10**9, output_dim=10**6)),
        "more than this machine has",
    ),
    "LSTM": (sequential(entry("LSTM", units=10**7), shape=SEQUENCE), "this machine has"),
    "Conv2D": (
        sequential(entry("Conv2D", filters=10**6, kernel_size=[10**5, 10**5]), shape=IMAGE),
        "this machine has|negative|larger",
    ),
    "UpSampling2D": (
        sequential(entry("UpSampling2D", size=[10**9, 10**9]), shape=IMAGE),
        "any machine has",
    ),
    "ZeroPadding2D": (
        sequential(entry("ZeroPadding2D", padding=[10**9, 10**9]), shape=IMAGE),
        "any machine has",
    ),
    "Reshape": (
        sequential(entry("Reshape", target_shape=[10**12, 10**12])),
        "as many numbers as a sample",
    ),
    "depth": (nested(50_000), "nested too deeply"),
    "depth of models": (sequential(*[nested(5000)]), "nested too deeply"),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_no_machine_has(name):
    config, reason = HUGE[name]
    owner = getattr(torchkeras, config["class_name"], None) or layers.TimeDistributed
    ways = [
        lambda: torchkeras.saving.deserialize_keras_object(config),
        lambda: layers.deserialize(config),
        lambda: owner.from_config(config["config"]),
    ]
    for way in ways:
        with pytest.raises(ValueError, match=reason):
            way()


def test_functional_models():
    x = torchkeras.Input((4,))
    config = torchkeras.Model(x, layers.Dense(7, name="d")(x)).get_config()
    dense = next(each for each in config["layers"] if each["name"] == "d")
    dense["config"]["units"] = 10**12
    with pytest.raises(ValueError, match="more than this machine has"):
        torchkeras.Model.from_config(config)


def test_large_layers_that_are_not_built_take_nothing():
    layer = layers.deserialize(entry("Dense", units=10**12))
    assert layer.units == 10**12


def test_containers_have_less_than_their_machine(monkeypatch):
    monkeypatch.setattr(budget, "machine_memory", lambda: 1 << 20)
    with pytest.raises(ValueError, match=r"more than 1048576 bytes.*more than this machine has"):
        layers.deserialize(sequential(entry("Dense", units=1 << 18)))
    assert layers.deserialize(sequential(entry("Dense", units=1 << 12))).built


def test_a_file_of_many_layers_that_weigh_nothing(tmp_path, monkeypatch):
    """They pack into a small file, and each takes some kilobytes when it is made."""
    monkeypatch.setattr(keras_file, "_FREE_BYTES", 1 << 20)
    path = tmp_path / "m.keras"
    torchkeras.Sequential([torchkeras.Input((4,)), layers.Flatten()]).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    many = [entry("Flatten", name=f"f{index}") for index in range(1000)]
    members["config.json"] = json.dumps(
        {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": many}}
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match="too many layers"):
        torchkeras.saving.load_model(path)
