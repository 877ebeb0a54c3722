"""Names and small functions that programs for Keras 1 and 2 import."""

import importlib
import inspect

import numpy as np
import pytest
import torch

import torchkeras as keras
from torchkeras import backend as K
from torchkeras.legacy import layer_arguments, old_modules, old_names, old_utilities
from torchkeras.legacy.patches import Patches

pytestmark = pytest.mark.filterwarnings("ignore:.*is of an older Keras:FutureWarning")


@pytest.fixture(scope="module", autouse=True)
def modules():
    patches = Patches()
    for part in (old_names, old_utilities, layer_arguments):
        part.apply(keras, patches)
    yield old_modules.make(keras, patches)
    patches.undo()
    assert not hasattr(keras.constraints, "maxnorm")


NEW_PLACES = {
    "engine.topology.get_source_inputs": keras.utils.get_source_inputs,
    "engine.network.Network": keras.Model,
    "engine.saving.load_model": keras.models.load_model,
    "layers.local.Dense": keras.layers.Dense,
    "callbacks.experimental.BackupAndRestore": keras.callbacks.BackupAndRestore,
    "experimental.CosineDecay": keras.optimizers.schedules.CosineDecay,
}


@pytest.mark.parametrize("path", NEW_PLACES)
def test_old_places(path, modules):
    module, _, name = path.rpartition(".")
    assert getattr(modules[module], name) is NEW_PLACES[path]


def test_old_names_of_constraints_initializers_and_losses():
    dense = keras.layers.Dense(2, kernel_constraint=keras.constraints.maxnorm(3))
    assert dense.kernel_constraint.max_value == 3
    assert keras.initializers.normal is keras.initializers.RandomNormal
    assert keras.losses.cosine_proximity is keras.losses.cosine_similarity


def test_symbols_know_their_shape_by_its_old_name():
    assert keras.Input((3, 4))._keras_shape == (None, 3, 4)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_lengths_of_convolutions(padding, modules):
    lengths = modules["utils.conv_utils"]
    x = torch.zeros(1, 11, 2)
    for size, stride, dilation in ((3, 1, 1), (3, 2, 1), (5, 3, 1), (2, 1, 3)):
        made = keras.layers.Conv1D(1, size, stride, padding, dilation_rate=dilation)(x).shape[1]
        assert lengths.conv_output_length(11, size, padding, stride, dilation) == made
        if dilation == 1:
            grown = keras.layers.Conv1DTranspose(1, size, stride, padding)(x).shape[1]
            assert lengths.deconv_length(11, stride, size, padding) == grown
    assert lengths.conv_input_length(9, 3, "valid", 1) == 11
    assert lengths.conv_output_length(None, 3, padding, 1) is None
    assert lengths.deconv_length(None, 1, 3, padding) is None


def test_small_functions(modules):
    tools = modules["utils.generic_utils"]
    assert tools.has_arg(np.sum, "axis")
    assert not tools.has_arg(lambda **kwargs: None, "axis")
    assert tools.has_arg(lambda **kwargs: None, "axis", accept_all=True)
    assert (tools.to_list(1), tools.to_list([1]), tools.unpack_singleton([1])) == ([1], [1], 1)
    assert keras.utils.normalize_tuple(2, 2, "strides") == (2, 2)
    with pytest.raises(ValueError, match="`strides` must be 2 whole numbers"):
        keras.utils.normalize_tuple((1, 2, 3), 2, "strides")
    assert K.is_tensor(torch.ones(1))
    assert K.is_tensor(keras.Input((1,)))
    assert (K.size(torch.ones(2, 3)), K.normalize_data_format(None)) == (6, "channels_last")


def test_a_model_is_printed_and_stays_one(capsys):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    keras.utils.print_summary(model)
    assert "Total params: 3" in capsys.readouterr().out
    assert keras.utils.multi_gpu_model(model, gpus=2) is model


VOLUMES = "UpSampling3D ZeroPadding3D Cropping3D GlobalMaxPooling3D SpatialDropout3D"


@pytest.mark.parametrize("layer", VOLUMES.split())
def test_layers_of_volumes_take_the_old_order_of_axes(layer):
    cls = getattr(keras.layers, layer)
    needed = {"p": 0.5} if "Dropout" in layer else {}
    assert cls(dim_ordering="th", **needed).data_format == "channels_first"


def test_wrappers_for_scikit_learn(modules):
    assert "KerasClassifier" not in dir(keras.wrappers)
    wrappers = importlib.import_module("torchkeras.legacy.wrappers")
    assert modules["wrappers.scikit_learn"].KerasClassifier is wrappers.KerasClassifier
    assert "sklearn" in inspect.getsource(wrappers)
