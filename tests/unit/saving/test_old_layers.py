"""Layers of Keras 1 and 2 that Keras 3 has not, in files: what they became, or why nothing."""

import json

import h5py
import numpy as np
import pytest
import torch

import torchkeras
from tests.unit.saving.test_keras_1 import PLAIN, floats, write
from torchkeras import layers
from torchkeras.legacy.patches import Patches
from torchkeras.legacy.spellings import understand

UNITS, WIDTH = 3, 2
RECURRENT = {
    "name": "r",
    "trainable": True,
    "units": UNITS,
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "orthogonal",
    "batch_input_shape": [None, 4, WIDTH],
}


def gate_matrices(kernel, gates):
    """Return what cuDNN takes the array of a gate for: a matrix from inputs to units, by rows."""
    return [part.reshape(UNITS, -1) for part in np.split(kernel, gates, axis=1)]


def cudnn(kind, weights, x):
    """Compute as cuDNN does, with torch's own layer."""
    gates = 4 if kind == "LSTM" else 3
    order = [0, 1, 2, 3] if kind == "LSTM" else [1, 0, 2]  # Keras has z, r, h, and cuDNN r, z, h
    twin = getattr(torch.nn, kind)(x.shape[-1], UNITS, batch_first=True)
    first, second = (np.split(half, gates) for half in np.split(weights[2], 2))
    parts = [gate_matrices(weights[0], gates), gate_matrices(weights[1], gates), first, second]
    for parameter, found in zip(twin.parameters(), parts, strict=True):
        parameter.data = torch.tensor(np.concatenate([found[gate] for gate in order]))
    return twin(torch.tensor(x))[0][:, -1].detach().numpy()


def cudnn_weights(kind):
    gates = 4 if kind == "LSTM" else 3
    width = gates * UNITS
    return [floats(WIDTH, width), floats(UNITS, width), floats(2 * width)]


def written(path, version, steps, weights):
    write(path, steps, weights)
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = version
    return path


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("version", ["2.1.6", "2.2.4-tf"])
def test_layers_of_nvidias_kernels(tmp_path, kind, version):
    weights, x = cudnn_weights(kind), floats(5, 4, WIDTH)
    steps = [(f"CuDNN{kind}", RECURRENT)]
    path = written(tmp_path / "m.h5", version, steps, {"r": weights})
    model = torchkeras.saving.load_model(path)
    assert type(model.layers[0]) is getattr(layers, kind)
    np.testing.assert_allclose(model(x).detach(), cudnn(kind, weights, x), atol=1e-6)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_both_directions(tmp_path, kind):
    forward, back, x = cudnn_weights(kind), cudnn_weights(kind), floats(5, 4, WIDTH)
    inner = {key: value for key, value in RECURRENT.items() if key != "batch_input_shape"}
    config = {
        "name": "b",
        "merge_mode": "concat",
        "layer": {"class_name": f"CuDNN{kind}", "config": inner},
        "batch_input_shape": [None, 4, WIDTH],
    }
    steps = [("Bidirectional", config)]
    path = written(tmp_path / "m.h5", "2.2.4", steps, {"b": [*forward, *back]})
    expected = [cudnn(kind, forward, x), cudnn(kind, back, x[:, ::-1].copy())]
    found = torchkeras.saving.load_model(path)(x).detach()
    np.testing.assert_allclose(found, np.concatenate(expected, 1), atol=1e-6)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("by_name", [False, True])
def test_weights_alone(tmp_path, kind, by_name):
    """Models that were trained on a GPU were made again with the plain layer."""
    weights, x = cudnn_weights(kind), floats(5, 4, WIDTH)
    path = written(tmp_path / "m.h5", "2.2.4", [(f"CuDNN{kind}", RECURRENT)], {"r": weights})
    layer = getattr(layers, kind)(UNITS, name="r")
    model = torchkeras.Sequential([torchkeras.Input((4, WIDTH)), layer])
    model.load_weights(path, by_name=by_name)
    np.testing.assert_allclose(model(x).detach(), cudnn(kind, weights, x), atol=1e-6)


SHAPED = {"batch_input_shape": [None, 4], "name": "l"}
SEQUENCE = {"batch_input_shape": [None, 4, 2], "name": "l"}
IMAGE = {"batch_input_shape": [None, 4, 4, 2], "name": "l"}
KERNEL_1 = {**PLAIN, "nb_filter": 3, "border_mode": "valid", "bias": True, "init": "uniform"}
RENAMED = {
    "BatchNormalizationV1": ({**SHAPED, "axis": [1]}, layers.BatchNormalization),
    "BatchNormalizationV2": ({**SHAPED, "axis": 1}, layers.BatchNormalization),
    "DenseV2": ({**SHAPED, "units": 3}, layers.Dense),
    "ThresholdedReLU": ({**SHAPED, "theta": 0.5}, layers.ReLU),
    "TimeDistributedDense": (
        {**PLAIN, **SEQUENCE, "output_dim": 3, "init": "uniform", "input_dim": 2, "bias": True},
        layers.Dense,
    ),
    "AtrousConvolution1D": (
        {**KERNEL_1, **SEQUENCE, "filter_length": 2, "atrous_rate": 2, "subsample_length": 1},
        layers.Conv1D,
    ),
    "AtrousConvolution2D": (
        {**KERNEL_1, **IMAGE, "nb_row": 2, "nb_col": 2, "atrous_rate": [2, 2], "subsample": [1, 1]},
        layers.Conv2D,
    ),
    "SeparableConvolution2D": (
        {**KERNEL_1, **IMAGE, "nb_row": 2, "nb_col": 2, "depth_multiplier": 1, "subsample": [1, 1]},
        layers.SeparableConv2D,
    ),
    "Convolution3D": (
        {
            **KERNEL_1, "name": "l", "batch_input_shape": [None, 3, 3, 3, 1], "dim_ordering": "tf",
            "kernel_dim1": 2, "kernel_dim2": 2, "kernel_dim3": 2, "subsample": [1, 1, 1],
        },
        layers.Conv3D,
    ),
}  # fmt: skip


def loaded(tmp_path, class_name, config, version="1.2.2", custom_objects=None):
    first = {"class_name": class_name, "config": config}
    whole = {"class_name": "Sequential", "config": [first], "keras_version": version}
    path = tmp_path / "m.json"
    path.write_text(json.dumps(whole))
    return torchkeras.saving.load_model(path, custom_objects)


@pytest.mark.parametrize("name", RENAMED)
def test_other_names(tmp_path, name):
    config, cls = RENAMED[name]
    assert type(loaded(tmp_path, name, config).layers[0]) is cls


def test_thresholds(tmp_path):
    model = loaded(tmp_path, "ThresholdedReLU", {**SHAPED, "theta": 0.5})
    assert model(np.array([[-1, 0.5, 0.6, 2]], "float32")).tolist() == [[0, 0, np.float32(0.6), 2]]


GONE = {
    "LocallyConnected1D": r"`torchkeras\.legacy\.install\(\)` brings it back",
    "LocallyConnected2D": r"`torchkeras\.legacy\.install\(\)` brings it back",
    "MaxoutDense": r"`torchkeras\.legacy\.install\(\)` brings it back",
    "Highway": r"`torchkeras\.legacy\.install\(\)` brings it back",
    "Deconvolution2D": "Conv2DTranspose",
    "SReLU": "`ReLU` layers",
    "ParametricSoftplus": "softplus",
    "DenseFeatures": "`FeatureSpace`",
    "RandomWidth": "`RandomZoom`",
    "TensorFlowOpLayer": "`load_weights` from this file",
}


@pytest.mark.parametrize("name", GONE)
def test_layers_that_are_gone_name_the_way_out(tmp_path, name, monkeypatch):
    known = torchkeras.saving.get_custom_objects()
    monkeypatch.delitem(known, f"torchkeras.legacy>{name}", raising=False)
    with pytest.raises(ValueError, match=f"'{name}'.*{GONE[name]}.*custom_objects"):
        loaded(tmp_path, name, SHAPED)
    model = loaded(tmp_path, name, SHAPED, custom_objects={name: layers.Identity})
    assert type(model.layers[0]) is layers.Identity


def test_a_merge_without_successor(tmp_path):
    with pytest.raises(ValueError, match=r"mode 'cos' has no successor.*custom_objects"):
        loaded(tmp_path, "Merge", {"name": "l", "mode": "cos"})


@pytest.mark.filterwarnings("ignore:.*LocallyConnected1D")
def test_layers_that_legacy_brings_back(tmp_path):
    config = {**SEQUENCE, "filters": 3, "kernel_size": [2], "strides": [1], "padding": "valid"}
    config |= {"data_format": "channels_last", "activation": "relu", "implementation": 1}
    kernel, bias, x = floats(3, 4, 3), floats(3, 3), floats(5, 4, 2)
    steps = [("LocallyConnected1D", config)]
    path = written(tmp_path / "m.h5", "2.2.4", steps, {"l": [kernel, bias]})
    patches = Patches()
    understand(torchkeras, patches)
    try:
        found = torchkeras.saving.load_model(path)(x).detach()
    finally:
        patches.undo()
    windows = np.stack([x[:, at : at + 2].reshape(5, -1) for at in range(3)], 1)
    expected = np.maximum(np.einsum("bpk,pkf->bpf", windows, kernel) + bias, 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
