"""Configs in the form of Keras 2, written and read."""

import keras
import numpy as np
import pytest

import torchkeras
from tests import oracle
from torchkeras.utils import legacy

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


class Doubled:
    def __init__(self, inner, name="doubled"):
        self.inner, self.name = inner, name

    def get_config(self):
        return {"inner": self.inner, "name": self.name}


def test_written_as_keras_writes():
    for make in (
        lambda k: k.layers.Dense(3, name="d", kernel_regularizer="l2"),
        lambda k: Doubled(k.regularizers.L2(0.5)),
        lambda k: k.losses.mean_squared_error,
        lambda k: None,
    ):
        ours, theirs = (k.legacy.saving.serialize_keras_object(make(k)) for k in oracle.PACKAGES)
        assert ours == theirs


def test_read_again():
    layer = torchkeras.layers.Dense(3, name="d")
    again = legacy.deserialize_keras_object(
        legacy.serialize_keras_object(layer), vars(torchkeras.layers)
    )
    assert again.get_config() == layer.get_config()
    nested = legacy.serialize_keras_object(Doubled(torchkeras.regularizers.L2(0.5)))
    known = {"Doubled": Doubled, **vars(torchkeras.regularizers)}
    assert float(legacy.deserialize_keras_object(nested, custom_objects=known).inner.l2) == 0.5
    relu = legacy.deserialize_keras_object("relu", vars(torchkeras.activations))
    assert relu is torchkeras.activations.relu
    assert legacy.deserialize_keras_object(relu) is relu
    assert legacy.deserialize_keras_object(None) is None


@pytest.mark.parametrize("wrong", ["os.system", {"class_name": "Popen", "config": {}}, {"a": 1}, 3])
def test_nothing_unknown_is_made(wrong):
    with pytest.raises(ValueError, match=r"Unknown|Improper|interpret"):
        legacy.deserialize_keras_object(wrong, vars(torchkeras.layers))


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_smart_resize_equals_keras(order, dtype):
    x = (np.random.default_rng(0).random((2, 7, 11, 3)) * 200).astype(dtype)
    x = x if order == "channels_last" else np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    for image in (x, x[0]):
        ours, theirs = (
            k.preprocessing.image.smart_resize(image, (4, 5), data_format=order)
            for k in (torchkeras, keras)
        )
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_smart_resize_refuses_what_is_no_image():
    with pytest.raises(ValueError, match="must be an image"):
        torchkeras.preprocessing.image.smart_resize(np.ones((3, 3)), (2, 2))
    with pytest.raises(ValueError, match="2 integers"):
        torchkeras.preprocessing.image.smart_resize(np.ones((3, 3, 1)), (2, 2, 2))
