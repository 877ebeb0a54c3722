"""Configs: the arguments of `__init__`, from which an equal layer is made."""

import json

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import initializers, layers, regularizers
from torchkeras.saving import deserialize_keras_object, serialize_keras_object


def again(layer):
    """Return the layer that a layer's config describes, by way of JSON."""
    return type(layer).from_config(json.loads(json.dumps(layer.get_config())))


# Classes without a `get_config` of their own


class Scaled(layers.Layer):
    def __init__(self, factor, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = factor * 2
        self.offset = offset

    def call(self, x):
        return x * self.scale + self.offset


def test_arguments_are_the_config():
    config = Scaled(3.0, name="s").get_config()
    theirs = type("Scaled", (keras.layers.Layer,), {"__init__": keras_init})(3.0, name="s")
    assert config == {**theirs.get_config(), "dtype": config["dtype"]}
    assert (config["factor"], config["offset"]) == (3.0, 0.0)


def keras_init(self, factor, offset=0.0, **kwargs):
    keras.layers.Layer.__init__(self, **kwargs)


def test_layer_is_made_again():
    other = again(Scaled(3.0, offset=1.0, name="s", trainable=False, dtype="float16"))
    assert (other.name, other.trainable, other.compute_dtype) == ("s", False, "float16")
    assert (other.scale, other.offset) == (6.0, 1.0)


def test_objects_among_the_arguments():
    class Holds(layers.Layer):
        def __init__(self, initializer, inner, sizes=(1, 2), **kwargs):
            super().__init__(**kwargs)
            self.initializer, self.inner, self.sizes = initializer, inner, sizes

        def call(self, x):
            return self.inner(x)

    layer = Holds(initializers.HeNormal(seed=3), layers.Dense(2, activation="relu"), sizes=(3, 4))
    with torchkeras.saving.custom_object_scope({"Holds": Holds}):
        other = again(layer)
    assert isinstance(other.initializer, initializers.HeNormal)
    assert other.initializer.seed == 3
    assert other.inner.units == 2
    assert list(other.sizes) == [3, 4]


@pytest.mark.parametrize("objects", [None, {}])
def test_a_scope_of_no_objects_changes_nothing(objects):
    with torchkeras.saving.custom_object_scope(objects):
        assert again(layers.Dense(2)).units == 2


def test_a_class_of_a_user_s_is_given_the_name_of_a_plain_dtype():
    given = []

    class Own(layers.Dense):
        def __init__(self, units, dtype=None, **kwargs):
            given.append(dtype)
            super().__init__(units, dtype=dtype, **kwargs)

    for policy in ("bfloat16", "int8_from_float32"):
        Own.from_config(layers.Dense(1, dtype=policy).get_config())
    assert given[0] == "bfloat16"
    assert given[1] == torchkeras.dtype_policies.get("int8_from_float32")


def test_the_config_of_a_layer_made_again_is_the_same():
    config = Scaled(2.0, dtype="float16").get_config()
    assert Scaled.from_config(config).get_config() == config


def test_arrays_and_numbers_of_numpy():
    layer = Scaled(np.float32(2.0), offset=np.ones(2))
    config = layer.get_config()
    assert config["factor"] == 2.0
    assert type(config["factor"]) is float
    other = again(layer)
    np.testing.assert_array_equal(np.asarray(other.offset), np.ones(2))


def test_arguments_that_no_config_holds_are_named():
    layer = _Takes(lambda x: x)
    with pytest.raises(NotImplementedError, match=r"`_Takes`.*get_config\(\)"):
        layer.get_config()


class _Takes(layers.Layer):
    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x)


def test_positional_arguments_get_their_names():
    class Many(layers.Layer):
        def __init__(self, a, b, c=3, *, d=4, **kwargs):
            super().__init__(**kwargs)
            self.all = (a, b, c, d)

    layer = Many(1, 2, d=5)
    assert {key: layer.get_config()[key] for key in "abd"} == {"a": 1, "b": 2, "d": 5}
    assert again(layer).all == (1, 2, 3, 5)


def test_layers_made_without_arguments():
    class Bare(layers.Layer):
        def __init__(self):
            super().__init__()

        def call(self, x):
            return x

    layer = Bare()
    assert set(layer.get_config()) <= {"name", "trainable", "dtype"}


# Classes with one


class Own(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.size = units

    def get_config(self):
        return {**super().get_config(), "units": self.size}

    def call(self, x):
        return x


def test_own_get_config():
    config = Own(3, name="o").get_config()
    assert set(config) == {"name", "trainable", "dtype", "units"}
    assert again(Own(3, name="o")).size == 3


def test_own_get_config_of_a_built_in_class():
    class Named(layers.Dense):
        def __init__(self, units, tag="x", **kwargs):
            super().__init__(units, **kwargs)
            self.tag = tag

        def get_config(self):
            return {**super().get_config(), "tag": self.tag}

    layer = Named(2, tag="y", activation="relu")
    assert layer.get_config()["units"] == 2
    other = again(layer)
    assert (other.tag, other.units, other.activation.__name__) == ("y", 2, "relu")


def test_built_in_subclass_without_get_config():
    class Named(layers.Dense):
        def __init__(self, units, tag="x", **kwargs):
            super().__init__(units, **kwargs)
            self.tag = tag

    other = again(Named(2, tag="y", use_bias=False))
    assert (other.tag, other.units, other.use_bias) == ("y", 2, False)


def test_own_from_config():
    class Made(Own):
        @classmethod
        def from_config(cls, config):
            config = dict(config)
            return cls(config.pop("units") * 10, **config)

    assert again(Made(3)).size == 30


def test_what_init_does_not_take_is_named():
    with pytest.raises(TypeError, match=r"`Own` could not be made from its config.*'size'|unit"):
        Own.from_config({"size": 3})


def test_config_is_left_alone():
    config = Own(3).get_config()
    before = json.dumps(config)
    Own.from_config(config)
    assert json.dumps(config) == before


# Built-in layers


def test_config_of_a_built_in_layer_equals_keras():
    arguments = {
        "activation": "relu",
        "kernel_initializer": "he_normal",
        "bias_regularizer": "l2",
        "name": "d",
    }
    found = [package.layers.Dense(2, **arguments).get_config() for package in (torchkeras, keras)]
    assert found[0] == found[1]


def test_activity_regularizer_is_in_the_config():
    layer = again(layers.Dense(2, activity_regularizer=regularizers.L1(0.3)))
    assert layer.activity_regularizer.l1 == pytest.approx(0.3)


def test_whole_layers_are_written_and_read():
    layer = layers.Dense(2, name="d")
    layer.build((None, 3))
    written = serialize_keras_object(layer)
    theirs = keras.layers.Dense(2, name="d")
    theirs.build((None, 3))
    expected = keras.saving.serialize_keras_object(theirs)
    assert json.loads(json.dumps(written)) == json.loads(json.dumps(expected))
    other = deserialize_keras_object(written)
    assert other.built
    assert other.kernel.shape == (3, 2)


def test_keras_reads_our_layers():
    written = json.loads(json.dumps(serialize_keras_object(layers.Dense(2, activation="gelu"))))
    theirs = keras.saving.deserialize_keras_object(written)
    assert theirs.get_config()["activation"] == "gelu"


def test_equal_layers_compute_alike():
    layer = layers.Dense(2, kernel_initializer=initializers.GlorotUniform(seed=7))
    x = torch.ones(1, 3)
    assert torch.equal(layer(x), again(layer)(x))


def test_a_function_of_an_older_file_is_found_without_its_package():
    @torchkeras.saving.register_keras_serializable("functions_of_old")
    def cubed_of_old(x):
        return x**3

    config = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    for name in ("cubed_of_old", "functions_of_old>cubed_of_old"):
        found = torchkeras.saving.deserialize_keras_object({**config, "config": name})
        assert found is cubed_of_old


@pytest.mark.parametrize(
    "config",
    [
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}},
        {"module": "builtins", "class_name": "function", "config": "relu"},
    ],
    ids=["class", "function"],
)
def test_the_registered_name_of_something_else_is_refused(config):
    with pytest.raises(ValueError, match="registered_name 'mine>Other' of something else"):
        torchkeras.saving.deserialize_keras_object({**config, "registered_name": "mine>Other"})
