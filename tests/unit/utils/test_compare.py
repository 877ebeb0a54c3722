"""`compare`: pairs of layers, the first that differs, and the table."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import layers
from torchkeras.saving import load_torch_weights
from torchkeras.utils import compare

X = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def convnet(k):
    oracle.reset()
    return k.Sequential([
        k.Input((8, 8, 3)), k.layers.Conv2D(4, 3, activation="relu", name="conv"),
        k.layers.BatchNormalization(name="norm"), k.layers.MaxPooling2D(name="pool"),
        k.layers.Flatten(name="flat"), k.layers.Dropout(0.5, name="drop"),
        k.layers.Dense(5, activation="relu", name="hidden"), k.layers.Dense(5, name="last"),
    ])  # fmt: skip


def twin(eps=1e-3):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4, eps=eps), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(36, 5), nn.ReLU(), nn.Linear(5, 5),
    )  # fmt: skip


def others(tmp_path, model):
    """The same model in every form."""
    module, theirs = twin(), convnet(keras)
    torchkeras.saving.load_keras_weights(module, model)
    theirs.set_weights(model.get_weights())
    clone = convnet(torchkeras)
    clone.set_weights(model.get_weights())
    found = {"torch": module, "keras": theirs, "torchkeras": clone}
    for name in ("m.keras", "m.h5", "m.safetensors"):
        model.save(tmp_path / name)
        found[name] = tmp_path / name
    for name in ("w.weights.h5", "w.safetensors"):
        model.save_weights(tmp_path / name)
        found[name] = tmp_path / name
    return found


def test_models_that_agree(tmp_path):
    model = convnet(torchkeras)
    for name, other in others(tmp_path, model).items():
        report = compare(model, other, X)
        assert report.same, name
        assert report.first is None, report
        assert [row.name for row in report.layers[:2]] == ["conv", "norm"]
        assert "The models agree" in repr(report)


@pytest.mark.parametrize("name", ["conv", "norm", "hidden", "last"])
def test_the_first_difference(tmp_path, name):
    model = convnet(torchkeras)
    found = others(tmp_path, model)
    layer = model.get_layer(name)
    layer.set_weights([w + 0.1 for w in layer.get_weights()])
    for key in ("torch", "keras", "torchkeras", "m.keras", "w.safetensors"):
        report = compare(model, found[key], X)
        assert not report.same
        assert report.first.name == name, (key, report)
        assert "<- first" in repr(report)


def test_a_setting_that_is_no_weight():
    model = convnet(torchkeras)
    module = twin(eps=1e-5)
    load_torch_weights(model, module)
    assert compare(model, module, X).first.name == "norm"


def test_names_of_torch_are_shown():
    model, module = convnet(torchkeras), twin()
    load_torch_weights(model, module)
    partners = {row.name: row.other for row in compare(model, module, X).layers}
    assert partners["conv"] == "1"
    assert partners["norm"] == "2"
    assert partners["hidden"] == "7"
    assert partners["last"] == "8"
    assert partners["flat"] is None


def test_automatic_names_are_paired_by_order():
    first, second = (
        torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
        for _ in range(2)
    )
    second.set_weights(first.get_weights())
    assert compare(first, second, np.ones((2, 4))).same
    second.layers[1].bias.assign([1.0, 1.0])
    assert compare(first, second, np.ones((2, 4))).first.name == first.layers[1].name


def test_layers_that_run_twice_and_models_in_models():
    def make():
        oracle.reset()
        shared = layers.Dense(4, name="shared")
        inner = torchkeras.Sequential(
            [torchkeras.Input((4,)), layers.Dense(4, name="in")], name="m"
        )
        x = torchkeras.Input((4,))
        return torchkeras.Model(x, [shared(inner(shared(x))), inner(x)])

    model, other = make(), make()
    other.set_weights(model.get_weights())
    report = compare(model, other, np.ones((2, 4)))
    names = [row.name for row in report.layers]
    assert names.count("shared") == 2
    assert "m/in" in names
    assert names[-2:] == ["(outputs 0)", "(outputs 1)"]
    assert report.same


def test_modes_and_hooks_are_left_as_they_were():
    model, module = convnet(torchkeras), twin()
    model.train()
    module[5].eval()
    load_torch_weights(model, module)
    compare(model, module, X)
    assert model.training
    assert module.training
    assert not module[5].training
    assert not any(m._forward_hooks for m in [*model.modules(), *module.modules()])
    theirs = convnet(keras)
    compare(model, theirs, X)
    assert "call" not in vars(theirs.layers[0])


def test_inputs_of_its_own():
    model, module = convnet(torchkeras), twin()
    load_torch_weights(model, module)
    moved = torch.from_numpy(X).movedim(-1, 1)
    assert compare(model, module, torch.from_numpy(X), other_x=moved).same


def test_recurrent_twins():
    oracle.reset()
    model = torchkeras.Sequential([
        torchkeras.Input((5, 3)), layers.LSTM(4, return_sequences=True),
        layers.LSTM(4, return_sequences=True), layers.Dense(2),
    ])  # fmt: skip

    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.fc = nn.LSTM(3, 4, 2, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(self.lstm(x)[0])

    module = Twin()
    load_torch_weights(model, module)
    report = compare(model, module, X[:, :5, 0])
    assert report.same
    assert report.first is None
    partners = [row.other for row in report.layers]
    assert partners == [None, "lstm", "fc", "(outputs)"]


def test_other_shapes():
    first, second = (
        torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(n)]) for n in (3, 2)
    )
    report = compare(first, second, np.ones((2, 4)))
    assert report.first.difference == float("inf")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [((3, nn.ReLU()), "`model` must be a model"), ((layers.ReLU(), 3), "`other` must be a model")],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(TypeError, match=match):
        compare(*arguments, X)
