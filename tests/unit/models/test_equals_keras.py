"""Models built alike are alike: layers, names, shapes, weights, numbers, gradients."""

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import tree


def shapes(structure):
    return tree.map_structure(lambda symbol: tuple(symbol.shape), structure)


def symbols(k, case):
    def make(array):
        return k.Input(array.shape[1:], dtype=array.dtype.name)

    return tree.map_structure(make, inputs(case))


def test_layers_and_their_order(model, twin):
    assert [layer.name for layer in model.layers] == [layer.name for layer in twin.layers]


def test_names_of_model_and_outputs(model, twin):
    assert model.name == twin.name
    if hasattr(twin, "output_names"):
        assert model.output_names == twin.output_names


def test_shapes(model, twin):
    assert shapes(model.inputs) == shapes(twin.inputs)
    assert shapes(model.outputs) == shapes(twin.outputs)
    assert model.input_shape == twin.input_shape
    assert model.output_shape == twin.output_shape


def test_weights(model, twin):
    described = [[(v.path, tuple(v.shape), v.trainable) for v in m.weights] for m in (model, twin)]
    assert described[0] == described[1]
    assert len(model.trainable_weights) == len(twin.trainable_weights)
    assert model.count_params() == twin.count_params()


def test_outputs(case, pair):
    model, twin = pair
    oracle.assert_same_outputs(model(inputs(case)), twin(inputs(case)), 1e-5)


def test_batches_of_another_size(case, pair):
    model, twin = pair
    model(inputs(case))
    oracle.assert_same_outputs(model(inputs(case, 5)), twin(inputs(case, 5)), 1e-5)


def test_gradients(case, pair):
    found = [oracle.gradients(m, m(inputs(case)), []) for m in pair]
    for (name, ours), (_, theirs) in zip(*found, strict=True):
        oracle.assert_close(ours, theirs, 1e-4, name)


def test_outputs_for_symbols(case, model, twin):
    assert shapes(model(symbols(torchkeras, case))) == shapes(twin(symbols(keras, case)))


def test_every_layer_is_found_by_name_and_index(model):
    for index, layer in enumerate(model.layers):
        assert model.get_layer(layer.name) is layer
        assert model.get_layer(index=index) is layer


def test_feature_extractor_from_each_layer(case, pair):
    model, twin = pair
    arrays = tree.flatten(inputs(case))
    for ours, theirs in zip(model.layers, twin.layers, strict=True):
        if type(ours) is torchkeras.Model:  # its outputs are those of its own wiring
            with pytest.raises(ValueError, match="not connected"):
                torchkeras.Model(model.inputs, ours.output)
        else:
            found = torchkeras.Model(model.inputs, ours.output)(arrays)
            expected = keras.Model(twin.inputs, theirs.output)(arrays)
            oracle.assert_close(found, expected, 1e-5, ours.name)


def test_same_names_each_time(case):
    oracle.reset()
    first = [x.name for x in BUILDERS[case](torchkeras).layers]
    oracle.reset()
    assert [x.name for x in BUILDERS[case](torchkeras).layers] == first


def test_prediction_of_numpy_arrays(case, pair):
    found, expected = (m.predict(inputs(case), verbose=0) for m in pair)
    for ours, theirs in zip(tree.flatten(found), tree.flatten(expected), strict=True):
        assert isinstance(ours, np.ndarray)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
