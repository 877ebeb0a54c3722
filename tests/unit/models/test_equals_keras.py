"""Models built alike are alike: layers, names, shapes, weights, numbers, gradients."""

import keras
import numpy as np

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
    described = [[(x.name, type(x).__name__) for x in m.layers] for m in (model, twin)]
    assert described[0] == described[1]


def test_names_of_model_inputs_and_outputs(model, twin):
    assert model.name == twin.name
    assert [x.name for x in model.inputs] == [x.name for x in twin.inputs]
    assert model.output_names == twin.output_names


def test_shapes(model, twin):
    assert shapes(model.input) == shapes(twin.input)
    assert shapes(model.output) == shapes(twin.output)
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
    for ours, theirs in zip(model.layers, twin.layers, strict=True):
        extractors = [
            k.Model(m.inputs, layer.output)
            for k, m, layer in ((torchkeras, model, ours), (keras, twin, theirs))
        ]
        found, expected = (m(tree.flatten(inputs(case))) for m in extractors)
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
