"""`get_source_inputs` and the names of `utils`."""

import keras
import torch

from torchkeras import Input, KerasTensor, layers, utils


def test_every_public_name_is_there():
    names = {name for name in dir(keras.utils) if not name.startswith("_")}
    assert {name for name in names if not hasattr(utils, name)} == set()


def test_inputs_of_a_symbol():
    a, b, unused = Input((3,)), Input((3,)), Input((3,))
    joined = layers.Add()([layers.Dense(3)(a), b])
    found = utils.get_source_inputs(joined * layers.Dense(3)(a))
    assert {id(x) for x in found} == {id(a), id(b)}
    assert utils.get_source_inputs(unused) == [unused]


def test_symbols_without_origin_and_tensors():
    symbol, tensor = KerasTensor((2, 3)), torch.zeros(2)
    assert utils.get_source_inputs(symbol) == [symbol]
    assert utils.get_source_inputs(symbol + 1) == [symbol]
    assert utils.get_source_inputs(tensor) is tensor
