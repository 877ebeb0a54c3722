"""First values wait while a file is loaded; what no file gave gets its own in the end."""

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras._state.postponing import first_values_last


def dense(units=200):
    layer = layers.Dense(units, kernel_initializer="ones")
    layer.build((None, 100))
    return layer


def test_what_is_not_written_gets_its_first_value():
    with first_values_last():
        first, second, small = dense(), dense(), dense(3)
        assert (small.kernel.numpy() == 1).all()
        second.kernel.assign(np.full((100, 200), 2.0))
    assert (first.kernel.numpy() == 1).all()
    assert (second.kernel.numpy() == 2).all()
    assert (first.bias.numpy() == 0).all()


def test_outside_nothing_waits():
    assert (dense().kernel.numpy() == 1).all()


def test_after_an_error_nothing_waits():
    with pytest.raises(KeyError), first_values_last():
        raise KeyError
    assert (dense().kernel.numpy() == 1).all()


@torchkeras.saving.register_keras_serializable("test_postponing")
class Forgetful(layers.Dense):
    """Keeps nothing in files."""

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass


@pytest.mark.parametrize("ending", [".keras", ".h5", ".safetensors"])
def test_loaded_models_draw_nothing(tmp_path, ending, monkeypatch):
    model = torchkeras.Sequential([torchkeras.Input((100,)), layers.Dense(200)])
    model.save(tmp_path / f"m{ending}")
    drawn = []
    draw = torchkeras.initializers.GlorotUniform.__call__
    monkeypatch.setattr(
        torchkeras.initializers.GlorotUniform,
        "__call__",
        lambda *args, **kwargs: drawn.append(args) or draw(*args, **kwargs),
    )
    again = torchkeras.saving.load_model(tmp_path / f"m{ending}")
    assert not drawn
    torch.testing.assert_close(again.layers[0].linear.weight, model.layers[0].linear.weight)


def test_layers_that_keep_nothing_in_files(tmp_path):
    model = torchkeras.Sequential(
        [torchkeras.Input((100,)), Forgetful(200, kernel_initializer="ones")]
    )
    model.save(tmp_path / "m.keras")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert (again.get_weights()[0] == 1).all()


def test_models_loaded_for_inference(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((100,)), layers.Dense(200)])
    model.save(tmp_path / "m.keras")
    with torch.inference_mode():
        again = torchkeras.saving.load_model(tmp_path / "m.keras")
        assert torch.equal(again(torch.ones(1, 100)), model(torch.ones(1, 100)))
