"""Networks: names, weights, configs and numbers are Keras's; its files of weights are read."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras.src.applications import convnext, inception_resnet_v2

import torchkeras
from tests.oracle import numpy, reset, weights_of
from torchkeras import applications, layers
from torchkeras.applications import _layers

from .twin_networks import (
    CONVNEXT,
    ROWS,
    Row,
    data_format,
    our_nasnet,
    shuffled,
    standard,
    written,
)

X = np.arange(6, dtype=np.float32).reshape(2, 3)
# Where Keras has the layers that only networks have, with arguments and inputs.
LAYERS: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "LayerScale": (convnext, (0.5, 3), X),
    "StochasticDepth": (convnext, (0.2,), X),
    "CustomScaleLayer": (inception_resnet_v2, (0.2,), [X, X]),
}


def structure(model: Any) -> list[dict[str, Any]]:
    """What a config says of layers and wiring, without the settings of single calls."""
    config = json.loads(json.dumps(model.get_config()))
    for entry in config["layers"]:
        entry.pop("build_config", None)
        for node in entry["inbound_nodes"]:
            node["kwargs"] = {}
    return [*config["layers"], config["input_layers"], config["output_layers"]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_equals_keras(row: Row, tmp_path: Path, rng: np.random.Generator) -> None:
    with data_format("channels_first" if row.channels_first else "channels_last"):
        reset()
        theirs = row.theirs(weights=None, **row.arguments())
        shuffled(theirs, rng)
        written(theirs, tmp_path / "weights.h5")
        reset()
        ours = row.ours(weights=tmp_path / "weights.h5", **row.arguments())
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [tuple(w.shape) for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    assert structure(ours) == structure(theirs)
    x = rng.uniform(0, 255, (2, *row.arguments()["input_shape"])).astype(np.float32)
    with torch.no_grad():
        mine, oracle = numpy(ours(x)), numpy(theirs(x))
    np.testing.assert_allclose(mine, oracle, rtol=1e-4, atol=1e-5 * np.abs(oracle).max())


def test_a_network_with_layers_of_its_own_is_exchanged(tmp_path: Path) -> None:
    ours = CONVNEXT.ours(weights=None, **CONVNEXT.arguments())
    ours.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    again = torchkeras.Model.from_config(theirs.get_config())
    assert structure(again) == structure(ours)
    x = np.ones((1, 32, 32, 3), np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(numpy(theirs(x)), numpy(ours(x)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_networks_are_known_by_their_configs(name: str) -> None:
    module, arguments, inputs = LAYERS[name]
    ours = getattr(_layers, name)(*arguments, name="same")
    theirs = getattr(module, name)(*arguments, name="same")
    outputs = numpy(ours(inputs))
    np.testing.assert_allclose(outputs, numpy(theirs(inputs)), rtol=1e-6)
    configs = [torchkeras.saving.serialize_keras_object(ours)]
    configs.append(keras.saving.serialize_keras_object(theirs))
    configs[1].pop("build_config", None)
    configs[0].pop("build_config", None)
    assert configs[0] == configs[1]
    again = torchkeras.saving.deserialize_keras_object(configs[1])
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()


TOPS = {
    "dense": ("MobileNetV2", {"alpha": 0.35}),
    "convolution": ("MobileNet", {"alpha": 0.25, "dropout": 0.5}),
    "two convolutions": ("MobileNetV3Small", {"minimalistic": True, "alpha": 0.35}),
}


@pytest.mark.parametrize("top", TOPS)
def test_classifiers(top: str) -> None:
    name, options = TOPS[top]
    made = []
    for package in (torchkeras, keras):
        reset()
        build = getattr(package.applications, name)
        arguments = {"weights": None, "input_shape": (32, 32, 3), "classes": 7}
        made.append(build(classifier_activation=None, **arguments, **options))
    ours, theirs = made
    assert structure(ours) == structure(theirs)
    assert ours.output_shape == (None, 7)
    ours.set_weights(weights_of(theirs))
    x = np.ones((1, 32, 32, 3), np.float32)
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("row", [r for r in ROWS if r.id in ("DenseNet", "ConvNeXt")])
def test_heads_of_small_networks(row: Row) -> None:
    for arguments in ({"pooling": "max"}, {"include_top": True, "classes": 3}):
        made = []
        for build in (row.ours, row.theirs):
            reset()
            made.append(build(weights=None, **{**row.arguments(), **arguments}))
        assert structure(made[0]) == structure(made[1])


def test_a_symbol_as_input() -> None:
    image = layers.Input((40, 40, 4))
    three = layers.Conv2D(3, 1, name="to_three")(image)
    model = applications.MobileNet(
        input_tensor=three, weights=None, include_top=False, pooling="avg", alpha=0.25
    )
    assert model.layers[1].name == "to_three"
    assert model(torch.zeros(1, 40, 40, 4)).shape == (1, 256)


def test_sizes_may_stay_open() -> None:
    net = applications.MobileNetV2(weights=None, include_top=False, alpha=0.35)
    assert net.output_shape == (None, None, None, 1280)
    assert net.name == "mobilenetv2_0.35_None"
    assert net(torch.zeros(1, 64, 96, 3)).shape == (1, 2, 3, 1280)


def test_nasnet_of_open_size_takes_images_of_32n_and_1() -> None:
    net = standard(our_nasnet(2, True))(
        weights=None, include_top=False, input_shape=(None, None, 3)
    )
    assert net(torch.zeros(1, 65, 33, 3)).shape == (1, 2, 1, 192)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_stochastic_depth_drops_samples(rate: float) -> None:
    layer = _layers.StochasticDepth(rate)
    x = torch.ones(200, 3)
    assert torch.equal(layer(x), x)
    y = layer(x, training=True)
    assert set(y[:, 0].tolist()) == ({0.0, 2.0} if rate else {1.0})
    assert torch.equal(y[:, 0], y[:, 2])
