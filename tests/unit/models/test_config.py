"""Configs and JSON are Keras's, and each package reads the other's."""

import json

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras.models import model_from_json


def same_outputs(case, ours, theirs):
    values = oracle.random_weights(theirs, np.random.default_rng(0))
    ours.set_weights(values)
    theirs.set_weights(values)
    oracle.assert_same_outputs(ours(inputs(case)), theirs(inputs(case)), 1e-5)


@pytest.mark.usefixtures("written")
def test_json_equals_keras(model, twin):
    assert json.loads(model.to_json()) == json.loads(twin.to_json())


@pytest.mark.usefixtures("written")
def test_config_equals_keras(model, twin):
    ours, theirs = (json.loads(json.dumps(m.get_config())) for m in (model, twin))
    assert ours == theirs


def test_from_own_config(case, model):
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    oracle.assert_same_outputs(copy(inputs(case)), model(inputs(case)), 0)
    assert copy.get_config() == model.get_config()


def test_from_own_json(case, model):
    copy = model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    oracle.assert_same_outputs(copy(inputs(case)), model(inputs(case)), 0)
    assert copy.to_json() == model.to_json()


def test_reads_keras_json(case, twin):
    same_outputs(case, model_from_json(twin.to_json()), twin)


def test_keras_reads_our_json(case, model):
    same_outputs(case, model, keras.models.model_from_json(model.to_json()))


def test_reads_keras_config(case, twin):
    cls = torchkeras.Sequential if isinstance(twin, keras.Sequential) else torchkeras.Model
    same_outputs(case, cls.from_config(twin.get_config()), twin)


def test_compiled_model_keeps_its_compile_config():
    oracle.reset()
    model = BUILDERS["mlp"](torchkeras)
    model.compile(torchkeras.optimizers.SGD(0.3, momentum=0.5), "mse", metrics=["mae"])
    copy = model_from_json(model.to_json())
    assert copy.compiled
    assert copy.optimizer.get_config() == model.optimizer.get_config()


def test_compile_config_equals_keras():
    written = []
    for k in oracle.PACKAGES:
        oracle.reset()
        model = BUILDERS["mlp"](k)
        model.compile(k.optimizers.SGD(0.3, momentum=0.5), "mse", metrics=["mae"])
        written.append(json.loads(model.to_json())["compile_config"])
        for private in ("module", "registered_name"):  # of Keras's optimizers for torch
            written[-1]["optimizer"].pop(private)
    assert written[0] == written[1]


def test_unbuilt_sequential_survives():
    model = torchkeras.Sequential([torchkeras.layers.Dense(3), torchkeras.layers.Dense(2)])
    copy = model_from_json(model.to_json())
    assert not copy.built
    assert [layer.units for layer in copy.layers] == [3, 2]


@pytest.mark.parametrize("dtype", ["float16", "mixed_bfloat16"])
def test_dtype_policies_survive(dtype):
    x = torchkeras.Input((3,))
    model = torchkeras.Model(x, torchkeras.layers.Dense(2, dtype=dtype)(x))
    assert model_from_json(model.to_json()).layers[1].dtype_policy.name == dtype


class Scale(torchkeras.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_custom_layers_by_custom_objects():
    x = torchkeras.Input((3,))
    model = torchkeras.Model(x, Scale(3.0)(x))
    copy = model_from_json(model.to_json(), custom_objects={"Scale": Scale})
    assert copy(np.ones((1, 3), "float32")).tolist() == [[3.0, 3.0, 3.0]]


def test_unknown_custom_layer_says_what_to_do():
    x = torchkeras.Input((3,))
    text = torchkeras.Model(x, Scale(3.0)(x)).to_json()
    with pytest.raises(TypeError, match=r"Scale.*register_keras_serializable"):
        model_from_json(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "json_string"),
        (b"\xff\xfe", "json_string"),
        (None, "json_string"),
        ("[1, 2]", "`json_string` does not describe a model"),
        ('{"class_name": "Dense", "config": {"units": 3}}', "must describe a model"),
        ("[" * 100_000, "json_string"),
    ],
)
def test_what_is_no_model_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        model_from_json(text)


@pytest.mark.parametrize("shape", ["abc", [["abc"]], {"class_name": "x"}, 7, [-1, "a"]])
def test_odd_build_configs_end_in_a_clean_error(shape):
    entry = {
        "class_name": "Dense",
        "config": {"units": 3, "name": "d"},
        "build_config": {"input_shape": shape},
    }
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [entry]}}
    with pytest.raises((ValueError, TypeError)):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize("order", ["first to last", "last to first"])
def test_layers_of_a_config_may_stand_in_any_order(order):
    x = inputs_ = torchkeras.Input((2,))
    for number in range(300):
        x = torchkeras.layers.Rescaling(1.0, offset=1.0, name=f"r{number}")(x)
    config = torchkeras.Model(inputs_, x).get_config()
    if order == "last to first":
        config["layers"].reverse()
    again = torchkeras.Model.from_config(config)
    np.testing.assert_array_equal(again(np.zeros((1, 2), "float32")), np.full((1, 2), 300.0))
