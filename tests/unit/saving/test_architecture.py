"""Architectures as JSON and YAML, in files and as text."""

import json

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS
from torchkeras import layers, models

OLD_YAML = """
backend: tensorflow
class_name: Sequential
config:
  name: sequential_1
  layers:
  - class_name: Dense
    config:
      activation: hard_sigmoid
      batch_input_shape: &id001 !!python/tuple
      - null
      - 4
      name: dense_1
      units: 3
  - class_name: Reshape
    config: {name: again, target_shape: !!python/tuple [3, 1], batch_input_shape: *id001}
keras_version: 2.2.4
"""


def build(case, k=torchkeras):
    oracle.reset()
    return BUILDERS[case](k)


def config(model):
    return json.loads(json.dumps(model.get_config()))


@pytest.mark.parametrize("ending", ["json", "yaml", "yml"])
@pytest.mark.parametrize("case", BUILDERS)
def test_files_hold_the_architecture(case, ending, tmp_path):
    model = build(case)
    model.save(tmp_path / f"m.{ending}")
    loaded = torchkeras.saving.load_model(tmp_path / f"m.{ending}")
    assert config(loaded) == config(model)


def test_texts_are_exchanged_with_keras():
    ours, theirs = build("branches"), build("branches", keras)
    assert config(models.model_from_json(theirs.to_json())) == config(theirs)
    assert config(keras.models.model_from_json(ours.to_json())) == config(ours)


def test_a_model_of_a_text_is_compiled_as_it_was(tmp_path):
    model = build("chain")
    model.compile("sgd", "mae")
    model.save(tmp_path / "m.yaml")
    assert torchkeras.saving.load_model(tmp_path / "m.yaml").loss == "mae"
    assert not torchkeras.saving.load_model(tmp_path / "m.yaml", compile=False).compiled


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_texts_of_keras_2(form):
    text = OLD_YAML
    if form == "json":
        dense = {"units": 3, "activation": "hard_sigmoid", "batch_input_shape": [None, 4]}
        inner = [
            {"class_name": "Dense", "config": dense},
            {"class_name": "Reshape", "config": {"target_shape": [3, 1]}},
        ]
        text = json.dumps({"class_name": "Sequential", "config": inner, "keras_version": "1.2.2"})
    model = getattr(models, f"model_from_{form}")(text)
    x = np.ones((2, 4), "float32")
    kernel, bias = model.get_weights()
    expected = np.clip(0.2 * (x @ kernel + bias) + 0.5, 0, 1)[..., None]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)


def test_classes_of_users():
    class Own(layers.Dense):
        pass

    model = torchkeras.Sequential([torchkeras.Input((3,)), Own(2)])
    with pytest.raises(TypeError, match=r"Own.*custom_objects"):
        models.model_from_yaml(model.to_yaml())
    assert models.model_from_yaml(model.to_yaml(), {"Own": Own}).layers[0].units == 2
