"""`StatelessScope`, `SymbolicScope`, `RematScope` and `remat`."""

import copy

import pytest
import torch

from torchkeras import RematScope, Sequential, StatelessScope, Variable, layers, metrics, remat

X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def test_values_inside_and_outside():
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.kernel.numpy()
    with StatelessScope([(v, torch.ones(v.shape)) for v in layer.weights]) as scope:
        inside = layer(X)
        layer.kernel.assign(layer.kernel * 3)
    torch.testing.assert_close(inside, X.sum(-1, keepdim=True).expand(4, 2) + 1)
    assert (layer.kernel.numpy() == before).all()
    assert (scope.get_current_value(layer.kernel) == 3).all()
    assert (scope.get_current_value(layer.bias) == 1).all()
    assert scope.get_current_value(Variable(1.0)) is None


def test_given_values_are_left_alone():
    metric = metrics.Mean()
    values = [torch.zeros(()) for _ in metric.variables]
    with StatelessScope(zip(metric.variables, values, strict=True)) as scope:
        metric.update_state(torch.ones(3))
    assert [value.item() for value in values] == [0, 0]
    assert [scope.get_current_value(v).item() for v in metric.variables] == [3, 3]
    assert metric.result() == 0


def test_variables_without_a_value_are_protected():
    v = Variable([1.0, 2.0])
    with StatelessScope() as scope:
        v.assign_add([1.0, 1.0])
        assert v.numpy().tolist() == [2.0, 3.0]
        scope.add_update((v, [5.0, 5.0]))
        with StatelessScope([(v, [0.0, 0.0])]) as inner:
            v.assign_sub([1.0, 1.0])
        assert v.numpy().tolist() == [5.0, 5.0]
    assert v.numpy().tolist() == [1.0, 2.0]
    assert scope.get_current_value(v).tolist() == [5.0, 5.0]
    assert inner.get_current_value(v).tolist() == [-1.0, -1.0]


def test_gradients_of_given_values():
    layer = layers.Dense(2, use_bias=False)
    layer.build((None, 3))
    value = torch.ones(3, 2, requires_grad=True)
    with StatelessScope([(layer.kernel, value)]):
        layer(X).sum().backward()
    torch.testing.assert_close(value.grad, X.sum(0)[:, None].expand(3, 2))
    assert layer.kernel.gradient is None


def test_an_error_leaves_the_scope():
    v = Variable(1.0)
    with pytest.raises(RuntimeError, match="no"), StatelessScope([(v, 2.0)]):
        raise RuntimeError("no")
    assert v.numpy() == 1.0
    v.assign(3.0)
    assert v.numpy() == 3.0


def test_losses_are_collected():
    layer = layers.Dense(2, activity_regularizer="l2")
    with StatelessScope(collect_losses=True) as scope:
        layer(X)
    assert len(scope.losses) == 1


def test_wrong_mappings():
    with pytest.raises(ValueError, match="pairs of a variable and a value"):
        StatelessScope([(torch.ones(1), 1.0)])
    with pytest.raises(ValueError, match=r"a value of its shape \(2,\)"):
        StatelessScope([(Variable([1.0, 2.0]), 1.0)])


# Computing again


class Counted(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = []
        self.dense = layers.Dense(3, "tanh")

    def call(self, x):
        self.calls.append(x.shape)
        return self.dense(x)


def gradients(layer):
    for variable in layer.trainable_weights:
        variable.gradient = None
    layer(X).square().sum().backward()
    return [variable.gradient.clone() for variable in layer.trainable_weights]


def test_remat_of_a_layer_computes_twice_and_gives_the_same_gradients():
    layer = Counted()
    layer(X)
    expected = gradients(layer)
    layer.calls.clear()
    again = remat(layer)
    for variable in layer.trainable_weights:
        variable.gradient = None
    again(X).square().sum().backward()
    assert len(layer.calls) == 2
    for variable, gradient in zip(layer.trainable_weights, expected, strict=True):
        torch.testing.assert_close(variable.gradient, gradient)


def test_remat_without_gradients_computes_once():
    layer = Counted()
    with torch.no_grad():
        remat(layer)(X)
        layer.calls.clear()
        remat(layer)(X)
    assert len(layer.calls) == 1


@pytest.mark.parametrize("seed", [None, 3])
def test_random_numbers_are_the_same_both_times(seed):
    dropout = layers.Dropout(0.5, seed=seed)
    dropout.train()
    x = torch.ones(50, requires_grad=True)
    y = remat(lambda z: dropout(z) * z)(x) if seed is None else remat(_Chain(dropout))(x)
    y.sum().backward()
    kept = y != 0
    torch.testing.assert_close(x.grad[kept], torch.full_like(x.grad[kept], 4.0))
    assert (x.grad[~kept] == 0).all()


class _Chain(layers.Layer):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = dropout
        self.train()

    def call(self, x):
        return self.dropout(x) * x


def test_statistics_are_counted_once():
    norms = [layers.BatchNormalization() for _ in range(2)]
    for norm in norms:
        norm.build((None, 3))
        norm.train()
    for norm, call in zip(norms, (norms[0], remat(norms[1])), strict=True):
        x = X.clone().requires_grad_()
        call(x).square().sum().backward()
        norm.seen_gradient = x.grad
    torch.testing.assert_close(norms[0].moving_mean.value, norms[1].moving_mean.value)
    torch.testing.assert_close(norms[0].moving_variance.value, norms[1].moving_variance.value)
    torch.testing.assert_close(norms[0].seen_gradient, norms[1].seen_gradient)


MODES = [
    ({}, True), ({"mode": None}, False), ({"mode": "activations"}, False),
    ({"mode": "larger_than", "output_size_threshold": 11}, True),
    ({"mode": "larger_than", "output_size_threshold": 12}, False),
    ({"mode": "list_of_layers", "layer_names": ["mine"]}, True),
    ({"mode": "list_of_layers", "layer_names": ["other"]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("options", "twice"), MODES)
def test_scope(options, twice):
    with RematScope(**options):
        layer = Counted(name="mine")
    model = Sequential([layer])
    model(X)
    model(X)  # the first call with gradients may have to look at the size of the outputs
    layer.calls.clear()
    model(X).sum().backward()
    assert len(layer.calls) == 1 + twice


def test_activations_are_those_of_layers_that_have_some():
    with RematScope("activations"):
        dense, plain = layers.Dense(2, "relu"), layers.Flatten()
    model = Sequential([dense, plain])
    model(X).sum().backward()
    assert dense.kernel.gradient is not None


def test_inner_scopes_win_and_layers_made_outside_are_not_concerned():
    with RematScope():
        with RematScope(None):
            inner = layers.Dense(2)
        outer = layers.Dense(2)
    after = layers.Dense(2)
    assert ["forward" in layer.__dict__ for layer in (inner, outer, after)] == [False, True, False]


def test_such_layers_are_trained_and_copied():
    with RematScope():
        model = Sequential([layers.Dense(4, "relu"), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    copied = copy.deepcopy(model)
    torch.testing.assert_close(copied(X), model(X))
    copied.layers[0].set_weights([torch.zeros(3, 4), torch.zeros(4)])
    assert (model.layers[0].kernel.numpy() != 0).any()
    assert (copied.layers[0](X) == 0).all()


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="`mode` must be one of 'full'"):
        RematScope("half")
