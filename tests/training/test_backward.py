"""A step's backward pass is that of `loss.backward()`."""

import pytest
import torch

from torchkeras._training.backward import backward


def test_gradients_are_added_up():
    x = torch.randn(3, requires_grad=True)
    backward((x * x).sum())
    backward((x * x).sum())
    assert torch.equal(x.grad, 4 * x)


def test_the_graph_is_freed():
    x = torch.randn(3, requires_grad=True)
    loss = x.exp().sum()
    backward(loss)
    with pytest.raises(RuntimeError, match="second time"):
        backward(loss)


def test_hooks_that_write_into_the_gradient_of_the_loss_leave_the_next_step_alone():
    for _ in range(2):
        x = torch.ones(1, requires_grad=True)
        loss = x.sum()
        loss.register_hook(lambda grad: grad.mul_(2))
        backward(loss)
        assert x.grad.item() == 2


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (torch.ones(2, requires_grad=True) * 2, "only for scalar outputs"),
        (torch.ones(()), "does not require grad"),
    ],
)
def test_what_cannot_be_done_is_refused_with_torch_s_words(loss, text):
    with pytest.raises(RuntimeError, match=text):
        backward(loss)


def test_subclasses_of_tensors_have_their_own():
    class Noted(torch.Tensor):
        def backward(self, *args, **kwargs):
            self.called = True

    loss = torch.ones(()).as_subclass(Noted)
    backward(loss)
    assert loss.called
