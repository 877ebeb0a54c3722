"""Code in configs and files runs if the caller has said `safe_mode=False`, and then alone."""

import base64
import copy
import json
import marshal
import zipfile

import h5py
import keras
import pytest
import torch

import torchkeras
from torchkeras import layers

RAN = []  # what code in files has done; theirs is reached by a name of the caller


class Bomb(torch.nn.Identity):
    def __reduce__(self):
        return RAN.append, ("pickle",)


def bytecode(text="lambda x: RAN.append('bytecode')"):
    code = eval(text).__code__
    return base64.b64encode(marshal.dumps(code)).decode()


def lambda_3(code):
    inner = {"code": code, "defaults": None, "closure": None}
    return {"name": "f", "function": {"class_name": "__lambda__", "config": inner}}


def lambda_2(code):
    return {"name": "f", "function": [code, None, None], "function_type": "lambda"}


def entry(class_name, config):
    return {"module": "keras.layers", "class_name": class_name, "config": config}


CONFIGS = {
    "Lambda": ("Lambda", lambda_3(bytecode())),
    "Lambda of Keras 2": ("Lambda", lambda_2(bytecode())),
    "activation": ("Activation", {"name": "f", "activation": lambda_3(bytecode())["function"]}),
}


def model_of(config):
    first = entry("InputLayer", {"batch_shape": [2, 3]})
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [first, config]},
    }


@pytest.fixture(autouse=True)
def nothing_yet():
    RAN.clear()
    yield
    torchkeras._base.switches.reset_switches()


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("ending", ["json", "h5", "keras"])
def test_only_the_caller_allows_code(tmp_path, name, ending):
    """A file that says it itself, in any place, says nothing."""
    path = tmp_path / f"m.{ending}"
    torchkeras.Sequential([torchkeras.Input((3,)), layers.Activation("relu", name="f")]).save(path)
    config = copy.deepcopy(model_of(entry(*CONFIGS[name])))
    config["safe_mode"] = config["config"]["safe_mode"] = False
    config["config"]["layers"][1]["safe_mode"] = False
    config["config"]["layers"][1]["config"]["safe_mode"] = False
    replace_config(path, config)
    with pytest.raises((ValueError, TypeError)):
        torchkeras.saving.load_model(path)
    assert RAN == []


def replace_config(path, config):
    if path.suffix == ".json":
        path.write_text(json.dumps(config))
    elif path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
    else:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)


@pytest.mark.parametrize("name", CONFIGS)
def test_consent_ends_with_the_call(name):
    config = model_of(entry(*CONFIGS[name]))
    deserialize = torchkeras.saving.deserialize_keras_object
    with pytest.raises(ValueError, match="safe_mode=False"):
        deserialize(config)
    allowed = {"custom_objects": {"RAN": RAN}, "safe_mode": False}
    deserialize(config, **allowed)
    assert set(RAN) == {"bytecode"}
    RAN.clear()
    with pytest.raises(ValueError, match="safe_mode=False"):
        deserialize(config)
    assert RAN == []


def test_pickles_are_opened_for_the_caller_alone():
    layer = keras.layers.TorchModuleWrapper(torch.nn.Linear(3, 2), name="f")
    layer.module = Bomb()
    config = entry("TorchModuleWrapper", {"name": "f", "module": layer.get_config()["module"]})
    with pytest.raises(ValueError, match=r"'f' wraps a torch module, which is pickled.*safe_mode"):
        torchkeras.saving.deserialize_keras_object(config)
    assert torchkeras.saving.deserialize_keras_object(
        config, {"f": torch.nn.Identity()}, safe_mode=False
    ).module  # the caller's, and the pickle stays closed
    assert RAN == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "!",
        "é",
        3,
        base64.b64encode(b"\xe3" + b"\0" * 40).decode(),  # cut
        base64.b64encode(marshal.dumps([1])).decode(),
        base64.b64encode(
            marshal.dumps((lambda x: x).__code__.replace(co_code=b"\xa8\0" * 4))
        ).decode(),  # instructions that are none
        base64.b64encode(
            marshal.dumps((lambda x: x.a).__code__.replace(co_names=()))
        ).decode(),  # instructions beyond the names
    ],
)
def test_damaged_bytecode_is_told_from_that_of_this_python(code):
    for config in (lambda_3(code), lambda_2(code)):
        with pytest.raises(ValueError, match="damaged, or was made by another version of Python"):
            layers.Lambda.from_config(config, safe_mode=False)


def test_bytecode_of_another_python_is_named():
    config = lambda_3(bytecode("lambda x: x"))
    config["function"]["config"]["python"] = "cpython-99"
    with pytest.raises(ValueError, match="made by 'cpython-99'; this is"):
        layers.Lambda.from_config(config, safe_mode=False)
