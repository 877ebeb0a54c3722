"""What is wrong is refused, with the argument, what came and a way out."""

import pytest
import torch

import torchkeras
from torchkeras import ops

X, V = torch.ones(2, 3), torch.ones(3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.sum(X, 2), r"`axis` must be from -2 to 1 .* axis=2"),
        (lambda: ops.mean(X, (0, -3)), r"`axis` must be from -2 to 1 .* axis=-3"),
        (lambda: ops.sort(X, 5), r"`axis` must be from -2 to 1 .* axis=5"),
        (lambda: ops.take(X, 0, 3), r"`axis` must be from -2 to 1 .* axis=3"),
        (lambda: ops.expand_dims(X, 4), r"`axis` must be from -3 to 2 .* axis=4"),
        (lambda: ops.expand_dims(X, None), r"`axis` must be a whole number.*axis=None"),
        (lambda: ops.squeeze(X, 0), r"`axis` must name axes of size 1.*axis=0 for shape \(2, 3\)"),
        (lambda: ops.max(torch.ones(0)), r"`x` must have values.*`initial`.*shape \(0,\)"),
        (lambda: ops.amin(torch.ones(2, 0), 1), r"`x` must have values.*shape \(2, 0\), axis=1"),
        (lambda: ops.average(X, 0, V), r"`weights` must have the shape of `x`.*\(3,\).*axis=0"),
        (lambda: ops.quantile(X, 0.5, method="midpont"), r"`method` must be one of.*'midpoint'\?"),
        (lambda: ops.bincount([1], sparse=True), r"Sparse tensors do not exist.*sparse=True"),
        (lambda: ops.digitize(X, X), r"`bins` must be a vector.*shape=\(2, 3\)"),
        (lambda: ops.reshape(V, (-2, 3)), r"`newshape` must hold sizes from 0.*\(-2, 3\)"),
        (lambda: ops.reshape(V, (-1, 1, -1)), r"`newshape` must .* -1 at most once"),
        (lambda: ops.histogram(X), r"`x` must be a vector.*shape=\(2, 3\).*ops.ravel"),
        (lambda: ops.histogram(V, -1), r"`bins` must not be negative.*bins=-1"),
        (lambda: ops.histogram(V, 2, (3, 1)), r"`range` must be a pair.*range=\(3, 1\)"),
        (lambda: ops.correlate(X, V), r"`x1` and `x2` must be vectors.*shape=\(2, 3\)"),
        (lambda: ops.correlate(V, V, "ful"), r"`mode` must be one of.*mode='ful'.*'full'"),
        (lambda: ops.searchsorted(X, V), r"`sorted_sequence` must be a vector.*vectorized_map"),
        (lambda: ops.searchsorted(V, V, "middle"), r"`side` must be one of 'left', 'right'"),
        (lambda: ops.argpartition(V, 3), r"`kth` must be from -3 to 2 for 3 values.*kth=3"),
        (lambda: ops.where(True, 1), r"`x1` and `x2` must be given both, or neither"),
        (lambda: ops.select([True], [V, V]), r"lists of one length"),
        (lambda: ops.select([], []), r"lists of one length, at least 1"),
        (lambda: ops.diagonal(V), r"`x` must have at least two axes.*shape=\(3,\)"),
        (lambda: ops.diagonal(X, 0, 1, -1), r"`axis1` and `axis2` must differ.*axis2=-1"),
        (lambda: ops.split(V, 2), r"Axis 0 of size 3 cannot be split.*ops.array_split"),
        (lambda: ops.vsplit(V, 3), r"`vsplit` works on tensors of at least 2 dimensions"),
        (lambda: ops.dsplit(X, 3), r"`dsplit` works on tensors of at least 3 dimensions"),
        (lambda: ops.concatenate([V, V], None), r"`axis` must be a whole number.*axis=None"),
        (lambda: ops.stack([]), r"at least one tensor to join.*\[\]"),
        (lambda: ops.pad(X, 1, "mirror"), r"`mode` must be one of 'constant'.*mode='mirror'"),
        (lambda: ops.pad(X, 1, "edge", 3), r"`constant_values` may only be given.*mode='edge'"),
        (lambda: ops.pad(X, ((1, 1),) * 3), r"`pad_width` must be a number, a pair or 2 pairs"),
        (lambda: ops.pad(X, -1), r"`pad_width` must be .* from 0. Received: pad_width=-1"),
        (lambda: ops.rot90(V), r"`axes` must be two different axes of `array`"),
        (lambda: ops.rot90(X, 1, (0, -2)), r"`axes` must be two different axes.*axes=\(0, -2\)"),
        (lambda: ops.fliplr(V), r"`x` must have at least two axes"),
        (lambda: ops.flipud(torch.ones(())), r"`x` must have at least one axis"),
        (lambda: ops.diag(torch.ones(1, 1, 1)), r"`x` must be a vector or a matrix"),
        (lambda: ops.vander(X), r"`x` must be a vector.*shape=\(2, 3\)"),
        (lambda: ops.cross(torch.ones(4), V), r"must have two or three values"),
        (lambda: ops.meshgrid(V, indexing="yx"), r"`indexing` must be one of 'xy', 'ij'"),
        (lambda: ops.linspace(0, 1, -1), r"`num` must not be negative.*num=-1"),
        (lambda: ops.hanning(2.5), r"`x` must be a whole number from 0.*x=2.5"),
        (lambda: ops.hamming(-1), r"`x` must be a whole number from 0.*x=-1"),
        (lambda: ops.vectorize(len, signature="n->n"), r"`signature` must be of the form"),
    ],
)
def test_wrong_values(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.bitwise_and(X, 1), r"`x` must hold whole numbers.*float32.*ops.cast"),
        (lambda: ops.left_shift(1, X), r"`y` must hold whole numbers"),
        (lambda: ops.gcd(X, 2), r"`x1` must hold whole numbers"),
        (lambda: ops.ldexp(X, X), r"`x2` must hold whole numbers.*float32"),
        (lambda: ops.ldexp(X, True), r"`x2` must hold whole numbers.*bool"),
        (lambda: ops.eye(3.0), r"`N` must be a whole number.*N=3.0"),
        (lambda: ops.eye(3, torch.tensor(2.0)), r"`M` must be a whole number"),
        (lambda: ops.histogram(V, 2.0), r"`bins` must be an integer.*bins=2.0"),
        (lambda: ops.add("a", 1), r"Only numbers can become a tensor.*'a'"),
        (lambda: ops.custom_gradient(lambda x: x)(X), r"must return a pair `\(output, grad\)`"),
        (lambda: ops.vectorize(len, excluded=[1.5]), r"`excluded` must hold numbers and names"),
    ],
)
def test_wrong_types(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_an_unknown_size_is_not_taken_for_one():
    with pytest.raises(ValueError, match="`axis` must name axes of size 1"):
        ops.squeeze(torchkeras.KerasTensor((None, 2)), 0)


def test_a_shape_that_depends_on_values_is_refused_for_symbols():
    x = torchkeras.KerasTensor((None, 3))
    start = torchkeras.KerasTensor((2,), "int32")
    for call in (ops.unique, ops.nonzero, ops.where, lambda x: ops.slice(x, start, (-1, 3))):
        with pytest.raises(ValueError, match=r"depends on the values.*custom Layer"):
            call(x)
