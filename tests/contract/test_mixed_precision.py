"""Under a mixed policy weights stay float32, and computations and outputs are what Keras's are."""

import pytest
import torch

import torchkeras
from tests import oracle

POLICY = "mixed_bfloat16"


@pytest.fixture
def mixed():
    with oracle.dtype_policy(POLICY):
        yield


@pytest.mark.usefixtures("mixed")
def test_dtypes_equal_keras(row):
    outputs, weights = [], []
    for package in oracle.PACKAGES:
        layer = oracle.built(row, package)
        args, kwargs = oracle.tensors(row, package)
        outputs.append([leaf.dtype for leaf in oracle.leaves(layer(*args, **kwargs))])
        weights.append([variable.dtype for variable in layer.weights])
    assert outputs[0] == outputs[1]
    assert weights[0] == weights[1]


def test_numbers_are_near_those_of_float32(row):
    full = oracle.built(row, torchkeras)
    with oracle.dtype_policy(POLICY):
        mixed = oracle.built(row, torchkeras)
    mixed.load_state_dict(full.state_dict())
    args, kwargs = oracle.tensors(row, torchkeras)
    pairs = zip(*(oracle.leaves(x(*args, **kwargs)) for x in (full, mixed)), strict=True)
    for wanted, found in pairs:
        torch.testing.assert_close(found.float(), wanted.float(), rtol=0.1, atol=0.1)


@pytest.mark.usefixtures("mixed")
def test_gradients_reach_the_float32_weights(row):
    layer = oracle.built(row, torchkeras)
    args, kwargs = oracle.tensors(row, torchkeras, grads=True)
    found = oracle.gradients(layer, layer(*args, **kwargs), oracle.leaves([args, kwargs]))
    for name, grad in found:
        assert grad is None or grad.dtype == torch.float32, name
