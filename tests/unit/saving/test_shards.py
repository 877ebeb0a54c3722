"""Weights over several files: Keras's shards both ways, Hugging Face's index, one whole state."""

import contextlib
import json
import os

import keras
import numpy as np
import pytest
import safetensors.torch

import torchkeras
from tests import oracle
from torchkeras import layers
from torchkeras.saving import load_weights, save_weights, shards

X = np.random.default_rng(0).uniform(-1, 1, (2, 40)).astype("float32")
SMALL = 8000 / shards.GIGABYTE
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def build(k, width=40):
    model = bare(k, width)
    model.compile(k.optimizers.Adam(0.01), "mse")
    model.fit(X, np.ones((2, 2), "float32"), verbose=0)
    return model


def bare(k, width=40):
    oracle.reset()
    inner = k.Sequential([k.Input((width,)), k.layers.Dense(40), k.layers.BatchNormalization()])
    x = k.Input((40,))
    return k.Model(x, k.layers.Dense(2)(inner(k.layers.Dense(width, name="first")(x))))


def files(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("name", ["m.weights.json", "m.safetensors"])
def test_round_trip(tmp_path, name):
    first, second = build(torchkeras), build(torchkeras)
    save_weights(first, tmp_path / name, max_shard_size=SMALL)
    assert len(files(tmp_path)) > 2
    load_weights(second, tmp_path / name)
    oracle.assert_same_outputs(first(X), second(X), 0)


def test_keras_reads_them(tmp_path):
    ours, theirs = build(torchkeras), build(keras)
    ours.save_weights(tmp_path / "m.weights.json", max_shard_size=SMALL)
    theirs.load_weights(tmp_path / "m.weights.json")
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), keras.ops.convert_to_numpy(other))


def test_keras_shards_are_read(tmp_path):
    ours, theirs = build(torchkeras), build(keras)
    theirs.save_weights(tmp_path / "m.weights.json", max_shard_size=SMALL)
    ours.load_weights(tmp_path / "m.weights.json")
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_keras_names_them_alike(tmp_path):
    for folder, k in (("ours", torchkeras), ("theirs", keras)):
        (tmp_path / folder).mkdir()
        build(k).save_weights(tmp_path / folder / "m.weights.json", max_shard_size=SMALL)
    assert files(tmp_path / "ours") == files(tmp_path / "theirs")
    ours, theirs = (
        json.loads((tmp_path / folder / "m.weights.json").read_text())
        for folder in ("ours", "theirs")
    )
    assert ours == theirs


def test_the_index_is_that_of_hugging_face(tmp_path):
    model = build(torchkeras)
    model.save_weights(tmp_path / "m.safetensors", max_shard_size=SMALL)
    index = json.loads((tmp_path / "m.safetensors.index.json").read_text())
    names = sorted(set(index["weight_map"].values()))
    count = len(names)
    assert names == [f"m-{i:05}-of-{count:05}.safetensors" for i in range(1, count + 1)]
    state = model.state_dict()
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in state.values())
    found = {}
    for name in names:
        found |= safetensors.torch.load_file(tmp_path / name)
    assert set(found) == set(state)
    build(torchkeras).load_weights(tmp_path / "m.safetensors.index.json")


def test_weights_that_fit_into_one_file(tmp_path):
    build(torchkeras).save_weights(tmp_path / "m.safetensors", max_shard_size=1)
    assert files(tmp_path) == ["m.safetensors"]


@pytest.mark.parametrize("name", ["m.weights.json", "m.safetensors"])
def test_older_shards_are_replaced(tmp_path, name):
    first, second = build(torchkeras), build(torchkeras)
    first.save_weights(tmp_path / name, max_shard_size=SMALL / 1.2)
    many = files(tmp_path)
    second.save_weights(tmp_path / name, max_shard_size=SMALL)
    second.save_weights(tmp_path / name, max_shard_size=SMALL * 4)
    assert len(files(tmp_path)) < len(many)
    assert set(files(tmp_path)) - set(many) == set() or name == "m.safetensors"
    first.load_weights(tmp_path / name)
    oracle.assert_same_outputs(first(X), second(X), 0)
    if name == "m.safetensors":
        second.save_weights(tmp_path / name)
        assert files(tmp_path) == ["m.safetensors"]
        first.save_weights(tmp_path / name, max_shard_size=SMALL)
        assert "m.safetensors" not in files(tmp_path)


def test_names_of_other_files_stay(tmp_path):
    others = ["m-00001-of-00002-mine.safetensors", "m.txt", "n-00001-of-00002.safetensors"]
    for name in others:
        (tmp_path / name).write_text("mine")
    model = build(torchkeras)
    for size in (SMALL, SMALL * 4, None):
        model.save_weights(tmp_path / "m.safetensors", max_shard_size=size)
    assert files(tmp_path) == sorted([*others, "m.safetensors"])


@pytest.mark.parametrize("stop", range(1, 14, 2))
@pytest.mark.parametrize("name", ["m.weights.json", "m.safetensors"])
def test_there_is_one_whole_state_at_any_time(tmp_path, monkeypatch, name, stop):
    """A process that ends at any change of a name leaves the old weights, or the new ones."""
    first, second = bare(torchkeras), bare(torchkeras)
    second.set_weights([w + 1 for w in first.get_weights()])
    first.save_weights(tmp_path / name, max_shard_size=SMALL)
    left = stop

    class EndError(BaseException):
        pass

    def counting(function):
        def counted(*args, **kwargs):
            nonlocal left
            left -= 1
            if left < 0:
                raise EndError
            return function(*args, **kwargs)

        return counted

    with monkeypatch.context() as patched:
        for function in ("replace", "link", "unlink"):
            patched.setattr(os, function, counting(getattr(os, function)))
        with contextlib.suppress(EndError):
            second.save_weights(tmp_path / name, max_shard_size=SMALL)
    third = bare(torchkeras)
    third.load_weights(tmp_path / name)
    found = [
        np.array_equal(a, b) for a, b in zip(first.get_weights(), third.get_weights(), strict=True)
    ]
    new = [
        np.array_equal(a, b) for a, b in zip(second.get_weights(), third.get_weights(), strict=True)
    ]
    assert all(found) or all(new)
    second.save_weights(tmp_path / name, max_shard_size=SMALL)
    third.load_weights(tmp_path / name)
    oracle.assert_same_outputs(second(X), third(X), 0)


def test_file_systems_without_links(tmp_path, monkeypatch):
    def no_link(*args, **kwargs):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_link)
    model, other = build(torchkeras), build(torchkeras)
    for _ in range(2):
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=SMALL)
    other.load_weights(tmp_path / "m.weights.json")
    oracle.assert_same_outputs(model(X), other(X), 0)


@pytest.mark.parametrize("size", [0, -1, True, "5GB"])
def test_sizes_must_be_numbers(tmp_path, size):
    for name in ("m.weights.json", "m.safetensors"):
        with pytest.raises(ValueError, match="positive number of GB"):
            build(torchkeras).save_weights(tmp_path / name, max_shard_size=size)


def test_a_variable_larger_than_a_shard(tmp_path):
    with pytest.raises(ValueError, match="Raise it to at least"):
        build(torchkeras).save_weights(tmp_path / "m.weights.json", max_shard_size=1e-6)
    assert files(tmp_path) == []
    build(torchkeras).save_weights(tmp_path / "m.safetensors", max_shard_size=1e-6)
    build(torchkeras).load_weights(tmp_path / "m.safetensors")


def test_the_index_needs_a_size(tmp_path):
    with pytest.raises(ValueError, match="Give `max_shard_size`"):
        build(torchkeras).save_weights(tmp_path / "m.weights.json")


def test_a_single_name_becomes_that_of_an_index(tmp_path):
    with pytest.warns(UserWarning, match=r"requires a `\.weights\.json` file"):
        build(torchkeras).save_weights(tmp_path / "m.weights.h5", max_shard_size=1)
    assert files(tmp_path) == ["m.weights.json", "m_00000.weights.h5"]


def test_another_shape_changes_nothing(tmp_path):
    for name in ("m.weights.json", "m.safetensors"):
        build(torchkeras, 39).save_weights(tmp_path / name, max_shard_size=SMALL)
        model = build(torchkeras)
        before = model.get_weights()
        with pytest.raises(ValueError, match="shape"):
            model.load_weights(tmp_path / name)
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        with pytest.warns(UserWarning, match="shape"):
            model.load_weights(tmp_path / name, skip_mismatch=True)


class Own(layers.Layer):
    """Keeps its weights by names of its own."""

    def build(self, input_shape):
        self.gain = self.add_weight((30,))
        self.shift = self.add_weight((30,))

    def save_own_variables(self, store):
        store["gain"], store["shift"] = self.gain.numpy(), self.shift.numpy()
        assert len(store) == 2
        assert store["gain"].shape == (30,)

    def load_own_variables(self, store):
        self.gain.assign(store["gain"])
        self.shift.assign(store["shift"])

    def call(self, inputs):
        return inputs * self.gain + self.shift


def test_layers_that_save_for_themselves(tmp_path):
    first, second = (torchkeras.Sequential([torchkeras.Input((30,)), Own()]) for _ in range(2))
    first.save_weights(tmp_path / "m.weights.json", max_shard_size=150 / shards.GIGABYTE)
    assert len(files(tmp_path)) == 3
    second.load_weights(tmp_path / "m.weights.json")
    oracle.assert_same_outputs(first(X[:, :30]), second(X[:, :30]), 0)
