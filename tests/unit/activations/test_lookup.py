"""Activations by name, config and callable."""

import keras
import pytest
import torch
from keras.src.activations import ALL_OBJECTS_DICT

from torchkeras import activations
from torchkeras._base.registry import custom_object_scope, register_keras_serializable


@pytest.mark.parametrize("name", sorted(ALL_OBJECTS_DICT))
def test_every_name_of_keras_is_known(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.deserialize(name) is function
    assert activations.serialize(function) == keras.activations.serialize(ALL_OBJECTS_DICT[name])


@pytest.mark.parametrize("module", ["keras.activations", "builtins"])
def test_config_of_a_function_is_read(module):
    config = {
        "module": module,
        "class_name": "function",
        "config": "relu",
        "registered_name": "function",
    }
    assert activations.get(config) is activations.relu
    assert activations.deserialize(config) is activations.relu


def test_none_is_linear_and_callables_stay():
    assert activations.get(None) is activations.linear
    for callable_ in (torch.sin, torch.nn.ReLU(), lambda x: x):
        assert activations.get(callable_) is callable_


def test_unknown_name_offers_the_nearest_and_lists_all():
    with pytest.raises(ValueError, match=r"`activation` must be one of 'relu'.*'swish'") as info:
        activations.get("rellu")
    assert "Received: activation='rellu'. Did you mean 'relu'?" in str(info.value)
    with pytest.raises(ValueError, match=r"a name, a config or a callable.*3 \(of type int\)"):
        activations.get(3)
    with pytest.raises(ValueError, match="activation='typo'"):
        activations.deserialize("typo")


def test_custom_function_goes_by_its_registered_name():
    @register_keras_serializable("test_lookup")
    def doubled(x):
        return 2 * x

    config = activations.serialize(doubled)
    assert config["config"] == "test_lookup>doubled"
    assert activations.get(config) is doubled
    assert activations.get("test_lookup>doubled") is doubled
    with custom_object_scope({"mine": doubled}):
        assert activations.get("mine") is doubled
    assert activations.deserialize("mine", {"mine": doubled}) is doubled


def test_function_that_borrows_a_name_is_not_taken_for_keras_own():
    def relu(x):
        return x

    assert activations.serialize(relu) != "relu"


def test_lambda_cannot_be_saved():
    with pytest.raises(ValueError, match="A lambda cannot be written into a config"):
        activations.serialize(lambda x: x)
