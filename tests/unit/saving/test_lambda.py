"""`Lambda` layers whose functions have no name, in every format, here and in Keras."""

import json

import h5py
import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

X = np.array([[-1.0, 2.0, -3.0]], "float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
ENDINGS = ("keras", "h5", "safetensors", "json", "yaml")


def scaled(factor, library=torchkeras):
    """A model whose output is `2 * factor * |x|`."""
    layer = library.layers.Lambda(lambda x: (x**2) ** 0.5 * 2 * factor, name="f")
    return library.Sequential([library.Input((3,)), layer])


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_saved_comes_back_if_the_caller_says_so(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    scaled(3.0).save(path)
    with pytest.raises(ValueError, match=r"custom_objects=\{'f': \.\.\.\}.*safe_mode=False"):
        torchkeras.saving.load_model(path)
    loaded = torchkeras.saving.load_model(path, safe_mode=False)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), 6 * abs(X), rtol=1e-6)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_function_of_the_caller_takes_the_place_of_code(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    scaled(3.0).save(path)
    loaded = torchkeras.saving.load_model(path, custom_objects={"f": lambda x: x + 1})
    np.testing.assert_allclose(loaded.predict(X, verbose=0), X + 1)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_and_back(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    scaled(3.0).save(path)
    theirs = keras.saving.load_model(path, safe_mode=False)
    np.testing.assert_allclose(theirs(torch.tensor(X)).detach(), 6 * abs(X), rtol=1e-6)
    scaled(4.0, keras).save(path)
    ours = torchkeras.saving.load_model(path, safe_mode=False)
    np.testing.assert_allclose(ours.predict(X, verbose=0), 8 * abs(X), rtol=1e-6)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_torch_modules_that_keras_pickled(tmp_path, ending):
    wrapper = keras.layers.TorchModuleWrapper(torch.nn.Linear(3, 2), name="f")
    theirs = keras.Sequential([keras.Input((3,)), wrapper])
    theirs.save(tmp_path / f"m.{ending}")
    loaded = torchkeras.saving.load_model(tmp_path / f"m.{ending}", safe_mode=False)
    expected = theirs(torch.tensor(X)).detach()
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-6)


def old_form(layer, kind):
    """Return the config of a layer as Keras 2 wrote it."""
    config = layer.get_config()
    written = config["function"]["config"]
    function = [written["code"], written["defaults"], written["closure"]]
    places = {"module": "__main__", "output_shape_type": "raw", "output_shape_module": None}
    return {
        **config,
        "function": function if kind == "lambda" else "twice",
        "function_type": kind,
        "output_shape": None,
        "dtype": "float32",
        **places,
    }


def twice(x):
    return x * 2


@pytest.mark.parametrize("kind", ["lambda", "function"])
@pytest.mark.parametrize("way", ["config", "json", "h5"])
def test_the_form_of_keras_2(tmp_path, kind, way):
    config = old_form(layers.Lambda(lambda x, k=2: x * k, name="f"), kind)
    whole = {
        "class_name": "Sequential",
        "config": {
            "name": "s",
            "layers": [
                {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3]}},
                {"class_name": "Lambda", "config": config},
            ],
        },
    }
    given = {"twice": twice, "f": twice}
    path = tmp_path / f"m.{way}"
    if way == "config":
        outputs = [
            layers.Lambda.from_config(config, custom_objects=given)(X),
            layers.Lambda.from_config(config, {"twice": twice}, safe_mode=False)(X),
        ]
    else:
        if way == "json":
            path.write_text(json.dumps({**whole, "keras_version": "2.4.0"}))
        else:
            scaled(1.0).save(path)
            with h5py.File(path, "r+") as file:
                file.attrs["keras_version"] = "2.4.0"
                file.attrs["model_config"] = json.dumps(whole)
        load = torchkeras.saving.load_model
        outputs = [
            load(path, given)(X),
            load(path, {"twice": twice}, safe_mode=False)(X),
        ]
    for output in outputs:
        np.testing.assert_allclose(output, 2 * X)


def test_code_knows_the_usual_names_and_those_of_the_caller():
    layer = layers.Lambda(lambda x: keras.ops.abs(x) + np.pi + extra)  # noqa: F821
    config = layer.get_config()
    with pytest.raises(ValueError, match=r"uses \['extra'\].*custom_objects=\{'extra': \.\.\.\}"):
        layers.Lambda.from_config(config, safe_mode=False)
    again = layers.Lambda.from_config(config, {"extra": 1.0}, safe_mode=False)
    np.testing.assert_allclose(again(X), abs(X) + np.pi + 1, rtol=1e-6)


def test_arguments_have_their_defaults():
    layer = layers.Lambda(lambda x, a=2.0, *, b=(1.0, 2.0): x * a + b[1])
    config = json.loads(json.dumps(layer.get_config()))
    again = layers.Lambda.from_config(config, safe_mode=False)
    np.testing.assert_allclose(again(X), layer(X))


def test_shapes_and_masks_without_names():
    layer = layers.Lambda(
        lambda x: x, output_shape=lambda shape: shape, mask=lambda x, _: x > 0, name="f"
    )
    config = layer.get_config()
    again = layers.Lambda.from_config(config, safe_mode=False)
    assert again.compute_mask(torch.tensor(X)).tolist() == [[False, True, False]]
    given = {"f": twice, "f.mask": lambda x, _: x < 0}
    again = layers.Lambda.from_config(config, given)
    assert again.compute_mask(torch.tensor(X)).tolist() == [[True, False, True]]
    with pytest.raises(ValueError, match=r"`mask` of the `Lambda`.*\{'f\.mask': \.\.\.\}"):
        layers.Lambda.from_config(config, {"f": twice})


def test_closures_that_no_config_can_hold():
    held = object()
    with pytest.raises(ValueError, match="into a config"):
        layers.Lambda(lambda x: (x, held)).get_config()


def test_unsafe_deserialization_holds_for_every_call():
    config = layers.Lambda(lambda x: x + 1).get_config()
    torchkeras.config.enable_unsafe_deserialization()
    try:
        np.testing.assert_allclose(layers.Lambda.from_config(config)(X), X + 1)
    finally:
        torchkeras._base.switches.reset_switches()
