"""`state_dict` holds each tensor once, and two instances exchange it strictly."""

import torch

import torchkeras
from tests import oracle


def test_exchange(row):
    first, second = (oracle.built(row, torchkeras) for _ in range(2))
    first.set_weights(oracle.random_weights(first, row.rng()))
    second.load_state_dict(first.state_dict(), strict=True)
    args, kwargs = oracle.tensors(row, torchkeras)
    oracle.assert_same_outputs(first(*args, **kwargs), second(*args, **kwargs), 0)


def test_each_tensor_once(row):
    state = oracle.kept(row, torchkeras).state_dict()
    places = [value.data_ptr() for value in state.values() if value.numel()]
    assert len(places) == len(set(places))


def test_every_variable_is_in_it(row):
    layer = oracle.kept(row, torchkeras)
    held = {value.data_ptr() for value in layer.state_dict().values()}
    for variable in layer.variables:
        for part in variable.parameters:
            assert part.data_ptr() in held, variable.path


def test_trainable_weights_are_the_parameters(row):
    layer = oracle.kept(row, torchkeras)
    parts = {id(part) for v in layer.trainable_weights for part in v.parameters}
    assert parts == {id(p) for p in layer.parameters() if p.requires_grad}


def test_statistics_and_seeds_are_buffers(row):
    layer = oracle.kept(row, torchkeras)
    buffers = {id(buffer) for buffer in layer.buffers()}
    for variable in layer.variables:
        if not variable.born_trainable:
            assert all(id(part) in buffers for part in variable.parameters), variable.path


def test_moves_with_to(row):
    layer = oracle.built(row, torchkeras).to(torch.float64)
    floats = [part for part in layer.state_dict().values() if part.is_floating_point()]
    assert all(part.dtype == torch.float64 for part in floats)
