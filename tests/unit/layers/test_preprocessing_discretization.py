"""`Discretization`: boundaries from data, equal to Keras's to the last digit."""

import pickle

import keras
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras.layers import Discretization

RNG = np.random.default_rng(0)
BATCHES = {
    "few": [RNG.normal(size=(5, 2)).astype("float32")],
    "many": [RNG.normal(size=(7000, 1)).astype("float32")],
    "batches": [RNG.gamma(2.0, size=(n, 3)).astype("float32") for n in (900, 31, 4)],
    "ties": [RNG.integers(0, 6, size=500) for _ in range(3)],
    "scalars": [1.0, 5.0, 3.0],
    "infinite": [np.array([np.inf, -np.inf, 0.0, 1.0, 2.0, 3.0])],
}


def learned(data, package=torchkeras, **kwargs):
    layer = package.layers.Discretization(**kwargs)
    layer.reset_state()
    for batch in data:
        layer.update_state(batch)
    layer.finalize_state()
    return layer


@pytest.mark.parametrize("kwargs", [{"num_bins": 4}, {"num_bins": 9, "epsilon": 0.05}], ids=str)
@pytest.mark.parametrize("name", BATCHES)
def test_boundaries_equal_keras(name, kwargs):
    ours = learned(BATCHES[name], **kwargs)
    theirs = learned(BATCHES[name], keras, **kwargs)
    np.testing.assert_array_equal(ours.bin_boundaries, theirs.bin_boundaries)
    np.testing.assert_array_equal(ours.summary, theirs.summary)


@pytest.mark.parametrize(
    "forms",
    [
        lambda x: x,
        torch.tensor,
        lambda x: [x],
        lambda x: iter([x]),
        lambda x: DataLoader(TensorDataset(torch.tensor(x)), batch_size=len(x)),
    ],
    ids=["array", "tensor", "list", "iterator", "loader"],
)
def test_adapts_to_data_in_every_form(forms):
    data = BATCHES["many"][0]
    layer = Discretization(num_bins=4)
    layer.adapt(forms(data))
    assert layer.bin_boundaries == learned([data], num_bins=4).bin_boundaries


def test_bins_are_of_equal_size():
    layer = Discretization(num_bins=5)
    layer.adapt(np.arange(1000.0))
    assert np.bincount(layer(np.arange(1000.0)).numpy()).tolist() == [199, 200, 200, 200, 201]


def test_steps_limit_what_is_read():
    layer = Discretization(num_bins=2)
    layer.adapt(iter([np.array([0.0, 1.0, 2.0, 3.0]), np.full(100, 9.0)]), steps=1)
    assert max(layer.bin_boundaries) < 9


def test_adapting_again_forgets():
    layer = Discretization(num_bins=2)
    for data in (np.full(100, 9.0), np.array([0.0, 1.0])):
        layer.adapt(data)
    assert max(layer.bin_boundaries) < 9


@pytest.mark.parametrize("data", [[], np.zeros((0, 3)), iter(())], ids=["list", "array", "iter"])
def test_no_data_is_refused(data):
    with pytest.raises(ValueError, match="at least one number"):
        Discretization(num_bins=3).adapt(data)


def test_given_boundaries_are_not_learned():
    with pytest.raises(ValueError, match="was given `bin_boundaries`"):
        Discretization([1.0]).adapt(np.arange(3.0))


def test_learned_boundaries_travel():
    layer = learned(BATCHES["few"], num_bins=3)
    twins = [
        Discretization.from_config(layer.get_config()),
        pickle.loads(pickle.dumps(layer)),
        Discretization(num_bins=3),
    ]
    twins[2].load_state_dict(layer.state_dict())
    for twin in twins:
        np.testing.assert_allclose(twin.bin_boundaries, layer.bin_boundaries)
        assert torch.equal(twin(BATCHES["few"][0]), layer(BATCHES["few"][0]))
    theirs = keras.layers.Discretization.from_config(layer.get_config())
    assert theirs.bin_boundaries == layer.bin_boundaries


def test_in_a_model_and_its_file(tmp_path):
    layer = learned(BATCHES["few"], num_bins=3, output_mode="one_hot")
    model = torchkeras.Sequential([torchkeras.Input((1,)), layer, torchkeras.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    x = np.array([[-3.0], [0.0], [3.0]], dtype="float32")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert torch.equal(again(x), model(x))
    theirs = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(theirs(x).detach(), model(x).detach(), rtol=1e-6)
