"""A mask rides on a tensor until something is computed with it."""

import pickle

import pytest
import torch

from torchkeras._state.masked import Masked, mask_of, plain, with_mask

MASK = torch.tensor([True, False])


@pytest.fixture
def masked():
    return with_mask(torch.tensor([1.0, 2.0]), MASK)


def test_mask_is_carried(masked):
    assert mask_of(masked) is masked._keras_mask is MASK
    assert isinstance(masked, torch.Tensor)
    assert masked.tolist() == [1, 2]


def test_plain_tensors_have_none():
    assert mask_of(torch.ones(2)) is None
    assert mask_of(3) is None
    assert type(with_mask(torch.ones(2), None)) is torch.Tensor


@pytest.mark.parametrize(
    "compute", [lambda x: x + 1, torch.relu, lambda x: x[0], lambda x: x.mean(), torch.clone, abs]
)
def test_every_result_is_plain(masked, compute):
    assert type(compute(masked)) is torch.Tensor


def test_mask_can_be_taken_off(masked):
    assert type(plain(masked)) is torch.Tensor
    assert type(with_mask(masked, None)) is torch.Tensor
    assert type(masked) is Masked


def test_mask_can_be_replaced(masked):
    other = torch.tensor([False, False])
    assert mask_of(with_mask(masked, other)) is other
    assert mask_of(masked) is MASK


def test_memory_is_shared(masked):
    x = torch.ones(2)
    with_mask(x, MASK).add_(1)
    assert x.tolist() == [2, 2]
    assert with_mask(x, MASK).data_ptr() == x.data_ptr()


def test_gradients_flow():
    x = torch.ones(2, requires_grad=True)
    with_mask(x * 2, MASK).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_masked_tensors_are_pickled(masked):
    loaded = pickle.loads(pickle.dumps(masked))
    assert loaded.tolist() == [1, 2]
    assert mask_of(loaded).tolist() == [True, False]


def test_masks_in_compiled_functions():
    @torch.compile(fullgraph=True, backend="eager")
    def run(x):
        return torch.where(mask_of(with_mask(x, x > 1)), x, 0)

    assert run(torch.tensor([1.0, 2.0])).tolist() == [0, 2]


def test_it_is_shown_as_a_tensor(masked):
    assert repr(masked) == repr(torch.tensor([1.0, 2.0]))
