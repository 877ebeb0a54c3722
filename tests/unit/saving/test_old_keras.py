"""Files that Keras 2 wrote: `tests/data/old_keras` has them, with what the models gave there."""

from pathlib import Path

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

DATA = Path(__file__).parents[2] / "data" / "old_keras"
MODELS = ("images.h5", "recurrent.h5", "graph.h5", "images.keras", "recurrent.keras")
OPTIMIZERS = sorted(
    {path.stem for path in DATA.glob("*.h5")}
    - {"images", "recurrent", "graph", "images.weights", "recurrent.weights", "legacy_weights"}
)


def stored(name):
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


def numbered(found, letter):
    return [found[key] for key in sorted(found) if key.startswith(letter)]


def check_outputs(model, found, tolerance=1e-6):
    xs = [torch.tensor(x) for x in numbered(found, "x")]
    outputs = model(xs if xs[1:] else xs[0])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    for ours, theirs in zip(outputs, numbered(found, "y"), strict=True):
        np.testing.assert_allclose(ours.detach(), theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("file", MODELS)
def test_outputs_are_those_of_keras_2(file, tmp_path):
    found = stored(file.partition(".")[0])
    model = torchkeras.saving.load_model(DATA / file)
    check_outputs(model, found)
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"m{ending}")
        check_outputs(torchkeras.saving.load_model(tmp_path / f"m{ending}"), found)


@pytest.mark.parametrize("file", ["images.weights.h5", "recurrent.weights.h5"])
def test_weights_of_keras_2(file):
    name = file.partition(".")[0]
    model = torchkeras.saving.load_model(DATA / f"{name}.h5", compile=False)
    for variable in model.weights:
        variable.assign(np.zeros(variable.shape, "float32"))
    model.load_weights(DATA / file)
    check_outputs(model, stored(name))


@pytest.mark.parametrize("name", ["legacy_weights.h5", "legacy_weights.weights.h5"])
def test_weights_in_the_older_layout(name, tmp_path):
    path = tmp_path / name
    path.write_bytes((DATA / "legacy_weights.h5").read_bytes())
    model = torchkeras.Sequential([torchkeras.Input((3,)), layers.Dense(2, "tanh")])
    model.add(layers.Dense(1))
    model.load_weights(path)
    check_outputs(model, stored("legacy_weights"))


@pytest.mark.parametrize("name", ["images", *OPTIMIZERS])
def test_training_goes_on_as_in_keras_2(name):
    found = stored(name)
    model = torchkeras.saving.load_model(DATA / f"{name}.h5")
    check_outputs(model, found)
    xs = numbered(found, "x")
    model.fit(xs[0], found["target"], epochs=2, batch_size=2, shuffle=False, verbose=0)
    # Nadam had another schedule, and BatchNormalization another estimate of the variance.
    loose = 1e-2 if name in ("images", "nadam", "legacy_nadam") else 2e-5
    for index, value in enumerate(model.get_weights()):
        np.testing.assert_allclose(value, found[f"after{index}"], rtol=1e-4, atol=loose)


def test_training_goes_on_from_a_keras_file_of_keras_2():
    found = stored("images")
    model = torchkeras.saving.load_model(DATA / "images.keras")
    model.fit(found["x0"], found["target"], epochs=2, batch_size=2, shuffle=False, verbose=0)
    for index, value in enumerate(model.get_weights()):
        np.testing.assert_allclose(value, found[f"after{index}"], rtol=1e-4, atol=3e-3)
