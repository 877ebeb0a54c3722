"""The config is Keras's, word for word, and makes the same layer again."""

import json

import keras

import torchkeras
from tests import oracle


def plain(config):
    """Return a config as it comes out of a JSON file."""
    return json.loads(json.dumps(config))


def configs_of(row):
    """Return the config of a row's layer in torchkeras and in Keras, as JSON has it."""
    return [plain(oracle.make(row, package).get_config()) for package in oracle.PACKAGES]


def outputs_of(layer, row):
    args, kwargs = oracle.tensors(row, torchkeras)
    return layer(*args, **kwargs)


def test_equals_keras(row):
    ours, theirs = configs_of(row)
    assert ours == theirs


def test_serialized_equals_keras(row):
    ours, theirs = (
        plain(package.saving.serialize_keras_object(oracle.kept(row, package)))
        for package in oracle.PACKAGES
    )
    assert ours == theirs


def test_round_trip(row):
    layer = oracle.built(row, torchkeras)
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    outputs_of(copy, row)
    copy.set_weights(layer.get_weights())
    again = type(layer).from_config(config)
    outputs_of(again, row)
    again.set_weights(layer.get_weights())
    oracle.assert_same_outputs(outputs_of(copy, row), outputs_of(again, row), 0)


def test_config_is_not_a_live_part_of_the_layer(row):
    layer = oracle.make(row, torchkeras)
    before = plain(layer.get_config())
    layer.get_config().clear()
    assert plain(layer.get_config()) == before


def test_reads_keras(row):
    _, theirs = configs_of(row)
    ours = type(oracle.make(row, torchkeras)).from_config(theirs)
    assert plain(ours.get_config()) == theirs


def test_keras_reads_it(row):
    ours, _ = configs_of(row)
    theirs = type(oracle.make(row, keras)).from_config(plain(ours))
    assert plain(theirs.get_config()) == ours
