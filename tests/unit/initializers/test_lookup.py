"""Initializers by name, config, class, function and value."""

import numpy as np
import pytest
import torch
from keras.src.initializers import ALL_OBJECTS_DICT

from torchkeras import initializers
from torchkeras._base.registry import custom_object_scope, register_keras_serializable


@pytest.mark.parametrize("name", sorted(ALL_OBJECTS_DICT))
def test_every_name_of_keras_is_known(name):
    made = initializers.get(name)
    assert type(made).__name__ == ALL_OBJECTS_DICT[name].__name__
    assert type(initializers.deserialize(name)) is type(made)
    assert type(initializers.get({"class_name": name, "config": {}})) is type(made)


def test_none_stays_none():
    assert initializers.get(None) is None


def test_class_is_made_into_an_object_and_objects_stay():
    assert isinstance(initializers.get(initializers.HeNormal), initializers.HeNormal)
    made = initializers.HeNormal()
    assert initializers.get(made) is made
    function = lambda shape, dtype=None: torch.zeros(shape)  # noqa: E731
    assert initializers.get(function) is function


@pytest.mark.parametrize("value", [np.arange(6.0).reshape(2, 3), torch.ones(2, 3)])
def test_array_becomes_the_value_itself(value):
    made = initializers.get(value)((2, 3), "float32")
    assert made.dtype == torch.float32
    assert made.tolist() == value.tolist()
    made.zero_()
    assert float(value.sum()) > 0
    with pytest.raises(ValueError, match=r"`shape` must be that.*\(2, 3\).*shape=\(3, 2\)"):
        initializers.get(value)((3, 2))


def test_unknown_name_offers_the_nearest_and_lists_all():
    with pytest.raises(ValueError, match=r"`initializer` must be one of 'GlorotUniform'.*") as info:
        initializers.get("glorot_unifrm")
    assert "Did you mean 'glorot_uniform'?" in str(info.value)
    with pytest.raises(
        ValueError, match=r"must be a name, a config or a callable.*5 \(of type int"
    ):
        initializers.get(5)


def test_custom_names_are_found_in_scopes_and_the_registry():
    class Mine(initializers.Zeros):
        pass

    with custom_object_scope({"mine": Mine}):
        assert isinstance(initializers.get("mine"), Mine)
    register_keras_serializable("test_lookup")(Mine)
    config = initializers.serialize(Mine())
    assert config["registered_name"] == "test_lookup>Mine"
    assert isinstance(initializers.get(config), Mine)
    other = {"class_name": "Other", "config": {}}
    assert isinstance(initializers.deserialize(other, {"Other": Mine}), Mine)
