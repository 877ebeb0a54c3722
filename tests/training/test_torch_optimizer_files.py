"""Models compiled with optimizers of torch are compiled again, copied and saved."""

import copy
import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import StepLR

import torchkeras
from tests import oracle
from tests.training.beside_torch import ADAM, assert_same, fit, net
from torchkeras import Input, Sequential, callbacks, layers
from torchkeras.optimizers import TorchOptimizer, torch_source

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


@pytest.mark.parametrize("name", sorted(torch_source.classes()))
def test_the_state_of_each_optimizer_is_saved(name: str) -> None:
    if name in ("LBFGS", "SparseAdam"):
        pytest.skip("trains no dense weights in `fit`")
    models = [Sequential([Input((3,)), layers.Dense(1, use_bias=name != "Muon")]) for _ in range(2)]
    for model in models:
        model.compile(getattr(torch.optim, name), "mse")
    fit(models[0], epochs=2)
    store: dict[str, Any] = {}
    models[0].optimizer.save_own_variables(store)
    models[1].optimizer.load_own_variables(store)
    models[1].set_weights(models[0].get_weights())
    for model in models:
        fit(model, epochs=1)
    assert_same(*models)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (
            lambda store: store.update({"0_exp_avg": np.ones(1, "float32")}),
            "`exp_avg` of parameter",
        ),
        (lambda store: store.update({"0_step": np.ones(3, "float32")}), "`step` of parameter 0"),
        (lambda store: store.update({"9_exp_avg": np.ones(1, "float32")}), "of parameter 9"),
        (lambda store: store.update({"torch": np.frombuffer(b"[1]", "uint8")}), "is damaged"),
        (lambda store: store.update({"torch": np.frombuffer(b"{", "uint8")}), "Expecting property"),
        (
            lambda store: store.update(
                {"torch": np.frombuffer(b'{"numbers":{},"groups":[3],"scheduler":null}', "uint8")}
            ),
            "is damaged",
        ),
    ],
)
def test_damaged_states_are_refused(spoil: Any, text: str) -> None:
    model = net(ADAM)
    fit(model, epochs=1)
    store: dict[str, Any] = {}
    model.optimizer.save_own_variables(store)
    spoil(store)
    with pytest.raises(ValueError, match=text):
        model.optimizer.load_own_variables(store)


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
