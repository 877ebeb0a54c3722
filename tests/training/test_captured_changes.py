"""What captured steps could get wrong: what changes, what fails, and what is not captured."""

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from tests.training import captured
from tests.training.captured import CAPTURED, X, Y, assert_same, trained, use
from tests.training.tape_graph import TapeGraph
from torchkeras import callbacks, layers, optimizers
from torchkeras._training.captured import capture


@pytest.fixture(autouse=True)
def _on_a_tape(monkeypatch: Any) -> Any:
    use(monkeypatch, TapeGraph)
    yield
    torchkeras.config.set_epsilon(1e-7)


def report(model: Any) -> str:
    return model.compile_report()["train"]


def quick() -> Any:
    return optimizers.Adam(0.01)


# What changes while fit runs


def changing(change: Any, at: int = 10) -> Any:
    """Make a class of callbacks that change a model once, after its step was captured."""

    class Change(callbacks.Callback):
        seen = 0

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.seen += 1
            if self.seen == at:
                change(self.model)

    return Change


def _freeze(model: Any) -> None:
    model.layers[0].linear.requires_grad_(False)


def _drop_more(model: Any) -> None:
    model.layers[1].rate = 0.9


def _hook_a_module(model: Any) -> None:
    model.layers[2].linear.register_forward_hook(lambda module, inputs, output: output * 0.5)


def _hook_a_weight(model: Any) -> None:
    model.layers[2].linear.weight.register_hook(lambda grad: grad * 0.5)


def _other_activation(model: Any) -> None:
    model.layers[2].activation = torchkeras.activations.tanh


def _inference(model: Any) -> None:
    model.layers[1].eval()


def _other_epsilon(model: Any) -> None:
    model.optimizer.epsilon = 0.1


def _other_beta(model: Any) -> None:
    model.optimizer.beta_1 = 0.1


def _clip(model: Any) -> None:
    model.optimizer.clipnorm = 1e-3


def _other_memory(model: Any) -> None:
    for weight in model.parameters():
        weight.data = weight.data.clone()
        weight.data.mul_(0.5)


def _rebind(model: Any) -> None:
    model.optimizer.rebind()
    model.optimizer.learning_rate = 0.5


INVALIDATING = [
    _freeze, _drop_more, _hook_a_module, _hook_a_weight, _other_activation, _inference,
    _other_epsilon, _other_beta, _clip, _other_memory, _rebind,
]  # fmt: skip


@pytest.mark.parametrize("change", INVALIDATING, ids=lambda change: change.__name__)
def test_a_change_counts_from_then_on(change: Any) -> None:
    listeners = [changing(change)]
    found = trained(optimizer=quick, callbacks=listeners)
    assert_same(found, trained(optimizer=quick, callbacks=listeners, eagerly=True))
    assert found[1] != trained(optimizer=quick)[1]


def _slower(model: Any) -> None:
    model.optimizer.learning_rate = 1e-4


def _other_values(model: Any) -> None:
    model.set_weights([0.5 * weight for weight in model.get_weights()])


def _other_count(model: Any) -> None:
    model.optimizer.iterations.assign(500)


def _other_state(model: Any) -> None:
    model.optimizer.set_weights([0.9 * v.numpy() for v in model.optimizer.variables])


def _other_seed(model: Any) -> None:
    torch.manual_seed(77)


def _fewer_gradients(model: Any) -> None:
    for weight in model.parameters():
        weight.grad = None


IN_PLACE = [_slower, _other_values, _other_count, _other_state, _other_seed]


@pytest.mark.parametrize("change", IN_PLACE, ids=lambda change: change.__name__)
def test_what_changes_in_place_needs_no_other_capture(change: Any) -> None:
    listeners, before = [changing(change)], TapeGraph.recorded
    found = trained(optimizer=quick, callbacks=listeners)
    assert TapeGraph.recorded == before + 1
    assert report(found[0]) == CAPTURED
    assert_same(found, trained(optimizer=quick, callbacks=listeners, eagerly=True))
    assert found[1] != trained(optimizer=quick)[1]


def test_dropped_gradients_come_back() -> None:
    model, _ = trained(callbacks=[changing(_fewer_gradients)])
    assert all(weight.grad is not None for weight in model.parameters())


def test_a_default_device_is_nothing_to_wait_for() -> None:
    torch.set_default_device("cpu")
    try:
        assert report(trained()[0]) == CAPTURED
    finally:
        torch.set_default_device(None)


def test_nothing_is_captured_or_replayed_under_autocast() -> None:
    model, _ = trained()
    before = TapeGraph.recorded
    x, y = X[:8], Y[:8]
    with torch.autocast("cpu", torch.bfloat16):
        expected = copy.deepcopy(model)
        for each in (model, expected):
            torch.manual_seed(1)
            each.train_on_batch(x, y)
    assert TapeGraph.recorded == before
    for left, right in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_epsilon_of_keras_counts() -> None:
    model, _ = trained("classifier")
    torchkeras.config.set_epsilon(1e-3)
    model.train_on_batch(X[:8], captured.LABELS[:8])
    assert report(model) == "eager: the model has changed since its step was captured"


def test_other_metrics_are_captured_anew() -> None:
    model, _ = trained()
    model.compile("adam", "mse", metrics=["mse"])
    assert model.train_function is None
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    assert report(model) == CAPTURED
    assert model.evaluate(X, Y, verbose=0)[1] == pytest.approx(
        np.square(model.predict(X, verbose=0) - Y).mean(), rel=1e-5
    )


def test_weights_that_are_loaded_are_trained_on(tmp_path: Any) -> None:
    made = []
    for eagerly in (False, True):
        model, _ = trained(eagerly=eagerly)
        model.save_weights(tmp_path / "w.weights.h5")
        model.fit(X, Y, batch_size=8, verbose=0)
        model.load_weights(tmp_path / "w.weights.h5")
        torchkeras.utils.set_random_seed(5)
        made.append((model, model.fit(X, Y, batch_size=8, verbose=0).history))
    assert report(made[0][0]) == CAPTURED
    assert_same(*made)


def test_evaluation_in_between_changes_nothing() -> None:
    made = [
        trained(validation_data=(X, Y), eagerly=eagerly, callbacks=[_Evaluating])
        for eagerly in (False, True)
    ]
    assert report(made[0][0]) == CAPTURED
    assert_same(*made)


class _Evaluating(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.evaluate(X, Y, verbose=0)
        self.model.predict(X, verbose=0)


def test_a_second_fit_goes_on_with_the_capture() -> None:
    model, _ = trained()
    before = TapeGraph.recorded
    model.fit(X, Y, batch_size=8, verbose=0)
    model.train_on_batch(X[:8], Y[:8])
    assert TapeGraph.recorded == before
    assert report(model) == CAPTURED


# Copies, files, several models


def test_a_copy_trains_by_itself() -> None:
    model, _ = trained()
    before = model.get_weights()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin.fit(X, Y, batch_size=8, epochs=2, verbose=0)
        for left, right in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_captured_model_is_saved(tmp_path: Any) -> None:
    model, _ = trained()
    model.save(tmp_path / "model.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_two_models_are_captured_apart() -> None:
    (one, _), (other, _) = trained(), trained()
    expected, _ = trained(eagerly=True)
    torch.manual_seed(2)
    one.train_on_batch(X[:8], Y[:8])
    for left, right in zip(other.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    torch.manual_seed(2)
    other.train_on_batch(X[:8], Y[:8])
    for left, right in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_model_is_captured_in_a_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(trained()))
    thread.start()
    thread.join()
    assert report(found[0][0]) == CAPTURED
    assert_same(found[0], trained(eagerly=True))


# What fails


class FailingToWarmUp(TapeGraph):
    def warm_up(self, body: Any) -> None:
        body()
        raise RuntimeError("a wait for the device")


class FailingToRecord(TapeGraph):
    def record(self, body: Any) -> None:
        body()
        raise RuntimeError("no such kernel\nand more")


class OutOfMemory(TapeGraph):
    def record(self, body: Any) -> None:
        raise torch.OutOfMemoryError("none left")


class FailingToReplay(TapeGraph):
    def replay(self) -> None:
        super().replay()
        raise RuntimeError("lost")


class Refusing(TapeGraph):
    def refuses(self) -> str:
        return "the device is full"


class Wrong(TapeGraph):
    def replay(self) -> None:
        super().replay()
        super().replay()


class Idle(TapeGraph):
    def replay(self) -> None:
        """Do nothing."""


FAILURES = {
    FailingToWarmUp: "RuntimeError while it was recorded: a wait for the device",
    FailingToRecord: "RuntimeError while it was recorded: no such kernel",
    OutOfMemory: "OutOfMemoryError while it was recorded: none left",
    FailingToReplay: "RuntimeError while it was tried: lost",
    Refusing: "the device is full",
    Wrong: "its kernels gave other numbers when they were replayed",
    Idle: "its kernels gave other numbers when they were replayed",
}


@pytest.mark.parametrize("graph", FAILURES, ids=lambda graph: graph.__name__)
def test_what_fails_leaves_the_eager_bits(graph: Any, monkeypatch: Any) -> None:
    use(monkeypatch, graph)
    found = trained("convnet")
    assert report(found[0]) == f"eager: not captured, since {FAILURES[graph]}"
    assert_same(found, trained("convnet", eagerly=True))


def test_a_frozen_number_is_noticed(monkeypatch: Any) -> None:
    """A replay with the bias correction of another step is not taken for the eager one."""
    monkeypatch.setattr(
        "torchkeras._training.captured.dials.Dials.turn", lambda self, numbers: None
    )
    found = trained()
    assert "gave other numbers" in report(found[0])
    assert_same(found, trained(eagerly=True))


def test_a_look_at_numbers_while_recording_is_an_error_here(monkeypatch: Any) -> None:
    original = capture.Capture._body

    def looking(self: Any) -> None:
        original(self)
        self._made[1].item()

    monkeypatch.setattr(capture.Capture, "_body", looking)
    found = trained()
    assert "is not permitted while a graph is recorded" in report(found[0])
    assert_same(found, trained(eagerly=True))


def test_weights_are_not_taken_for_targets() -> None:
    model, _ = trained()
    with pytest.raises((TypeError, ValueError)):
        model.train_on_batch(X[:8], sample_weight=Y[:8])


def test_wrong_labels_are_explained_as_ever() -> None:
    model, _ = trained("classifier")
    with pytest.raises(ValueError, match="y_true"):
        model.train_on_batch(X[:8], captured.LABELS[:8, None, None])


# What is not captured


def fitted(make: Any, loss: Any = "mse", **compile_arguments: Any) -> str:
    model = make()
    model.compile(quick(), loss, **compile_arguments)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return report(model)


def sequential(*found: Any) -> Any:
    return lambda: torchkeras.Sequential([layers.Input((6,)), *found, layers.Dense(1)])


class Own(torchkeras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


LEFT: dict[str, tuple[Any, str]] = {
    "a call of one's own": (Own, "the layer 'own"),
    "a lambda": (sequential(layers.Lambda(lambda x: x * 2)), "(Lambda)"),
    "seeded dropout": (sequential(layers.Dropout(0.5, seed=1)), "(Dropout)"),
    "noise": (sequential(layers.GaussianNoise(0.5)), "(GaussianNoise)"),
    "one's own activation": (sequential(layers.Dense(4, activation=lambda x: x * 2)), "(Dense)"),
    "an activity": (sequential(layers.Dense(4, activity_regularizer="l2")), "(Dense)"),
    "one's own regularizer": (
        sequential(layers.Dense(4, kernel_regularizer=lambda w: w.sum())),
        "parts of one's own",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_other_models_run_as_they_are_written(name: str) -> None:
    make, reason = LEFT[name]
    before = TapeGraph.recorded
    said = fitted(make)
    assert said.startswith("eager: not captured, since")
    assert reason in said
    assert TapeGraph.recorded == before


def test_a_loss_of_ones_own_is_not_captured() -> None:
    said = fitted(sequential(), lambda y_true, y_pred: (y_true - y_pred) ** 2)
    assert said == "eager: not captured, since the loss is not one of the library's, of one output"


@pytest.mark.parametrize("arguments", [{"jit_compile": False}, {"run_eagerly": True}], ids=str)
def test_what_was_asked_for_is_kept(arguments: dict[str, Any]) -> None:
    before = TapeGraph.recorded
    fitted(sequential(), **arguments)
    assert TapeGraph.recorded == before


def test_a_switch_turns_captures_off(monkeypatch: Any) -> None:
    monkeypatch.setenv("TORCHKERAS_LEAVE_GRAPHS", "1")
    expected = "eager: not captured, since TORCHKERAS_LEAVE_GRAPHS is set"
    assert fitted(sequential()) == expected


def test_run_eagerly_may_be_set_later() -> None:
    model, _ = trained()
    model.run_eagerly = True
    model.fit(X, Y, batch_size=8, verbose=0)
    assert report(model) == "eager: run_eagerly=True"
