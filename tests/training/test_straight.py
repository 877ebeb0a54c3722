"""Functions as straight lines of kernels: the same bits, for functions that are pure."""

import pytest
import torch
import torch.nn.functional as F

from torchkeras._training.recorded.straight import UnrecordableError, straight_line

WEIGHT = torch.nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4))
BIAS = torch.nn.Parameter(torch.linspace(0, 1, 3))
X = torch.linspace(-2, 2, 20).reshape(5, 4)


def layer(x):
    return (F.linear(x, WEIGHT, BIAS).relu(),)


def gradients(x):
    y = F.layer_norm(F.gelu(F.linear(x, WEIGHT, BIAS)), (3,)).square().mean()
    return (y, *torch.autograd.grad(y, [WEIGHT, BIAS]))


def in_place(x):
    y = x + 1
    y[:, 1:].mul_(3)
    y.relu_()
    return (y,)


def several(x):
    left, right = x.split(2, dim=-1)
    values, places = torch.cat([left, right.detach()], -1).max(-1)
    return values, places


def random(x):
    torch.rand(3)  # nobody uses it, and still it comes before the next draw
    return (F.dropout(x, 0.5),)


def unchanged(x):
    return (x.detach().view(x.shape),)


@pytest.mark.parametrize(
    "function", [layer, gradients, in_place, several, random, unchanged], ids=lambda f: f.__name__
)
def test_a_line_gives_the_same_bits(function):
    line = straight_line(function, [X])
    for x in (X, X.flip(0) * 1.5):
        torch.manual_seed(1)
        expected = function(x)
        torch.manual_seed(1)
        with torch.no_grad():
            found = line(x)
        assert all(map(torch.equal, expected, found))


def test_a_line_reads_weights_where_they_are():
    line = straight_line(layer, [X])
    with torch.no_grad():
        try:
            WEIGHT.mul_(2)
            assert torch.equal(line(X)[0], layer(X)[0])
        finally:
            WEIGHT.div_(2)


def test_a_line_without_gradients_can_be_recorded_in_inference_mode():
    with torch.inference_mode():
        line = straight_line(layer, [X])
        assert torch.equal(line(X + 1)[0], layer(X + 1)[0])


COUNTER = torch.zeros(())


def looks(x):
    return (x if x.sum() > 0 else -x,)


def selects(x):
    return (x[x > 0].sum(),)


def counts(x):
    COUNTER.add_(1)
    return (x * COUNTER,)


def overwrites(x):
    return (x.view(-1).mul_(2),)


@pytest.mark.parametrize("function", [looks, selects, counts, overwrites], ids=lambda f: f.__name__)
def test_what_may_be_otherwise_next_time_is_refused(function):
    with pytest.raises(UnrecordableError):
        straight_line(function, [X.clone()])
    assert COUNTER.item() == 0  # and it has not happened
