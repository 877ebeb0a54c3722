"""Losses by name, config or value, under Keras's names."""

import keras
import pytest

from torchkeras import losses
from torchkeras._base.registry import custom_object_scope

KERAS_NAMES = sorted(name for name in dir(keras.losses) if not name.startswith("_"))
FOUND_BY_KERAS = sorted(keras.src.losses.ALL_OBJECTS_DICT)


def test_every_public_name_is_there():
    assert [name for name in KERAS_NAMES if not hasattr(losses, name)] == []


@pytest.mark.parametrize("name", [n for n in FOUND_BY_KERAS if n != "LossFunctionWrapper"])
def test_name_means_what_it_means_in_keras(name):
    theirs = keras.losses.get(name)
    ours = losses.get(name)
    if isinstance(theirs, keras.losses.Loss):
        assert type(ours).__name__ == type(theirs).__name__
    else:
        assert ours is getattr(losses, theirs.__name__)


def test_none_callables_and_losses_are_kept():
    loss = losses.Huber()
    assert losses.get(None) is None
    assert losses.get(loss) is loss
    assert losses.get(len) is len
    assert isinstance(losses.get(losses.Huber), losses.Huber)


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "MeanSquaredError", "config": {"reduction": "sum"}},
        {
            "module": "keras.losses",
            "class_name": "MeanSquaredError",
            "config": {"reduction": "sum"},
        },
    ],
)
def test_configs(config):
    loss = losses.get(config)
    assert isinstance(loss, losses.MeanSquaredError)


@pytest.mark.parametrize("name", ["mean_squared_error", "sparse_categorical_crossentropy", "hinge"])
def test_functions_are_written_as_keras_writes_them(name):
    written = losses.serialize(getattr(losses, name))
    assert written == keras.losses.serialize(getattr(keras.losses, name))
    assert losses.deserialize(written) is getattr(losses, name)


def test_custom_function_is_found_by_name():
    def mine(y_true, y_pred):
        return y_pred

    assert losses.deserialize("mine", custom_objects={"mine": mine}) is mine
    with custom_object_scope({"mine": mine}):
        assert losses.get("mine") is mine


@pytest.mark.parametrize("find", [losses.get, losses.deserialize])
def test_misspelt_name_gets_a_hint(find):
    with pytest.raises(ValueError, match="Did you mean 'mean_squared_error'"):
        find("mean_sqared_error")


@pytest.mark.parametrize("wrong", [3, 1.5, ["mse"]])
def test_other_things_are_refused(wrong):
    with pytest.raises(ValueError, match="`loss` must be a name, a config or a callable"):
        losses.get(wrong)


def test_a_scope_of_nothing_is_none():
    with custom_object_scope(None):
        assert losses.get("mse") is losses.mean_squared_error
