"""Losses of layers: added ones, activities, weights; those of the latest call alone."""

import keras
import pytest
import torch

import torchkeras
from torchkeras import Input, layers


def make(package):
    class Adds(package.layers.Layer):
        def __init__(self, factor=1.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            self.add_loss(package.ops.sum(x) * self.factor)
            return x

    return Adds


Adds = make(torchkeras)
X = torch.ones(2, 3)


def numbers(layer):
    return [float(torch.as_tensor(loss).detach()) for loss in layer.losses]


def test_added_losses_are_listed():
    layer = Adds()
    assert layer.losses == []
    layer(X)
    assert numbers(layer) == [6]


def test_calls_do_not_accumulate():
    layer = Adds()
    for _ in range(3):
        layer(X)
    assert numbers(layer) == [6]
    layer(X * 2)
    assert numbers(layer) == [12]


def outer(package, shared=False):
    adds = make(package)

    class Outer(package.layers.Layer):
        def __init__(self):
            super().__init__()
            self.one = adds(1.0)
            self.two = self.one if shared else adds(2.0)

        def call(self, x):
            self.add_loss(package.ops.mean(x))
            return self.two(self.one(x))

    return Outer()


@pytest.mark.parametrize("shared", [False, True])
def test_nested_losses_equal_keras(shared):
    layers_ = [outer(package, shared) for package in (torchkeras, keras)]
    for layer in layers_:
        layer(X)
        layer(X)
    assert sorted(numbers(layers_[0])) == sorted(numbers(layers_[1]))
    assert len(numbers(layers_[0])) == 3


def test_losses_of_models_equal_keras():
    found = []
    for package in (torchkeras, keras):
        x = package.Input((3,))
        adds = make(package)(0.5, name="adds")
        y = package.layers.Dense(
            2, kernel_regularizer="l2", activity_regularizer="l1", kernel_initializer="ones"
        )(adds(adds(x)))
        model = package.Model(x, y)
        model(X)
        model(X)
        found.append(sorted(numbers(model)))
    assert found[0] == pytest.approx(found[1])


def test_several_losses_at_once():
    class Many(layers.Layer):
        def call(self, x):
            self.add_loss([x.sum(), None, x.mean()])
            self.add_loss({"b": x.max()})
            return x

    layer = Many()
    layer(X)
    assert numbers(layer) == [6, 1, 1]


def test_losses_have_gradients():
    layer = layers.Dense(1, activity_regularizer="l2", kernel_regularizer="l2")
    layer(X)
    sum(layer.losses).backward()
    assert layer.kernel.value.grad.abs().sum() > 0


def test_activity_loss_is_divided_by_the_batch():
    for package in (torchkeras, keras):
        layer = (
            package.layers.ActivityRegularization(l1=0.5)
            if False
            else package.layers.Activation(
                "linear", activity_regularizer=package.regularizers.L1(0.5)
            )
        )
        layer(torch.ones(4, 3))
        assert numbers(layer) == [1.5]


def test_activity_losses_of_several_outputs():
    class Two(layers.Layer):
        def call(self, x):
            return x, {"b": x * 2}

    layer = Two(activity_regularizer="l1")
    layer(torch.ones(2, 1))
    assert numbers(layer) == pytest.approx([0.01, 0.02])


def test_activity_regularizer_may_be_set_later():
    layer = layers.Dense(2, kernel_initializer="ones")
    layer(X)
    layer(X)
    layer.activity_regularizer = torchkeras.regularizers.L1(1.0)
    layer(X)
    assert numbers(layer) == [6]


def test_weight_regularizers():
    layer = layers.Layer()
    layer.w = layer.add_weight((2,), "ones", regularizer="l2")
    layer.free = layer.add_weight((2,), "ones")
    layer.fixed = layer.add_weight((2,), "ones", regularizer="l2", trainable=False)
    assert numbers(layer) == pytest.approx([0.02])
    layer.trainable = False
    assert layer.losses == []


def test_regularizers_of_shared_layers_count_once():
    x, dense = Input((2,)), layers.Dense(2, kernel_regularizer="l2", kernel_initializer="ones")
    model = torchkeras.Model(x, dense(dense(x)))
    assert numbers(model) == pytest.approx([0.04])


def test_symbols_add_no_losses():
    layer = Adds()
    layer(Input((3,)))
    assert layer.losses == []


def test_losses_of_plain_torch_modules_around():
    chain = torch.nn.Sequential(Adds(), layers.Dense(1))
    chain(X)
    chain(X)
    assert numbers(chain[0]) == [6]


def test_losses_in_compiled_layers():
    layer = outer(torchkeras, shared=True)
    layer(X)
    expected = numbers(layer)

    @torch.compile(fullgraph=True, backend="eager")
    def step(x):
        y = layer(x)
        return y.sum() + sum(layer.losses)

    for _ in range(3):
        assert step(X).item() == 6 + sum(expected)


def test_losses_of_other_calls_do_not_mix():
    first, second = Adds(), Adds()
    first(X)
    second(X)
    assert (numbers(first), numbers(second)) == ([6], [6])
    first(X)
    assert numbers(second) == [6]


def test_error_in_a_call_ends_the_round():
    class Fails(layers.Layer):
        def __init__(self):
            super().__init__()
            self.adds = Adds()

        def call(self, x):
            self.adds(x)
            raise KeyError

    layer = Fails()
    for _ in range(2):
        with pytest.raises(KeyError):
            layer(X)
    assert numbers(layer) == [6]
    other = Adds()
    other(X)
    other(X)
    assert numbers(other) == [6]


def test_copies_have_no_losses():
    import copy

    layer = Adds()
    layer(X)
    assert copy.deepcopy(layer).losses == []


def test_losses_out_of_calls_count_until_the_next():
    layer = layers.Dense(1)
    layer.add_loss(torch.tensor(3.0))
    assert numbers(layer) == [3]


def test_add_metric_tells_what_to_do():
    with pytest.raises(NotImplementedError, match="Keep a metric as an attribute"):
        layers.Layer().add_metric(3)


def test_metrics_of_layers_are_found():
    class Watches(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = torchkeras.metrics.Mean(name="mean")
            self.more = [torchkeras.metrics.Mean(name="other")]

        def call(self, x):
            self.mean.update_state(x)
            return x

    x = Input((3,))
    model = torchkeras.Model(x, Watches()(x))
    model(X)
    assert [m.name for m in model.layers[1].metrics] == ["mean", "other"]
    assert model.layers[1].mean.result().item() == 1
    assert len(model.layers[1].metrics_variables) == 4
    assert model.layers[1].weights == []


# The short cut


class AddsInTraining(layers.Layer):
    def call(self, x):
        if self.training:
            self.add_loss(x.sum())
        return x


def shared_twice():
    x, adds = Input((3,)), AddsInTraining()
    return torchkeras.Model(x, layers.Dense(2)(adds(adds(x))))


def test_losses_of_a_shared_layer_are_all_there_the_first_time():
    model = shared_twice()
    for _ in range(2):
        model(X)
    for _ in range(2):
        model(X, training=True)
        assert numbers(model) == [6, 6]
    model(X)
    assert numbers(model) == []


def test_helpers_may_add_losses_late():
    def help_in(layer, x):
        layer.add_loss(x.sum())

    class Late(layers.Layer):
        def call(self, x):
            if self.training:
                help_in(self, x)
            return x

    model = torchkeras.Sequential([Input((3,)), Late(), layers.Dense(1)])
    model(X)
    for _ in range(3):
        model(X, training=True)
        assert numbers(model) == [6]


def test_losses_elsewhere_leave_the_short_cut_alone():
    plain, other = torchkeras.Sequential([Input((3,)), layers.Dense(1)]), shared_twice()
    for _ in range(2):
        plain(X), other(X)
    assert plain._seen_dtype is torch.float32
    assert other._seen_dtype is None
    assert other.layers[-1]._seen_dtype is torch.float32


def test_models_with_losses_are_exported():
    model = shared_twice().train()
    model(X)
    torch.export.export(model, (X,), strict=True)
    assert numbers(model) == [6, 6]


def test_activity_loss_of_an_empty_batch_is_zero():
    layer = layers.Activation("linear", activity_regularizer="l2")
    layer(torch.ones(0, 5))
    assert float(layer.losses[0]) == 0.0
