"""Dynamic loss scaling is Keras's, also where Python learns of an overflow one step late."""

import copy
import pickle
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests.unit.optimizers.twin import Twins, gradients
from torchkeras import optimizers
from torchkeras._state.variable import Variable
from torchkeras.optimizers import loss_scale_optimizer, overflow

# Keras's own variables warn when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
INNER: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"use_ema": True, "gradient_accumulation_steps": 2, "clipnorm": 1.0}),
    ("AdamW", {}),
    ("RMSprop", {}),
]
every_inner = pytest.mark.parametrize(("name", "arguments"), INNER)


def twins(name: str, arguments: dict[str, Any]) -> Twins:
    made = [
        space.LossScaleOptimizer(getattr(space, name)(**arguments), 1024.0, 3)
        for space in (optimizers, keras.optimizers)
    ]
    return Twins(*made)


def scaled(step: int, scale: float) -> list[Any]:
    """The gradients of a step, one of them infinite or NaN now and then."""
    grads = [grad * np.float32(scale) for grad in gradients(step)]
    if step in (2, 7, 8):
        grads[step % 4].flat[0] = np.inf if step == 7 else np.nan
    return grads


@every_inner
@pytest.mark.parametrize("through_grad", [False, True])
def test_equals_keras(name: str, arguments: dict[str, Any], through_grad: bool) -> None:
    pair = twins(name, arguments)
    for step in range(14):
        pair.step(scaled(step, float(pair.theirs.scale_loss(1.0))), through_grad)
        pair.compare()
        assert float(pair.ours.scale_loss(1.0)) == float(pair.theirs.scale_loss(1.0))
    assert int(pair.ours.iterations) == int(pair.theirs.iterations)


@every_inner
def test_learning_late_changes_nothing(
    name: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_scale_optimizer, "_defers", lambda found: True)
    pair = twins(name, arguments)
    for step in range(14):
        pair.step(scaled(step, float(pair.theirs.scale_loss(1.0))), through_grad=True)
        late = name in ("SGD", "Adam", "AdamW") and "weight_decay" not in arguments
        assert (pair.ours._open is not None) is (late and "use_ema" not in arguments)
    pair.compare()


def test_a_late_step_reads_nothing_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_scale_optimizer, "_defers", lambda found: True)
    net = nn.Linear(2, 1)
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam())
    optimizer.build(net.parameters())
    asked: list[bool] = []
    monkeypatch.setattr(overflow.Verdict, "overflowed", lambda self: bool(asked.append(True)))
    for step in range(4):
        optimizer.zero_grad()
        optimizer.scale_loss(net(torch.ones(1, 2)).sum()).backward()
        before = len(asked)
        optimizer.step()
        assert len(asked) == before == step
    assert int(optimizer.iterations) == 4


@pytest.mark.gpu
@pytest.mark.parametrize(("name", "arguments"), [INNER[0], INNER[1], INNER[3], INNER[5]])
def test_an_accelerator_skips_steps_without_being_waited_for(
    gpu: torch.device, name: str, arguments: dict[str, Any]
) -> None:
    if gpu.type != "cuda":
        pytest.skip("only CUDA reports synchronisation")
    nets = [nn.Linear(3, 2), nn.Linear(3, 2).to(gpu)]
    nets[1].load_state_dict(nets[0].state_dict())
    made = [
        optimizers.LossScaleOptimizer(getattr(optimizers, name)(**arguments), 1024.0, 3)
        for _ in nets
    ]
    for step in range(9):
        for net, optimizer in zip(nets, made, strict=True):
            optimizer.built or optimizer.build(net.parameters())
            scale = float("inf") if step in (2, 6) else optimizer.scale_loss(1.0)
            generator = torch.Generator().manual_seed(step)
            for param in net.parameters():
                grad = torch.randn(param.shape, generator=generator) * scale
                param.grad = grad.to(param.device)
            if net is nets[1]:
                torch.cuda.set_sync_debug_mode("error")
            try:
                optimizer.step()
            finally:
                torch.cuda.set_sync_debug_mode("default")
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.cpu(), rtol=1e-5, atol=1e-6)
    assert int(made[0].iterations) == int(made[1].iterations) == 7
    assert float(made[0].dynamic_scale) == float(made[1].dynamic_scale)


def test_defaults_are_keras_s() -> None:
    ours = optimizers.LossScaleOptimizer(optimizers.SGD(name="sgd"), name="scaled")
    theirs = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(name="sgd"), name="scaled")
    assert ours.scale_loss(1.0) == 2.0**15
    mine, other = ours.get_config(), theirs.get_config()
    assert mine.pop("inner_optimizer")["config"] == other.pop("inner_optimizer")["config"]
    assert mine == other


def test_variables_config_and_state_are_keras_s() -> None:
    pair = twins("Adam", {"learning_rate": 0.3, "name": "adam"})
    pair.step(scaled(0, 1024.0))
    names = [(v.name, v.dtype) for v in pair.ours.variables]
    assert names == [(v.name, v.dtype) for v in pair.theirs.variables]
    read = optimizers.deserialize(keras.optimizers.serialize(pair.theirs))
    again = optimizers.deserialize(optimizers.serialize(read))
    assert again.get_config() == read.get_config()
    store: dict[str, Any] = {}
    pair.theirs.save_own_variables(store)
    read.build(pair.our_variables)
    read.load_own_variables(store)
    for ours, theirs in zip(read.variables, pair.ours.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


def test_the_learning_rate_is_that_of_the_inner_optimizer() -> None:
    inner = optimizers.SGD(0.5)
    optimizer = optimizers.LossScaleOptimizer(inner)
    assert optimizer.inner_optimizer is inner
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == float(optimizer.learning_rate) == 0.25


def test_the_inner_scale_is_switched_off() -> None:
    inner = optimizers.SGD(loss_scale_factor=8.0)
    optimizers.LossScaleOptimizer(inner)
    assert inner.loss_scale_factor is None


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_copies_go_on_alike(way: str) -> None:
    v = Variable([1.0, 2.0])
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(), 4.0, 2)
    optimizer.apply([torch.ones(2)], [v])
    pair = (v, optimizer)
    same, other = copy.deepcopy(pair) if way == "deepcopy" else pickle.loads(pickle.dumps(pair))
    for variable, each in (pair, (same, other)):
        each.apply([torch.ones(2)], [variable])
    np.testing.assert_array_equal(v.numpy(), same.numpy())
    assert float(other.dynamic_scale) == 8.0


def test_stateless() -> None:
    v = Variable([1.0, 2.0])
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(), 4.0)
    optimizer.build([v])
    before = [each.numpy() for each in optimizer.variables]
    bad = torch.tensor([1.0, float("inf")])
    values, state = optimizer.stateless_apply(before, [bad], [v.numpy()])
    assert values[0].tolist() == [1.0, 2.0]
    assert state[3] == 2.0
    values, state = optimizer.stateless_apply(before, [torch.ones(2)], [v.numpy()])
    assert values[0].tolist() != [1.0, 2.0]
    assert [int(state[2]), int(state[4])] == [1, 1]
    for old, now in zip(before, optimizer.variables, strict=True):
        np.testing.assert_array_equal(old, now.numpy())


def test_set_weights_reaches_the_inner_optimizer() -> None:
    v = Variable([1.0, 2.0])
    first, second = (optimizers.LossScaleOptimizer(optimizers.Adam()) for _ in range(2))
    for optimizer in (first, second):
        optimizer.build([v])
    first.apply([torch.full((2,), 1e4)], [v])
    second.set_weights(first.variables)
    for ours, theirs in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert int(second.iterations) == 1


def test_finite_gradients() -> None:
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD())
    assert optimizer.check_finite([None, torch.ones(2), torch.zeros(2, 2)])
    assert not optimizer.check_finite([torch.ones(2), torch.tensor(float("nan"))])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.complex64])
def test_gradients_of_other_dtypes(dtype: torch.dtype) -> None:
    grads, found = [torch.full((2,), 8.0), torch.full((2, 2), 8.0, dtype=dtype)], torch.zeros(1)
    overflow.unscale_(grads, 4.0, found)
    assert [each.flatten()[0].item() for each in grads] == [2.0, 2.0]
    assert found.item() == 0
    grads[1][0, 0] = float("inf")
    overflow.unscale_(grads, 4.0, found)
    assert found.item() == 1


def test_sparse_gradients() -> None:
    sparse = nn.Embedding(5, 3, sparse=True)
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(1.0))
    optimizer.build(sparse.parameters())
    before = sparse.weight.detach().clone()
    optimizer.scale_loss(sparse(torch.tensor([1, 2])).sum()).backward()
    optimizer.step()
    changed = before - sparse.weight.detach()
    expected = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0]).unsqueeze(-1).expand(5, 3)
    torch.testing.assert_close(changed, expected)


def dense(policy: str) -> Any:
    return torchkeras.Sequential([torchkeras.layers.Dense(1, dtype=policy)])


@pytest.mark.parametrize("auto_scale_loss", [True, False])
def test_compile_scales_the_loss_under_mixed_float16(auto_scale_loss: bool) -> None:
    torchkeras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = dense("mixed_float16")
    finally:
        torchkeras.mixed_precision.set_global_policy("float32")
    model.compile("adam", "mse", auto_scale_loss=auto_scale_loss)
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer) is auto_scale_loss
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    history = model.fit(x, x[:, :1], epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert all(variable.dtype == "float32" for variable in model.trainable_variables)


def test_an_overflow_in_fit_halves_the_scale_and_keeps_the_weights() -> None:
    model = dense("float32")
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(), initial_scale=8.0)
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 2)), np.zeros((4, 1)), verbose=0)
    weights = model.get_weights()
    model.fit(np.full((4, 2), 1e30), np.zeros((4, 1)), verbose=0)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert float(optimizer.dynamic_scale) == 4.0
    assert int(optimizer.iterations) == 1


WRONG: list[tuple[type[Exception], tuple[Any, ...], dict[str, Any], str]] = [
    (TypeError, ("sgd",), {}, "`inner_optimizer` must be an optimizer.*Received: 'sgd'"),
    (ValueError, (), {"clipnorm": 1.0}, "Set `clipnorm` on the `inner_optimizer`"),
    (ValueError, (), {"use_ema": True}, "Set `use_ema` on the `inner_optimizer`"),
    (ValueError, (), {"learning_rate": 1.0}, "does not support arguments: `learning_rate`"),
    (ValueError, (), {"dynamic": False}, "For a fixed scale, set `loss_scale_factor`"),
    (ValueError, (), {"dynamic_growth_steps": 0}, "`dynamic_growth_steps` must be a positive"),
]


@pytest.mark.parametrize(("error", "given", "options", "message"), WRONG)
def test_refuses(
    error: type[Exception], given: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(error, match=message):
        optimizers.LossScaleOptimizer(*(given or (optimizers.SGD(),)), **options)


def test_options_of_older_files_are_read() -> None:
    optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=None, use_ema=False, dynamic=True)


def test_by_name_it_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match="must hold an `inner_optimizer`"):
        optimizers.deserialize({"class_name": "LossScaleOptimizer", "config": {}})


def test_without_gradients() -> None:
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD())
    optimizer.apply([])
    with pytest.raises(ValueError, match=r"must be built\. Call `optimizer.build"):
        optimizer.apply([torch.ones(2)])
    optimizer.build(nn.Linear(1, 1).parameters())
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.step()
