"""`.safetensors`: torch's names, read by the stock library, and its files read here."""

import numpy as np
import pytest
import safetensors.torch
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import layers
from torchkeras.saving import load_weights, save_weights

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")


@pytest.fixture(params=BUILDERS)
def case(request):
    return request.param


def build(case):
    oracle.reset()
    return BUILDERS[case](torchkeras)


def dense(units=3):
    oracle.reset()
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(units), layers.Dense(2)])


def test_round_trip(case, tmp_path):
    first, second = build(case), build(case)
    save_weights(first, tmp_path / "x.safetensors")
    load_weights(second, tmp_path / "x.safetensors")
    oracle.assert_same_outputs(first(inputs(case)), second(inputs(case)), 0)


def test_the_stock_library_reads_it(case, tmp_path):
    model = build(case)
    save_weights(model, tmp_path / "x.safetensors")
    found = safetensors.torch.load_file(tmp_path / "x.safetensors")
    expected = model.state_dict()
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value)


def test_reads_what_the_stock_library_wrote(tmp_path):
    first, second = dense(), dense()
    safetensors.torch.save_file(first.state_dict(), tmp_path / "x.safetensors")
    load_weights(second, tmp_path / "x.safetensors")
    torch.testing.assert_close(first(X), second(X))


def test_load_state_dict_takes_it(tmp_path):
    first, second = dense(), dense()
    save_weights(first, tmp_path / "x.safetensors")
    second.load_state_dict(safetensors.torch.load_file(tmp_path / "x.safetensors"), strict=True)
    torch.testing.assert_close(first(X), second(X))


class Tied(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 4)
        self.second = torch.nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def call(self, inputs):
        return self.second(self.first(inputs))


def test_tied_tensors_are_written_once(tmp_path):
    first, second = Tied(), Tied()
    first(X), second(X)
    save_weights(first, tmp_path / "x.safetensors")
    assert len(safetensors.torch.load_file(tmp_path / "x.safetensors")) == 3
    load_weights(second, tmp_path / "x.safetensors")
    torch.testing.assert_close(first(X), second(X))
    assert second.first.weight is second.second.weight
    safetensors.torch.load_model(second, tmp_path / "x.safetensors")


def test_parameters_stay_the_same_objects(tmp_path):
    model = dense()
    before = list(model.parameters())
    save_weights(model, tmp_path / "x.safetensors")
    load_weights(model, tmp_path / "x.safetensors")
    assert all(old is new for old, new in zip(before, model.parameters(), strict=True))


def test_another_shape_is_refused_and_changes_nothing(tmp_path):
    save_weights(dense(5), tmp_path / "x.safetensors")
    model = dense(3)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"\(5, 4\) in the file, and \(3, 4\)"):
        load_weights(model, tmp_path / "x.safetensors")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_skip_mismatch_loads_the_rest(tmp_path):
    source, model = dense(5), dense(3)
    save_weights(source, tmp_path / "x.safetensors")
    with pytest.warns(UserWarning, match="does not fit"):
        load_weights(model, tmp_path / "x.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(source.get_weights()[3], model.get_weights()[3])


def test_missing_and_unknown_names(tmp_path):
    state = dense().state_dict()
    state["wheight"] = state.pop(next(iter(state)))
    safetensors.torch.save_file(state, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"is missing in the file(.|\n)*'wheight' is not in the"):
        load_weights(dense(), tmp_path / "x.safetensors")


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x08\0\0\0\0\0\0\0{broken}", b"x" * 99])
def test_broken_files(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.safetensors"):
        load_weights(dense(), path)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_dtypes_are_cast(tmp_path, dtype):
    model = dense()
    state = {name: value.to(dtype) for name, value in model.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "x.safetensors")
    load_weights(model, tmp_path / "x.safetensors")
    assert model.weights[0].dtype == "float32"


def test_channels_last_tensors(tmp_path):
    first, second = build("convnet"), build("convnet")
    first.to(memory_format=torch.channels_last)
    save_weights(first, tmp_path / "x.safetensors")
    load_weights(second, tmp_path / "x.safetensors")
    oracle.assert_close(first(inputs("convnet")), second(inputs("convnet")), 1e-6)
