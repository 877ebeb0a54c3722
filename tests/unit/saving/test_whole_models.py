"""Whole models in one file: refused with what can be done instead."""

import pytest

import torchkeras


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_saving_says_what_can_be_saved(name, tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), torchkeras.layers.Dense(3)])
    with pytest.raises(NotImplementedError, match=r"to_json.*save_weights"):
        torchkeras.models.save_model(model, tmp_path / name)
    with pytest.raises(NotImplementedError, match=r"to_json.*save_weights"):
        model.save(tmp_path / name)


def test_loading_says_what_can_be_loaded(tmp_path):
    with pytest.raises(NotImplementedError, match=r"model_from_json.*load_weights"):
        torchkeras.models.load_model(tmp_path / "m.keras")


def test_both_halves_make_the_model_again(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), torchkeras.layers.Dense(3)])
    model.save_weights(tmp_path / "m.weights.h5")
    copy = torchkeras.models.model_from_json(model.to_json())
    copy.load_weights(tmp_path / "m.weights.h5")
    assert (copy.get_weights()[0] == model.get_weights()[0]).all()
