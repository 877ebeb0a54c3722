"""Whole models as `.safetensors`: config in the header, optimizer beside it, torch's names."""

import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import layers
from torchkeras.saving import load_model

X = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype("float32")
Y = X[:, :1] ** 2


def compiled(optimizer="adam"):
    oracle.reset()
    torchkeras.utils.set_random_seed(0)
    model = torchkeras.Sequential(
        [
            torchkeras.Input((4,)),
            layers.Dense(5, "relu"),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model, epochs=1):
    torchkeras.utils.set_random_seed(1)
    return model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0).history


def files(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("case", BUILDERS)
def test_round_trip(tmp_path, case):
    oracle.reset()
    model = BUILDERS[case](torchkeras)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert type(again) is type(model)
    oracle.assert_same_outputs(model(inputs(case)), again(inputs(case)), 0)
    found = safetensors.torch.load_file(tmp_path / "m.safetensors")
    again.load_state_dict(found, strict=True)
    assert files(tmp_path) == ["m.safetensors"]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: torchkeras.optimizers.Adam(0.01),
        lambda: torchkeras.optimizers.LossScaleOptimizer(torchkeras.optimizers.SGD(0.1, 0.9)),
        lambda: torch.optim.Adam,
        lambda: torchkeras.optimizers.Adam(
            torchkeras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        ),
    ],
    ids=["adam", "loss_scale", "torch", "schedule"],
)
@pytest.mark.parametrize("size", [None, 50 / 2**30])
def test_training_goes_on(tmp_path, optimizer, size):
    model = compiled(optimizer())
    fit(model)
    model.save(tmp_path / "m.safetensors", max_shard_size=size)
    again = load_model(tmp_path / "m.safetensors")
    assert fit(again, 2) == fit(model, 2)


def test_no_optimizer(tmp_path):
    model = compiled()
    fit(model)
    model.save(tmp_path / "m.safetensors")
    assert files(tmp_path) == ["m.safetensors", "m.state.safetensors"]
    assert load_model(tmp_path / "m.safetensors", compile=False).optimizer is None
    model.save(tmp_path / "m.safetensors", include_optimizer=False)
    assert files(tmp_path) == ["m.safetensors"]
    assert load_model(tmp_path / "m.safetensors").optimizer is None


def test_other_weights_have_another_state(tmp_path):
    model = compiled()
    for name in ("a", "b"):
        fit(model)
        model.save(tmp_path / f"{name}.safetensors")
    os.replace(tmp_path / "b.state.safetensors", tmp_path / "a.state.safetensors")
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"a\.state\.safetensors' is missing, or was saved"):
            again = load_model(tmp_path / "a.safetensors")
        assert again.optimizer.iterations.numpy() == 0
        (tmp_path / "a.state.safetensors").unlink(missing_ok=True)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_save_that_ends_early_leaves_one_whole_model(tmp_path, monkeypatch, stop):
    model = compiled()
    fit(model)
    model.save(tmp_path / "m.safetensors")
    old = {1: fit(load_model(tmp_path / "m.safetensors"))}
    fit(model)
    left = stop
    replace = os.replace

    def counted(*args):
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        replace(*args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", counted)
        with pytest.raises(KeyboardInterrupt):
            model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert fit(again) == (fit(model) if stop == 3 else old[1])
    model.save(tmp_path / "m.safetensors")
    assert files(tmp_path) == ["m.safetensors", "m.state.safetensors"]


def text_model():
    layer = layers.StringLookup()
    layer.adapt(np.array([["a"], ["b"]]))
    return torchkeras.Sequential([torchkeras.Input((1,), dtype="string"), layer])


def test_vocabularies(tmp_path):
    model = text_model()
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert again.layers[0].get_vocabulary() == model.layers[0].get_vocabulary()
    assert files(tmp_path) == ["m.safetensors"]


@torchkeras.saving.register_keras_serializable("test_safetensors_model")
class Noting(layers.Layer):
    """Keeps a file of its own."""

    note = ""

    def save_assets(self, dir_path):
        (Path(dir_path) / "note.txt").write_text(self.note)

    def load_assets(self, dir_path):
        self.note = (Path(dir_path) / "note.txt").read_text()

    def call(self, inputs):
        return inputs


def test_files_of_layers(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), Noting()])
    model.layers[0].note = "found"
    model.save(tmp_path / "m.safetensors", include_optimizer=False)
    assert load_model(tmp_path / "m.safetensors", compile=False).layers[0].note == "found"
    (tmp_path / "m.state.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="needs the files of its layers"):
        load_model(tmp_path / "m.safetensors")


def test_weights_alone_are_no_model(tmp_path):
    compiled().save_weights(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="holds weights alone, and no model"):
        load_model(tmp_path / "m.safetensors")


def test_weights_of_a_whole_model(tmp_path):
    first, second = compiled(), compiled()
    fit(first)
    first.save(tmp_path / "m.safetensors")
    second.load_weights(tmp_path / "m.safetensors")
    oracle.assert_same_outputs(first(X), second(X), 0)


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"File not found: filepath=.*m\.safetensors"):
        load_model(tmp_path / "m.safetensors")


def test_an_unbuilt_model(tmp_path):
    with pytest.warns(UserWarning, match="not yet been built"):
        torchkeras.Sequential([layers.Dense(2)]).save(tmp_path / "m.safetensors")
    assert not load_model(tmp_path / "m.safetensors").built


class Tied(layers.Layer):
    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def call(self, inputs):
        return self.second(self.first(inputs))


def test_tied_weights_in_shards(tmp_path):
    first, second = (torchkeras.Sequential([torchkeras.Input((4,)), Tied()]) for _ in range(2))
    first.save_weights(tmp_path / "m.safetensors", max_shard_size=20 / 2**30)
    second.load_weights(tmp_path / "m.safetensors")
    oracle.assert_same_outputs(first(X), second(X), 0)
    assert second.layers[0].first.weight is second.layers[0].second.weight


@pytest.mark.parametrize(
    "dtype", ["float64", "bfloat16", "int8", "bool", "complex64", "float8_e4m3fn", "uint16"]
)
def test_every_dtype_is_written_as_the_stock_library_does(tmp_path, dtype):
    from torchkeras.saving import tensor_file

    odd = torch.arange(12).reshape(3, 4).to(getattr(torch, dtype)).t()
    tensors = {
        "a": odd,
        "b": torch.ones(3, dtype=torch.uint8),
        "c": torch.zeros(0, 2),
        "d": odd[0, 0],
    }
    tensor_file.write(tmp_path / "x", tensors, {"format": "pt"})
    found = safetensors.torch.load_file(tmp_path / "x")
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        kind = torch.complex64 if tensor.is_complex() else torch.float32
        assert torch.equal(found[name].to(kind), tensor.to(kind))
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    safetensors.torch.save_file(whole, tmp_path / "y", {"format": "pt"})
    assert (tmp_path / "x").stat().st_size == (tmp_path / "y").stat().st_size


def test_what_the_format_cannot_hold(tmp_path, monkeypatch):
    from torchkeras.saving import tensor_file

    monkeypatch.setattr(tensor_file, "_HEADER_BYTES", 1000)
    with pytest.raises(ValueError, match="cannot hold 'a', of dtype complex128"):
        tensor_file.write(tmp_path / "x", {"a": torch.ones(1, dtype=torch.complex128)}, {})
    with pytest.raises(ValueError, match="sparse"):
        tensor_file.write(tmp_path / "x", {"a": torch.eye(2).to_sparse()}, {})
    with pytest.raises(ValueError, match=r"Save a `\.keras` file"):
        tensor_file.write(tmp_path / "x", {}, {"a": "x" * 1000})
