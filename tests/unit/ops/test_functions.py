"""Functions of functions, and what no table can say."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import ops


def log1pexp(package):
    """Keras's own example: log(1 + eˣ) with a gradient that does not overflow."""

    @package.ops.custom_gradient
    def function(x):
        e = package.ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return package.ops.multiply(upstream, 1.0 - 1.0 / package.ops.add(1, e))

        return package.ops.log(1 + e), grad

    return function


def test_custom_gradient_equals_keras():
    ours, theirs = (torch.tensor([-1.0, 2.0, 100.0], requires_grad=True) for _ in range(2))
    log1pexp(torchkeras)(ours).sum().backward()
    log1pexp(keras)(theirs).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, equal_nan=True)


def test_custom_gradient_with_the_upstream_alone():
    @ops.custom_gradient
    def twice(x):
        return x * 2, lambda upstream: upstream * 10

    x = torch.ones(2, requires_grad=True)
    twice(x).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]


def test_custom_gradient_of_several_tensors_and_outputs():
    @ops.custom_gradient
    def function(pair, factor=1):
        first, second = pair

        def grad(*tensors, upstream):
            total = upstream[0] + upstream[1]
            return total * factor, None

        return {"a": first * factor, "b": first + second}, grad

    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    result = function((x, y), factor=3)
    (result["a"] + result["b"]).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    assert y.grad is None


def test_custom_gradient_of_a_variable_and_of_a_symbol():
    variable = torchkeras.Variable(np.ones(2, "float32"))
    log1pexp(torchkeras)(variable).sum().backward()
    assert variable.value.grad is not None
    symbol = torchkeras.KerasTensor((None, 3))
    assert log1pexp(torchkeras)(symbol).shape == (None, 3)


def test_custom_gradient_with_a_wrong_number_of_gradients():
    function = ops.custom_gradient(lambda x: (x * 2, lambda *args, upstream: (upstream, upstream)))
    with pytest.raises(ValueError, match=r"must return 1 gradients.*Received: 2"):
        function(torch.ones(2, requires_grad=True)).sum().backward()


@pytest.mark.parametrize(
    ("function", "kwargs", "args"),
    [
        (lambda a, b: a * b + 1, {}, ((2, 1, 3), (4, 1))),
        (lambda a: (a * 2, a + 1), {}, ((2, 3),)),
        (lambda a, b: (a * b).sum(), {"signature": "(n),(n)->()"}, ((2, 3, 4), (4,))),
        (lambda a, b: a @ b, {"signature": "(m,n),(n,k)->(m,k)"}, ((5, 2, 3), (3, 4))),
        (lambda a: a, {}, ((),)),
    ],
)
def test_vectorize_equals_numpy(function, kwargs, args):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(-1, 1, shape).astype("float32") for shape in args]
    found = ops.vectorize(function, **kwargs)(*(torch.tensor(x) for x in arrays))
    expected = np.vectorize(function, **kwargs)(*arrays)
    for ours, theirs in zip(
        torchkeras.tree.flatten(found),
        torchkeras.tree.flatten(tuple(expected) if isinstance(expected, tuple) else expected),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_vectorize_passes_excluded_arguments_on():
    power = ops.vectorize(lambda x, exponent, shift=0: x**exponent + shift, excluded={1, "shift"})
    assert power(torch.tensor([1.0, 3.0]), 2, shift=1).tolist() == [2.0, 10.0]


def test_vectorize_refuses_sizes_that_do_not_fit():
    dot = ops.vectorize(lambda a, b: (a * b).sum(), signature="(n),(n)->()")
    with pytest.raises(ValueError, match=r"'n' of `signature` has one size only.*3 and 4"):
        dot(torch.ones(2, 3), torch.ones(4))
    with pytest.raises(ValueError, match=r"names 2 arguments. Received: 1"):
        dot(torch.ones(2, 3))


def test_vectorize_takes_symbols():
    dot = ops.vectorize(lambda a, b: (a * b).sum(), signature="(n),(n)->()")
    assert dot(torchkeras.KerasTensor((None, 3)), torch.ones(3)).shape == (None,)


def test_names_without_values():
    assert ops.empty((2, 3)).shape == (2, 3)
    assert ops.empty_like([1, 2], "float16").dtype == torch.float16
    assert ops.ndim(torchkeras.KerasTensor((None, 3))) == 2


def test_aliases_are_one_function():
    for name, other in [("abs", "absolute"), ("conj", "conjugate"), ("divide", "true_divide")]:
        assert getattr(ops, name) is getattr(ops, other)


def test_lists_numbers_and_arrays_meet_tensors():
    x = torch.tensor([1.0, 2.0])
    for other in ([1, 2], np.array([1, 2]), torchkeras.Variable(np.array([1.0, 2.0], "float32"))):
        assert ops.add(x, other).tolist() == [2.0, 4.0]
        assert ops.add(other, x).tolist() == [2.0, 4.0]


def test_half_tensors_stay_half_beside_numbers():
    x = torch.ones(2, dtype=torch.float16)
    for name in "add maximum divide arctan2 where".split():
        arguments = (x > 0, x, 2.0) if name == "where" else (x, 2.0)
        assert getattr(ops, name)(*arguments).dtype == torch.float16


def test_split_of_an_unknown_batch():
    parts = ops.split(torchkeras.KerasTensor((None, 4)), 2)
    assert [part.shape for part in parts] == [(None, 4), (None, 4)]


def test_maximum_of_an_unwanted_gradient_at_a_tie_is_shared():
    x = torch.zeros(2, requires_grad=True)
    ops.maximum(x, 0.0).sum().backward()
    y = torch.zeros(2, requires_grad=True)
    keras.ops.maximum(y, 0.0).sum().backward()
    assert x.grad.tolist() == y.grad.tolist()


# Where Keras on torch departs from NumPy and from its own documentation, the answer is NumPy's.
def test_symmetric_padding_mirrors_more_than_the_edge():
    x = np.arange(4.0, dtype="float32")
    assert ops.pad(x, 3, "symmetric").tolist() == np.pad(x, 3, "symmetric").tolist()
    assert keras.ops.pad(x, ((3, 3),), "symmetric").tolist() != np.pad(x, 3, "symmetric").tolist()


def test_padding_by_a_number_pads_every_axis():
    x = np.ones((2, 3), "float32")
    assert ops.pad(x, 1).shape == np.pad(x, 1).shape
    assert keras.ops.pad(x, 1).shape != np.pad(x, 1).shape


def test_nextafter_is_another_number():
    assert ops.nextafter([1.0], [2.0]).tolist() != [1.0]
    assert keras.ops.nextafter([1.0], [2.0]).tolist() == [1.0]


def test_argpartition_orders_floats():
    x = np.array([0.9, 0.1, 0.5], "float32")
    assert ops.argpartition(x, 0)[0] == 1
    assert keras.ops.argpartition(x, 0)[0] == 0


def test_keepdims_without_an_axis_keeps_all():
    assert ops.max(np.ones((2, 3)), keepdims=True).shape == (1, 1)
    assert keras.ops.max(torch.ones(2, 3), keepdims=True).shape == ()


def test_dot_of_many_axes_is_numpys():
    x, y = torch.ones(2, 3), torch.ones(5, 3, 4)
    assert ops.dot(x, y).shape == (2, 5, 4)
    assert keras.ops.dot(x, y).shape == (5, 2, 4)


def test_running_sums_without_nan_keep_infinity():
    x = np.array([float("inf"), 1.0], "float32")
    assert np.isinf(ops.nancumsum(x).numpy()).all()
    assert not np.isinf(keras.ops.nancumsum(x).numpy()).any()


def test_values_between_tensors_along_another_axis():
    x, y = torch.zeros(2), torch.ones(2)
    assert ops.linspace(x, y, 3, axis=-1).shape == (2, 3)
    with pytest.raises(ValueError, match=r"axis"):
        keras.ops.linspace(x, y, 3, axis=-1)


def test_a_number_of_slices_of_an_unknown_size():
    x = torchkeras.Input((None, 4))
    model = torchkeras.Model(x, ops.unstack(x, num=3, axis=1))
    assert [tuple(y.shape) for y in model(torch.ones(2, 3, 4))] == [(2, 4)] * 3
    with pytest.raises(ValueError, match=r"`num` must be given.*axis 1"):
        ops.unstack(x, axis=1)


def test_a_block_from_a_start_in_a_tensor_to_the_end():
    x = torch.arange(6.0).reshape(2, 3)
    assert ops.slice(x, torch.tensor([0, 1]), (2, -1)).tolist() == [[1.0, 2.0], [4.0, 5.0]]


def test_a_python_number_is_never_a_float64_on_its_way():
    class Module(torch.nn.Module):
        def forward(self, x):
            return torch.maximum(x, ops.convert_to_tensor(1e-7, dtype="float32"))

    constants = torch.export.export(Module(), (torch.ones(2),)).constants.values()
    assert torch.float64 not in {value.dtype for value in constants}


@pytest.mark.parametrize("repeats", [np.array([1, 2]), np.array([2]), [1, 2], torch.tensor([1, 2])])
def test_repeats_in_any_form(repeats):
    x = np.arange(4).reshape(2, 2)
    assert ops.repeat(x, repeats, -1).tolist() == np.repeat(x, np.asarray(repeats), -1).tolist()


def test_repeats_of_a_symbol_may_differ():
    assert ops.repeat(torchkeras.KerasTensor((2, 3)), [1, 2], axis=0).shape == (3, 3)


def test_unique_values_of_a_symbol_are_as_many_as_asked_for():
    x = torchkeras.KerasTensor((None, 4))
    assert [y.shape for y in ops.unique(x, size=5, return_index=True)] == [(5,), (5,)]
    values, inverse = ops.unique(x, axis=0, size=3, return_inverse=True)
    assert (values.shape, inverse.shape) == ((3, 4), (None,))


def test_a_new_shape_in_an_array():
    assert ops.reshape(torch.ones(6), np.array([2, 3])).shape == (2, 3)


def test_a_median_over_no_axis_keeps_infinity():
    assert ops.nanmedian([1.0, float("inf")], axis=()).tolist() == [1.0, float("inf")]


def test_views_of_bits_have_the_very_dtype():
    assert ops.view(torch.ones(2, dtype=torch.int32), "uint32").dtype == torch.uint32
