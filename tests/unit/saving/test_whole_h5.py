"""Whole models as `.h5` files: Keras opens ours, and we open Keras's, older ones included."""

import json

import h5py
import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import layers, tree

X = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype("float32")
Y = np.random.default_rng(1).uniform(-1, 1, (8, 2)).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


@pytest.fixture(params=list(BUILDERS))
def case(request):
    return request.param


def build(case, k):
    oracle.reset()
    return BUILDERS[case](k)


def same(first, second, case):
    x = tree.map_structure(lambda a: keras.ops.convert_to_tensor(a), inputs(case))
    for one, other in zip(tree.flatten(first(x)), tree.flatten(second(x)), strict=True):
        oracle.assert_close(one, other, 1e-6)


def test_keras_opens_it(case, tmp_path):
    if case == "operators":
        pytest.skip("Keras cannot read operators from .h5 files, its own included")
    model = build(case, torchkeras)
    model.save(tmp_path / "m.h5")
    same(model, keras.saving.load_model(tmp_path / "m.h5"), case)


def test_opens_what_keras_wrote(case, tmp_path):
    model = build(case, keras)
    model.save(tmp_path / "m.h5")
    same(torchkeras.saving.load_model(tmp_path / "m.h5"), model, case)


def test_own_files(case, tmp_path):
    model = build(case, torchkeras)
    model.save(tmp_path / "m.hdf5")
    same(torchkeras.saving.load_model(tmp_path / "m.hdf5"), model, case)


def compiled(k):
    model = build("chain", k)
    rate = k.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
    metrics = ["mae", k.metrics.MeanSquaredError()]
    model.compile(k.optimizers.Adam(rate), k.losses.MeanSquaredError(), metrics=metrics)
    return model


def fit(model):
    return model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history


def test_training_goes_on_as_if_never_saved(tmp_path):
    theirs = compiled(keras)
    fit(theirs)
    theirs.save(tmp_path / "theirs.h5")
    ours = torchkeras.saving.load_model(tmp_path / "theirs.h5")
    ours.save(tmp_path / "ours.h5")
    again = torchkeras.saving.load_model(tmp_path / "ours.h5")
    keras.saving.load_model(tmp_path / "ours.h5")  # Keras cannot train what it loads from .h5
    expected = fit(theirs)
    for model in (ours, again):
        for name, values in fit(model).items():
            np.testing.assert_allclose(values, expected[name], rtol=1e-5)
        for mine, wanted in zip(oracle.weights_of(model), oracle.weights_of(theirs), strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-6)


def test_without_optimizer(tmp_path):
    model = compiled(torchkeras)
    model.save(tmp_path / "m.h5", include_optimizer=False)
    assert not torchkeras.saving.load_model(tmp_path / "m.h5").compiled


def test_weights_alone_by_order_and_by_name(tmp_path):
    first, second, third = (build("chain", torchkeras) for _ in range(3))
    first.save(tmp_path / "m.h5")
    second.load_weights(tmp_path / "m.h5")
    same(first, second, "chain")
    third.load_weights(tmp_path / "m.h5", by_name=True)
    same(first, third, "chain")


def test_what_does_not_fit_changes_nothing(tmp_path):
    build("chain", torchkeras).save(tmp_path / "m.h5")
    other = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(5)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"\(3, 5\).*\(3, 2\)"):
        other.load_weights(tmp_path / "m.h5")
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# As Keras 2 wrote them


def old_file(path, config, weights, training=None, version="2.3.1"):
    """Write a file as Keras 2 did: weights by layer."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["model_config"] = json.dumps(config).encode()
        if training:
            file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, values in weights.items():
            inner = group.create_group(name)
            names = [f"{name}/{weight}:0" for weight in values]
            inner.attrs["weight_names"] = [weight.encode() for weight in names]
            for weight, value in zip(names, values.values(), strict=True):
                inner[weight] = value


def old_dense(units, **more):
    return {"class_name": "Dense", "config": {"units": units, "activation": "relu", **more}}


KERNEL, BIAS = X[:4, :3], X[0, :3]


@pytest.mark.parametrize("version", ["1.2.2", "2.3.1"])
def test_sequential_of_keras_2(tmp_path, version):
    first = old_dense(3, name="dense_1", batch_input_shape=[None, 4], dtype="float32")
    inner = {"name": "sequential_1", "layers": [first]} if version > "2" else [first]
    weights = {"dense_1": {"kernel": KERNEL, "bias": BIAS}}
    old_file(
        tmp_path / "m.h5", {"class_name": "Sequential", "config": inner}, weights, None, version
    )
    model = torchkeras.saving.load_model(tmp_path / "m.h5")
    expected = np.maximum(X @ KERNEL + BIAS, 0)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_functional_of_keras_2(tmp_path):
    entry = {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "in"}
    norm = {"name": "bn", "axis": [1], "momentum": 0.99, "epsilon": 0.001}
    config = {
        "name": "model_1",
        "layers": [
            {"class_name": "InputLayer", "config": entry, "name": "in", "inbound_nodes": []},
            {**old_dense(3, name="d"), "name": "d", "inbound_nodes": [[["in", 0, 0, {}]]]},
            {
                "class_name": "BatchNormalization",
                "config": norm,
                "name": "bn",
                "inbound_nodes": [[["d", 0, 0, {}]]],
            },
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["bn", 0, 0]],
    }
    ones, zeros = np.ones(3, "float32"), np.zeros(3, "float32")
    statistics = {"gamma": ones, "beta": BIAS, "moving_mean": zeros, "moving_variance": ones}
    weights = {"in": {}, "d": {"kernel": KERNEL, "bias": BIAS}, "bn": statistics}
    training = {
        "optimizer_config": {
            "class_name": "Adam",
            "config": {"name": "Adam", "lr": 0.01, "decay": 0.0, "beta_1": 0.9},
        },
        "loss": "mse",
        "metrics": ["mae"],
        "loss_weights": None,
    }
    old_file(tmp_path / "m.h5", {"class_name": "Model", "config": config}, weights, training)
    model = torchkeras.saving.load_model(tmp_path / "m.h5")
    expected = np.maximum(X @ KERNEL + BIAS, 0) / np.sqrt(1.001) + BIAS
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


def test_many_names(tmp_path):
    chain = [layers.Dense(1, name=f"{i}_{'x' * 2000}") for i in range(40)]
    model = torchkeras.Sequential([torchkeras.Input((1,)), *chain])
    model.save(tmp_path / "m.h5")
    for package in oracle.PACKAGES:
        loaded = package.saving.load_model(tmp_path / "m.h5")
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]


def classes_of(k):
    class Net(k.Model):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units, self.last = units, k.layers.Dense(2)
            self.inner = k.Sequential([k.layers.Dense(units), k.layers.BatchNormalization()])

        def call(self, inputs):
            return self.last(self.inner(inputs))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Net


def test_a_class_of_the_user(tmp_path):
    Net, path = classes_of(torchkeras), tmp_path / "m.h5"
    model = Net(3)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(path)
    loaded = torchkeras.saving.load_model(path, {"Net": Net})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    for each in (model, loaded):
        each.fit(X, Y, verbose=0, shuffle=False)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_class_of_the_user_that_keras_saved(tmp_path):
    """Keras cannot load it at all, as nothing tells for what shapes it was built."""
    Net, path = classes_of(torchkeras), tmp_path / "m.h5"
    theirs = classes_of(keras)(3)
    theirs(X)
    theirs.save(path)
    with pytest.raises(ValueError, match="nothing tells for what shapes"):
        torchkeras.saving.load_model(path, {"Net": Net})
    ours = Net(3)
    ours.build((None, 4))
    ours.load_weights(path)
    oracle.assert_close(ours(X), theirs(X), 1e-6)
