"""`compile` takes optimizers and schedulers of torch, and trains as a loop in torch does."""

import copy
import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, ExponentialLR, ReduceLROnPlateau, StepLR

import torchkeras
from tests import oracle
from torchkeras import Input, Sequential, callbacks, layers, optimizers
from torchkeras.optimizers import TorchOptimizer

RNG = np.random.default_rng(1)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = RNG.normal(size=(24, 1)).astype("float32")
WEIGHTS = RNG.random(24).astype("float32")


def net(optimizer: Any = None, *, frozen: bool = False, **compiled: Any) -> Any:
    rng = np.random.default_rng(5)
    model = Sequential([Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.layers[0].trainable = not frozen
    if optimizer is not None:
        model.compile(optimizer, "mse", **compiled)
    return model


def fit(model: Any, epochs: int = 3, **options: Any) -> Any:
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, **options)


def by_hand(make: Any, epochs: int = 3, after_step: Any = None, clip: float | None = None) -> Any:
    """Train a model in a plain torch loop, and return it."""
    model = net()
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = make(params)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for _ in range(epochs):
        for start in range(0, 24, 8):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[start : start + 8]), y[start : start + 8]).backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(params, clip)
            optimizer.step()
            if after_step is not None:
                after_step()
    return model


def assert_same(model: Any, expected: Any) -> None:
    for found, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


ADAM = functools.partial(torch.optim.Adam, lr=0.05, weight_decay=0.1)


# Classes, functions and instances


@pytest.mark.parametrize("name", sorted({"SGD", "Adam", "AdamW", "RMSprop", "NAdam", "Rprop"}))
def test_a_class_trains_as_in_torch(name: str) -> None:
    cls = getattr(torch.optim, name)
    model = net(cls)
    fit(model)
    assert_same(model, by_hand(cls))


@pytest.mark.parametrize(
    "given",
    [
        ADAM,
        lambda params: ADAM(params),
        TorchOptimizer(torch.optim.Adam, lr=0.05, weight_decay=0.1),
    ],
    ids=["partial", "function", "options"],
)
def test_options_reach_torch(given: Any) -> None:
    model = net(given)
    fit(model)
    assert_same(model, by_hand(ADAM))


def test_an_instance_is_used_itself() -> None:
    model = net()
    optimizer = ADAM(model.parameters())
    model.compile(optimizer, "mse")
    fit(model)
    assert model.optimizer.torch_optimizer is optimizer
    assert len(optimizer.state) == 4
    assert_same(model, by_hand(ADAM))


def test_groups_stay() -> None:
    def grouped(model: Any) -> Any:
        first, last = (list(layer.parameters()) for layer in model.layers)
        groups = [{"params": first, "lr": 0.5}, {"params": last}]
        return torch.optim.SGD(groups, lr=0.01, momentum=0.9)

    model, expected = net(), net()
    model.compile(grouped(model), "mse")
    fit(model)
    optimizer = grouped(expected)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for _ in range(3):
        for start in range(0, 24, 8):
            optimizer.zero_grad()
            nn.functional.mse_loss(expected(x[start : start + 8]), y[start : start + 8]).backward()
            optimizer.step()
    assert_same(model, expected)


def test_an_instance_of_some_weights_trains_these() -> None:
    model = net()
    before = model.get_weights()
    model.compile(torch.optim.SGD(model.layers[1].parameters(), lr=0.1), "mse")
    fit(model)
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_frozen_layers_stay() -> None:
    model = net(torch.optim.SGD, frozen=True)
    before = model.get_weights()
    fit(model)
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_a_model_without_shapes_is_built_first() -> None:
    model = Sequential([layers.Dense(1)])
    model.compile(torch.optim.SGD, "mse")
    assert np.isfinite(fit(model).history["loss"]).all()


def test_sample_weights_count() -> None:
    pairs = [net(optimizers.SGD(0.1)), net(functools.partial(torch.optim.SGD, lr=0.1))]
    losses = [fit(model, sample_weight=WEIGHTS).history["loss"] for model in pairs]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_batches_by_hand() -> None:
    pairs = [net(optimizers.SGD(0.1)), net(functools.partial(torch.optim.SGD, lr=0.1))]
    losses = [[model.train_on_batch(X, Y) for _ in range(3)] for model in pairs]
    np.testing.assert_allclose(*losses, rtol=1e-5)


# What Keras adds


@pytest.mark.parametrize(
    "option",
    [
        {"clipnorm": 0.1},
        {"clipvalue": 0.01},
        {"global_clipnorm": 0.1},
        {"use_ema": True, "ema_momentum": 0.5},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 128.0},
    ],
    ids=lambda option: next(iter(option)),
)
def test_options_of_keras_count(option: dict[str, Any]) -> None:
    model, expected = net(TorchOptimizer(torch.optim.SGD, lr=0.1, **option)), None
    expected = net(optimizers.SGD(0.1, **option))
    for each in (model, expected):
        fit(each)
    assert_same(model, expected)


def test_constraints_hold() -> None:
    model = Sequential([Input((3,)), layers.Dense(2, kernel_constraint="non_neg")])
    model.compile(functools.partial(torch.optim.SGD, lr=1.0), "mse")
    fit(model)
    assert (model.get_weights()[0] >= 0).all()


def test_a_hook_of_the_user_clips() -> None:
    def clip(optimizer: Any, *_: Any) -> None:
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 0.1)

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(clip)
    model.compile(optimizer, "mse")
    fit(model)
    assert_same(model, by_hand(functools.partial(torch.optim.SGD, lr=0.1), clip=0.1))


class OwnStep(torchkeras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)

    def train_step(self, data: Any) -> Any:
        x, y, *_ = data
        self.zero_grad()
        loss = self.compute_loss(x, y, self(x, training=True))
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), 0.1)
        gradients = [v.value.grad for v in self.trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, self.trainable_weights)
        return {"loss": loss.detach()}


def test_a_step_of_ones_own_applies_gradients() -> None:
    model = OwnStep()
    model.compile(functools.partial(torch.optim.SGD, lr=0.1), "mse")
    fit(model)
    assert_same(model.inner, by_hand(functools.partial(torch.optim.SGD, lr=0.1), clip=0.1))


def test_gradients_of_others_are_left_alone() -> None:
    model = net(torch.optim.SGD)
    kernel = model.trainable_weights[0]
    before = model.get_weights()
    for param in model.parameters():
        param.grad = torch.ones_like(param)
    model.optimizer.apply([np.ones(kernel.shape, "float32")], [kernel])
    changed = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, False, False, False]
    assert all(bool((p.grad == 1).all()) for p in model.parameters())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy: str) -> None:
    with oracle.dtype_policy(policy):
        model = net(functools.partial(torch.optim.Adam, lr=0.01))
    history = fit(model, epochs=4).history["loss"]
    assert history[-1] < history[0]
    assert all(p.dtype is torch.float32 for p in model.parameters())


# Learning rate


def test_the_learning_rate_is_read_and_set() -> None:
    model = net(functools.partial(torch.optim.SGD, lr=0.1))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.optimizer.learning_rate = 0.25
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.25
    model.optimizer.learning_rate.assign(0.5)
    fit(model, epochs=1)
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.5


def test_a_rate_set_before_the_model_is_built_counts() -> None:
    model = Sequential([layers.Dense(1)])
    model.compile(functools.partial(torch.optim.SGD, lr=0.1), "mse")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    model.optimizer.learning_rate = 0.75
    fit(model, epochs=1)
    assert model.optimizer.torch_optimizer.param_groups[0]["lr"] == 0.75


def test_groups_keep_their_proportion() -> None:
    model = net()
    first, last = (list(layer.parameters()) for layer in model.layers)
    model.compile(torch.optim.SGD([{"params": first}, {"params": last, "lr": 0.4}], lr=0.2), "mse")
    model.optimizer.learning_rate = 0.1
    rates = [group["lr"] for group in model.optimizer.torch_optimizer.param_groups]
    assert rates == pytest.approx([0.1, 0.2])


def test_a_rate_in_a_tensor_stays_there() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.1), capturable=False)
    model.compile(optimizer, "mse")
    model.optimizer.learning_rate = 0.5
    assert optimizer.param_groups[0]["lr"] == torch.tensor(0.5)


def test_callbacks_change_the_rate() -> None:
    rates = [
        fit(
            net(given),
            callbacks=[
                callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
                callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=100.0),
            ],
        ).history
        for given in (optimizers.SGD(0.1), functools.partial(torch.optim.SGD, lr=0.1))
    ]
    assert list(rates[0]) == list(rates[1])
    for name, expected in rates[0].items():
        np.testing.assert_allclose(rates[1][name], expected, rtol=1e-5, err_msg=name)


# Schedulers


@pytest.mark.parametrize("per", ["step", "epoch"])
def test_a_scheduler_steps_when_it_is_told(per: str) -> None:
    optimizer = TorchOptimizer(
        torch.optim.SGD, lr=0.1, scheduler=functools.partial(ExponentialLR, gamma=0.5), per=per
    )
    history = fit(net(optimizer)).history
    steps = {"step": [3, 6, 9], "epoch": [0, 1, 2]}[per]
    assert history["learning_rate"] == pytest.approx([0.1 * 0.5**n for n in steps])
    assert list(history) == ["learning_rate", "loss"]


def test_a_scheduler_of_an_instance() -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.1)
    model.compile(TorchOptimizer(optimizer, scheduler=scheduler, per="step"), "mse")
    fit(model, epochs=2)
    assert scheduler.last_epoch == 6

    def make(params: Any) -> Any:
        made.append(torch.optim.SGD(params, lr=0.1))
        made.append(StepLR(made[0], step_size=2, gamma=0.1))
        return made[0]

    made: list[Any] = []
    assert_same(model, by_hand(make, epochs=2, after_step=lambda: made[1].step()))


def test_a_scheduler_steps_once_for_accumulated_gradients() -> None:
    optimizer = TorchOptimizer(
        torch.optim.SGD, scheduler=ConstantLR, per="step", gradient_accumulation_steps=3
    )
    fit(net(optimizer), epochs=2)
    assert optimizer.scheduler.last_epoch == 2


def test_a_plateau_is_seen() -> None:
    plateau = functools.partial(ReduceLROnPlateau, patience=0, threshold=0.999)
    optimizer = TorchOptimizer(
        torch.optim.SGD, lr=0.1, scheduler=plateau, per="epoch", monitor="val_loss"
    )
    history = fit(net(optimizer), validation_data=(X, Y)).history
    assert history["learning_rate"] == pytest.approx([0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"scheduler": StepLR}, r"`per` must say when the scheduler steps.*per=None"),
        ({"scheduler": StepLR, "per": "batch"}, "per='batch'"),
        ({"per": "epoch"}, "`per` and `monitor` go with a `scheduler`"),
        ({"scheduler": 3, "per": "step"}, "`scheduler` must be a scheduler of torch"),
        ({"scheduler": ReduceLROnPlateau, "per": "epoch"}, 'Give `per="epoch", monitor="val_'),
        (
            {"scheduler": ConstantLR, "per": "epoch", "monitor": "loss"},
            "`monitor` is for ReduceLROnPlateau",
        ),
        (
            {"scheduler": ReduceLROnPlateau, "per": "epoch", "monitor": "los"},
            r"`monitor` must be one of \['loss'\].*Did you mean 'loss'",
        ),
        ({"scheduler": lambda optimizer: None, "per": "step"}, "scheduler of the optimizer it is"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "Only one of `clipnorm`"),
    ],
)
def test_wrong_arguments_of_schedulers(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        fit(net(TorchOptimizer(torch.optim.SGD, **arguments)), epochs=1)


def test_a_scheduler_of_another_optimizer_is_refused() -> None:
    model = net()
    other = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer = TorchOptimizer(torch.optim.SGD, scheduler=StepLR(other, 1), per="step")
    with pytest.raises(ValueError, match="scheduler of the optimizer it is given with"):
        model.compile(optimizer, "mse")


# Wrong optimizers


def _foreign() -> Any:
    return torch.optim.SGD(net().parameters())


def _scheduler() -> Any:
    return StepLR(_foreign(), 1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (_foreign, "holds none of the model's trainable weights"),
        (_scheduler, "Received a scheduler of torch, StepLR. Say when it steps"),
        (lambda: torch.optim.LBFGS, "LBFGS computes the loss several times"),
        (lambda: lambda params: "sgd", "must return an optimizer of torch"),
        (lambda: lambda params: optimizers.SGD(), "An optimizer of torchkeras is passed as it is"),
        (lambda: optimizers.SGD, "It is a class; make an optimizer of it"),
        (lambda: 3, "Could not interpret optimizer identifier: 3"),
        (lambda: TorchOptimizer(3), "`optimizer` must be an optimizer of torch, its class"),
        (lambda: TorchOptimizer(_foreign(), lr=1.0), "is made already, so it takes no options"),
        (lambda: TorchOptimizer(torch.optim.SGD, learning_rate=1.0), "torch calls it 'lr'"),
        (
            lambda: TorchOptimizer(torch.optim.Adam, beta=1.0),
            "does not take `beta`.*you mean 'betas'",
        ),
    ],
)
def test_wrong_optimizers(make: Any, text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        net(make())


def test_a_schedule_of_keras_cannot_be_its_rate() -> None:
    optimizer = TorchOptimizer(torch.optim.SGD)
    with pytest.raises(TypeError, match="Give a scheduler of torch"):
        optimizer.learning_rate = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)


def test_stateless_steps_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="has no `stateless_apply`"):
        net(torch.optim.SGD).optimizer.stateless_apply([], [], [])


# Compiling again, copies, files


def test_compiling_again_in_any_order() -> None:
    model = net()
    instance = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for given in (instance, "adam", torch.optim.Adam, "sgd", instance):
        model.compile(given, "mse")
        assert np.isfinite(fit(model, epochs=1).history["loss"]).all()
    assert model.optimizer.torch_optimizer is instance


def test_the_same_instance_keeps_its_state() -> None:
    model, expected = net(), net()
    momentum = functools.partial(torch.optim.SGD, lr=0.01, momentum=0.9)
    instance = momentum(model.parameters())
    expected.compile(momentum, "mse")
    for _ in range(2):
        model.compile(instance, "mse")
        fit(model, epochs=1)
    fit(expected, epochs=2)
    assert_same(model, expected)


def test_copies_go_on_alone() -> None:
    model = net(ADAM)
    fit(model, epochs=1)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for each in (model, *twins):
        fit(each, epochs=1)
    for twin in twins:
        assert_same(twin, model)
        assert twin.optimizer.torch_optimizer is not model.optimizer.torch_optimizer


def restored(model: Any, folder: Path) -> Any:
    """Write a model's config and its weights with those of the optimizer, and read them."""
    config = model.to_json()
    model.save_weights(folder / "model.weights.h5")
    loaded = torchkeras.models.model_from_json(config)
    loaded.load_weights(folder / "model.weights.h5")
    return loaded


def grouped(params: Any) -> Any:
    return torch.optim.Adam([{"params": params[:2], "lr": 0.2}, {"params": params[2:]}], lr=0.05)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.optim.SGD,
        lambda: ADAM,
        lambda: functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9),
        lambda: grouped,
        lambda: TorchOptimizer(
            torch.optim.Adam,
            scheduler=functools.partial(StepLR, step_size=2),
            per="step",
            clipnorm=1.0,
        ),
        lambda: TorchOptimizer(torch.optim.AdamW, lr=0.1, gradient_accumulation_steps=2),
    ],
    ids=["class", "partial", "momentum", "groups", "scheduler", "accumulation"],
)
def test_a_saved_model_goes_on_where_it_was(make: Any, tmp_path: Path) -> None:
    model = net(make())
    fit(model, epochs=1)
    loaded = restored(model, tmp_path)
    for each in (model, loaded):
        fit(each, epochs=2)
    assert_same(loaded, model)


def test_state_dicts_go_back_and_forth() -> None:
    model, twin = net(ADAM), net(ADAM)
    fit(model, epochs=1)
    twin.set_weights(model.get_weights())
    twin.optimizer.load_state_dict(model.optimizer.state_dict())
    for each in (model, twin):
        fit(each, epochs=1)
    assert_same(twin, model)


class Mine(torch.optim.SGD):
    pass


@pytest.mark.parametrize(
    "compiled",
    [
        {"optimizer": Mine},
        {"optimizer": "sgd", "loss": lambda y_true, y_pred: (y_true - y_pred).square()},
        {
            "optimizer": TorchOptimizer(
                torch.optim.SGD, scheduler=lambda o: StepLR(o, 2), per="step"
            )
        },
    ],
    ids=["class", "loss", "scheduler"],
)
def test_what_a_file_cannot_hold_is_left_out_with_a_warning(
    compiled: dict[str, Any], tmp_path: Path
) -> None:
    model = net()
    model.compile(**{"loss": "mse", **compiled})
    fit(model, epochs=1)
    with pytest.warns(UserWarning, match=r"call `compile\(\)` again"):
        loaded = restored(model, tmp_path)
    assert not loaded.compiled
    assert_same(loaded, model)
    with pytest.warns(UserWarning, match="a config cannot hold"):
        assert not torchkeras.models.clone_model(model).compiled


def test_a_clone_is_compiled_in_the_same_way() -> None:
    model = net(ADAM)
    clone = torchkeras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for each in (model, clone):
        fit(each)
    assert_same(clone, model)
    assert clone.optimizer.torch_optimizer is not model.optimizer.torch_optimizer


@pytest.mark.parametrize("name", ["os.system", "Optimizer", "sgd", "lr_scheduler", "__class__"])
def test_a_config_names_nothing_but_optimizers(name: str) -> None:
    with pytest.raises(ValueError, match="Unknown optimizer of torch"):
        TorchOptimizer.from_config({"optimizer": name})


def test_a_config_names_nothing_but_schedulers() -> None:
    config = {"optimizer": "SGD", "scheduler": {"class": "Counter", "options": {}}, "per": "step"}
    with pytest.raises(ValueError, match="Unknown scheduler of torch"):
        TorchOptimizer.from_config(config)


def test_loss_scaling_saves_what_is_inside(tmp_path: Path) -> None:
    with oracle.dtype_policy("mixed_float16"):
        model = net(ADAM)
    fit(model, epochs=1)
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    loaded = restored(model, tmp_path)
    for each in (model, loaded):
        fit(each, epochs=2)
    assert_same(loaded, model)


class Killed(callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.model.optimizer.iterations == 5:
            raise KeyboardInterrupt


def test_a_backup_goes_on_where_it_was(tmp_path: Path) -> None:
    def make() -> Any:
        return net(
            TorchOptimizer(
                torch.optim.Adam, scheduler=functools.partial(StepLR, step_size=2), per="step"
            )
        )

    def run(model: Any, *more: Any) -> Any:
        return fit(model, callbacks=[callbacks.BackupAndRestore(tmp_path, save_freq=1), *more])

    with pytest.raises(KeyboardInterrupt):
        run(make(), Killed())
    model, expected = make(), make()
    run(model)
    fit(expected)
    assert_same(model, expected)
    assert model.optimizer.scheduler.last_epoch == expected.optimizer.scheduler.last_epoch == 9
