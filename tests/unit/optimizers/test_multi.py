"""Several optimizers for one model, as Keras has them."""

from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests.unit.optimizers.twin import Twins, gradients, run
from torchkeras import optimizers
from torchkeras._state.layout import SAME
from torchkeras._state.variable import Variable


def mapped(space: Any, **options: Any) -> Any:
    """SGD for whatever ends in `s` or `d`, Adam for the rest."""
    chosen = space.OptimizerMap(space.Adam(0.01, name="adam"))
    chosen[".*s"] = space.SGD(0.1, momentum=0.9, name="sgd")
    chosen["stacked"] = space.RMSprop(0.02, name="rmsprop")
    return space.MultiOptimizer(chosen, name="multi", **options)


def twins(**options: Any) -> Twins:
    return Twins(mapped(optimizers, **options), mapped(keras.optimizers, **options))


@pytest.mark.parametrize("through_grad", [False, True])
@pytest.mark.parametrize("options", [{}, {"loss_scale_factor": 8.0}], ids=["plain", "scaled"])
def test_equals_keras(through_grad: bool, options: dict[str, Any]) -> None:
    run(twins(**options), 20, through_grad=through_grad)


@pytest.mark.parametrize("through_grad", [False, True])
def test_inside_a_loss_scale_optimizer(through_grad: bool) -> None:
    pair = Twins(
        optimizers.LossScaleOptimizer(mapped(optimizers), 64.0, 2),
        keras.optimizers.LossScaleOptimizer(mapped(keras.optimizers), 64.0, 2),
    )
    for step in range(6):
        grads = gradients(step, 64.0)
        grads[0].flat[0] = np.inf if step == 3 else 0.0
        pair.step(grads, through_grad)
        pair.compare()


def test_function_of_a_variable() -> None:
    slow, fast = optimizers.SGD(0.1), optimizers.SGD(1.0)
    optimizer = optimizers.MultiOptimizer(lambda v: fast if "bias" in v.path else slow)
    w, b = Variable([1.0], name="kernel"), Variable([1.0], name="bias")
    optimizer.apply([torch.ones(1), torch.ones(1)], [w, b])
    assert w.numpy() == pytest.approx(0.9)
    assert b.numpy() == pytest.approx(0.0)
    assert optimizer.optimizers == [slow, fast]
    assert [int(each.iterations) for each in (optimizer, slow, fast)] == [1, 1, 1]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_variables_config_and_state_are_keras_s() -> None:
    pair = twins()
    run(pair, 3)
    names = [(v.path, v.dtype) for v in pair.ours.variables]
    assert names == [(v.path, v.dtype) for v in pair.theirs.variables]
    read = optimizers.deserialize(keras.optimizers.serialize(pair.theirs))
    assert read.get_config() == pair.ours.get_config()
    store: dict[str, Any] = {}
    pair.theirs.save_own_variables(store)
    read.build(pair.our_variables)
    read.load_own_variables(store)
    read.set_weights([v.numpy() for v in pair.ours.variables])
    for ours, theirs in zip(read.variables, pair.ours.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


def test_has_no_learning_rate() -> None:
    optimizer = mapped(optimizers)
    assert not hasattr(optimizer, "learning_rate")
    with pytest.raises(AttributeError, match="Set those of its `optimizers`"):
        optimizer.learning_rate = 0.1


def test_loss_scale_factor_is_that_of_all() -> None:
    optimizer = mapped(optimizers, loss_scale_factor=4.0)
    assert {each.loss_scale_factor for each in optimizer.optimizers} == {4.0}
    optimizer.loss_scale_factor = 2.0
    assert {each.loss_scale_factor for each in optimizer.optimizers} == {2.0}
    assert optimizer.scale_loss(3.0) == 6.0


def test_final_values_are_the_averages() -> None:
    pair = []
    for space in (optimizers, keras.optimizers):
        averaging = space.SGD(0.1, use_ema=True, ema_momentum=0.8)
        chosen = space.OptimizerMap(space.Adam(), {"kernel": averaging})
        pair.append(space.MultiOptimizer(chosen))
    both = Twins(*pair)
    run(both, 5)
    both.ours.finalize_variable_values(both.our_variables)
    both.theirs.finalize_variable_values(both.their_variables)
    both.compare()


def test_exclusion_from_weight_decay_reaches_all() -> None:
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.AdamW(1.0)))
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    bias = Variable([1.0], name="bias")
    optimizer.apply([torch.zeros(1)], [bias])
    assert bias.numpy().tolist() == [1.0]


def test_trains_a_model_and_callbacks_see_each_rate() -> None:
    layers = torchkeras.layers
    model = torchkeras.Sequential([layers.Dense(4, name="first"), layers.Dense(1, name="second")])
    chosen = optimizers.OptimizerMap(optimizers.SGD(0.01, name="slow"))
    chosen["second/.*"] = optimizers.Adam(0.1, name="fast")
    model.compile(optimizers.MultiOptimizer(chosen), "mse")
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    scheduler = torchkeras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(x, x[:, :1], epochs=4, verbose=0, callbacks=[scheduler]).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["learning_rate_slow"] == pytest.approx([0.005, 0.0025, 0.00125, 0.000625])
    assert history["learning_rate_fast"][0] == pytest.approx(0.05)


def test_errors() -> None:
    optimizer = mapped(optimizers)
    optimizer.apply([])
    with pytest.raises(ValueError, match=r"must be built\. Call `optimizer.build"):
        optimizer.apply([torch.ones(1)])
    a, b = Variable([1.0], name="a"), Variable([1.0], name="b")
    optimizer.build([a, b])
    with pytest.raises(ValueError, match=r"one gradient .* for each of the 2 variables"):
        optimizer.apply([torch.ones(1)], [a])
    with pytest.raises(TypeError, match=r"must be an OptimizerMap or a function.*Received: 3\."):
        optimizers.MultiOptimizer(3).build([a])  # type: ignore[arg-type]
    inner = optimizers.LossScaleOptimizer(optimizers.SGD())
    with pytest.raises(ValueError, match="LossScaleOptimizer cannot be used inside an Multi"):
        optimizers.MultiOptimizer(lambda v: inner).build([a])
    with pytest.raises(ValueError, match=r"must return an optimizer for variable 'a'\. Received: "):
        optimizers.MultiOptimizer(lambda v: "sgd").build([a])  # type: ignore[arg-type, return-value]


class TestMap:
    def test_finds_paths_and_patterns(self) -> None:
        default, exact, pattern = optimizers.SGD(), optimizers.Adam(), optimizers.RMSprop()
        chosen = optimizers.OptimizerMap(default, {"encoder/first": exact, "encoder/.*": pattern})
        assert chosen["encoder/first"] is exact
        assert chosen["encoder/second"] is pattern
        assert chosen["my/encoder/second"] is chosen.default_optimizer is default
        assert (len(chosen), list(chosen)) == (2, ["encoder/first", "encoder/.*"])
        del chosen["encoder/.*"]
        assert chosen(Variable([1.0], name="b")) is default

    def test_round_trip(self) -> None:
        chosen = optimizers.OptimizerMap(optimizers.SGD(0.5), {"a.*": optimizers.Adam()})
        again = optimizers.OptimizerMap.from_config(chosen.get_config())
        assert again.get_config() == chosen.get_config()

    def test_errors(self) -> None:
        chosen = optimizers.OptimizerMap(optimizers.SGD(), {"a.*": optimizers.Adam()})
        chosen[".*b"] = optimizers.Adam()
        with pytest.raises(ValueError, match=r"Multiple optimizers .* variable 'ab'.*narrower"):
            chosen["ab"]
        with pytest.raises(ValueError, match=r"'a\.\*' is in the OptimizerMap already"):
            chosen["a.*"] = optimizers.Adam()
        with pytest.raises(ValueError, match=r"`key` must be a string.*Received: 3\."):
            chosen[3] = optimizers.Adam()  # type: ignore[index]
        with pytest.raises(ValueError, match="The optimizer cannot be LossScaleOptimizer"):
            chosen["c"] = optimizers.LossScaleOptimizer(optimizers.SGD())
        with pytest.raises(TypeError, match="`default_optimizer` must be an optimizer"):
            optimizers.OptimizerMap("sgd")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="`optimizer_map` must be a dict"):
            optimizers.OptimizerMap(optimizers.SGD(), [])  # type: ignore[arg-type]


def test_a_failed_build_may_be_repeated() -> None:
    right, answers = optimizers.SGD(), iter(["sgd"])
    optimizer = optimizers.MultiOptimizer(lambda v: next(answers, right))  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="must return an optimizer"):
        optimizer.build([Variable([1.0])])
    assert not optimizer.built
    optimizer.build([Variable([1.0])])
    assert optimizer.built
    assert right.built


@pytest.mark.parametrize("through_grad", [False, True])
def test_tied_weights_move_once(through_grad: bool) -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    tied = [Variable.over(((m, "weight"),), SAME, "w") for m in (first, second)]
    inner = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(1.0)))
    optimizer = optimizers.LossScaleOptimizer(inner, 1.0)
    before, grad = first.weight.detach().clone(), torch.ones(2, 2)
    if through_grad:
        optimizer.build(tied)
        first.weight.grad = grad
        optimizer.step()
    else:
        optimizer.apply([grad, grad], tied)
    torch.testing.assert_close(first.weight.detach(), before - 1)


def test_torch_parameters() -> None:
    net = nn.Linear(2, 1)
    slow, fast = optimizers.SGD(0.1), optimizers.SGD(1.0)
    optimizer = optimizers.MultiOptimizer(lambda v: slow if v.ndim > 1 else fast)
    optimizer.build(net.parameters())
    before = [param.detach().clone() for param in net.parameters()]
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    weight, bias = (old - new.detach() for old, new in zip(before, net.parameters(), strict=True))
    torch.testing.assert_close(weight, torch.full((1, 2), 0.1))
    torch.testing.assert_close(bias, torch.ones(1))
