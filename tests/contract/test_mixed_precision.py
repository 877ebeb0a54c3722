"""Under a mixed policy weights stay float32, and computations and outputs are what Keras's are."""

from typing import Any

import pytest
import torch

import torchkeras
from tests import oracle

POLICY = "mixed_bfloat16"
POLICIES = (POLICY, "mixed_float16")
NAMES = ("compute_dtype", "variable_dtype", "input_dtype", "dtype", "autocast")


@pytest.fixture
def mixed():
    with oracle.dtype_policy(POLICY):
        yield


def dtypes(row: Any, package: Any) -> dict[str, list[Any]]:
    """Return all dtypes of a built layer and of what it returns."""
    layer = oracle.built(row, package)
    args, kwargs = oracle.tensors(row, package)
    own = [layer.dtype_policy.name, *(getattr(layer, name) for name in NAMES)]
    weights = [variable.dtype for variable in layer.weights]
    outputs = [leaf.dtype for leaf in oracle.leaves(layer(*args, **kwargs))]
    return {"layer": own, "weights": weights, "outputs": outputs}


@pytest.mark.parametrize("policy", POLICIES)
def test_dtypes_equal_keras(row, policy):
    with oracle.dtype_policy(policy):
        ours, theirs = (dtypes(row, package) for package in oracle.PACKAGES)
    assert ours == theirs


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
