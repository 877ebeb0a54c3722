"""Whole models as Keras 1.2 wrote them: other names for arguments, an array for each gate."""

import json

import h5py
import numpy as np
import pytest

import torchkeras

RNG = np.random.default_rng(0)
PLAIN = {"W_regularizer": None, "b_regularizer": None, "W_constraint": None, "b_constraint": None}
RECURRENT = {
    "init": "glorot_uniform",
    "inner_init": "orthogonal",
    "activation": "tanh",
    "inner_activation": "hard_sigmoid",
    "dropout_W": 0.0,
    "dropout_U": 0.0,
    "W_regularizer": None,
    "U_regularizer": None,
    "b_regularizer": None,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "consume_less": "cpu",
    "input_dim": 2,
    "input_length": None,
    "trainable": True,
}


def floats(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


def write(path, layers, weights, backend=None):
    """Write a sequential model; `weights` are lists of arrays by the name of their layer."""
    config = [{"class_name": name, "config": inner} for name, inner in layers]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        text = {"class_name": "Sequential", "config": config, "keras_version": "1.2.2"}
        file.attrs["model_config"] = json.dumps(text).encode()
        group = file.create_group("model_weights")
        if backend:
            group.attrs["backend"] = backend
        group.attrs["layer_names"] = [inner["name"].encode() for _, inner in layers]
        for _, inner in layers:
            values = weights.get(inner["name"], [])
            made = group.create_group(inner["name"])
            names = [f"{inner['name']}_{index}".encode() for index in range(len(values))]
            made.attrs["weight_names"] = np.array(names, "S")
            for name, value in zip(names, values, strict=True):
                made[name.decode()] = value


def old_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def lstm(x, weights):
    w_i, u_i, b_i, w_c, u_c, b_c, w_f, u_f, b_f, w_o, u_o, b_o = weights
    h = c = np.zeros((len(x), 3), "float32")
    for step in np.moveaxis(x, 1, 0):
        i, f, o = (
            old_sigmoid(step @ w + h @ u + b)
            for w, u, b in ((w_i, u_i, b_i), (w_f, u_f, b_f), (w_o, u_o, b_o))
        )
        c = f * c + i * np.tanh(step @ w_c + h @ u_c + b_c)
        h = o * np.tanh(c)
    return h


def gru(x, weights):
    w_z, u_z, b_z, w_r, u_r, b_r, w_h, u_h, b_h = weights
    h = np.zeros((len(x), 3), "float32")
    for step in np.moveaxis(x, 1, 0):
        z = old_sigmoid(step @ w_z + h @ u_z + b_z)
        r = old_sigmoid(step @ w_r + h @ u_r + b_r)
        h = z * h + (1 - z) * np.tanh(step @ w_h + (r * h) @ u_h + b_h)
    return h


@pytest.mark.parametrize(("kind", "gates", "expected"), [("LSTM", 4, lstm), ("GRU", 3, gru)])
def test_gates_have_arrays_of_their_own(kind, gates, expected, tmp_path):
    weights = [w for _ in range(gates) for w in (floats(2, 3), floats(3, 3), floats(3))]
    config = {**RECURRENT, "name": "r", "output_dim": 3, "batch_input_shape": [None, 4, 2]}
    config |= {"forget_bias_init": "one"} if kind == "LSTM" else {}
    write(tmp_path / "m.h5", [(kind, {**config, "return_sequences": False})], {"r": weights})
    model = torchkeras.saving.load_model(tmp_path / "m.h5")
    x = floats(5, 4, 2)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected(x, weights), atol=1e-6)


def convolution(x, kernel):
    rows, columns = x.shape[1] - 1, x.shape[2] - 1
    return sum(
        x[:, r : r + rows, c : c + columns] @ kernel[r, c] for r in range(2) for c in range(2)
    )


@pytest.mark.parametrize("backend", [None, "tensorflow", "theano"])
def test_images_to_classes(backend, tmp_path):
    convolved = {**PLAIN, "nb_filter": 2, "nb_row": 2, "nb_col": 2, "border_mode": "valid"}
    convolved |= {"subsample": [1, 1], "dim_ordering": "tf", "bias": True, "activation": "relu"}
    convolved |= {"init": "glorot_uniform", "batch_input_shape": [None, 4, 4, 1], "name": "c"}
    pooled = {"pool_size": [3, 3], "strides": [3, 3], "border_mode": "valid", "name": "p"}
    dense = {**PLAIN, "output_dim": 3, "init": "uniform", "bias": True, "input_dim": 2, "name": "d"}
    dense["W_regularizer"] = {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.1}
    layers = [
        ("Convolution2D", convolved),
        ("MaxPooling2D", {**pooled, "dim_ordering": "tf"}),
        ("Flatten", {"name": "f"}),
        ("Dropout", {"name": "o", "p": 0.5}),
        ("Dense", {**dense, "activation": "linear"}),
    ]
    kernel, bias, wide, last = floats(2, 2, 1, 2), floats(2), floats(2, 3), floats(3)
    path = tmp_path / "m.h5"
    write(path, layers, {"c": [kernel, bias], "d": [wide, last]}, backend)
    model = torchkeras.saving.load_model(path)
    x = floats(3, 4, 4, 1)
    used = kernel[::-1, ::-1] if backend == "theano" else kernel
    hidden = np.maximum(convolution(x, used) + bias, 0).max((1, 2))
    np.testing.assert_allclose(model.predict(x, verbose=0), hidden @ wide + last, atol=1e-5)
    assert model.layers[4].kernel_regularizer.l2 == pytest.approx(0.1)


def test_kernels_with_channels_first_and_along_one_axis(tmp_path):
    convolved = {"nb_filter": 2, "filter_length": 2, "border_mode": "valid", "name": "c"}
    convolved |= {"subsample_length": 1, "batch_input_shape": [None, 4, 3], "bias": True}
    kernel, bias = floats(2, 1, 3, 2), floats(2)
    write(tmp_path / "m.h5", [("Convolution1D", convolved)], {"c": [kernel, bias]})
    model = torchkeras.saving.load_model(tmp_path / "m.h5")
    x = floats(2, 4, 3)
    expected = x[:, :-1] @ kernel[0, 0] + x[:, 1:] @ kernel[1, 0] + bias
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
