"""CallbackList: who is called, with what, and who is not."""

from typing import Any

import keras
import pytest

from tests.unit.callbacks.fakes import FakeModel
from torchkeras.callbacks import Callback, CallbackList, History, LambdaCallback, ProgbarLogger

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


class Recorder(Callback):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []


def _record(name: str) -> Any:
    def hook(self: Recorder, *args: Any, **kwargs: Any) -> None:
        self.calls.append((name, *args))

    return hook


for _name in HOOKS:
    setattr(Recorder, _name, _record(_name))


def test_hooks_equal_keras() -> None:
    assert [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")] == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_passed_on(name: str) -> None:
    recorder = Recorder()
    takes_number = "batch" in name or "epoch" in name
    getattr(CallbackList([recorder]), name)(*([3] if takes_number else []), logs={"loss": 1.0})
    assert recorder.calls == [(name, *([3] if takes_number else []), {"loss": 1.0})]


def test_logs_are_never_none() -> None:
    recorder = Recorder()
    CallbackList([recorder]).on_train_begin()
    assert recorder.calls == [("on_train_begin", {})]


def test_the_old_names_of_batch_hooks_are_heard() -> None:
    class Old(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            logs["seen"] = batch

    logs: dict[str, Any] = {}
    CallbackList([Old()]).on_train_batch_end(2, logs)
    assert logs == {"seen": 2}


def test_hooks_that_nobody_wrote_are_not_called() -> None:
    callbacks = CallbackList([Callback(), History()], model=FakeModel())
    assert all(callbacks.hooks(name) == [] for name in HOOKS if "batch" in name)


def test_hooks_set_on_an_instance_are_found() -> None:
    callback = Callback()
    callbacks = CallbackList([callback])
    callbacks.on_train_begin()
    callback.on_epoch_end = lambda epoch, logs: logs.update(seen=epoch)  # type: ignore[method-assign,union-attr,assignment]
    logs: dict[str, Any] = {}
    callbacks.on_epoch_begin(0)
    callbacks.on_epoch_end(1, logs)
    assert logs == {"seen": 1}


def test_a_callback_of_keras_is_heard_too() -> None:
    class Foreign(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["seen"] = epoch

    logs: dict[str, Any] = {}
    CallbackList([Foreign()], model=FakeModel(), epochs=1).on_epoch_end(4, logs)
    assert logs == {"seen": 4}


def test_one_callback_or_nested_ones_may_be_given() -> None:
    assert len(CallbackList(History()).callbacks) == 1
    assert len(CallbackList([History(), [Recorder(), Recorder()]]).callbacks) == 3


def test_default_callbacks_are_added_once() -> None:
    given = [History(), ProgbarLogger()]
    assert CallbackList(given, add_history=True, add_progbar=True).callbacks == given
    added = CallbackList(None, add_history=True, add_progbar=True, verbose=0, epochs=1, steps=1)
    assert [type(callback) for callback in added.callbacks] == [History, ProgbarLogger]


def test_model_and_params_reach_everybody() -> None:
    recorder, model = Recorder(), FakeModel()
    callbacks = CallbackList([recorder], add_history=True, model=model, epochs=7)
    assert recorder.model is model
    assert recorder.params == {"epochs": 7}
    assert isinstance(model.history, History)
    callbacks.append(Recorder())
    assert len(callbacks.callbacks) == 3


def test_a_class_is_no_callback() -> None:
    with pytest.raises(TypeError, match=r"Received: the class History. Make one: `History\(\)`"):
        CallbackList([History])


def test_a_function_is_no_callback() -> None:
    with pytest.raises(TypeError, match=r"LambdaCallback\(on_epoch_end=function\)"):
        CallbackList([print])


def test_a_subclass_that_forgets_its_parents_init() -> None:
    class Forgetful(Callback):
        def __init__(self) -> None:
            self.mine = 1

    assert Forgetful().model is None


def test_lambda_callback_takes_every_hook() -> None:
    calls: list[Any] = []

    def make(name: str) -> Any:
        return lambda *args: calls.append((name, *args))

    callbacks = CallbackList([LambdaCallback(**{name: make(name) for name in HOOKS})])
    callbacks.on_epoch_end(1, {"loss": 1.0})
    callbacks.on_test_end({"loss": 2.0})
    callbacks.on_train_batch_end(5, {"loss": 3.0})
    assert calls == [
        ("on_epoch_end", 1, {"loss": 1.0}),
        ("on_test_end", {"loss": 2.0}),
        ("on_train_batch_end", 5, {"loss": 3.0}),
    ]


def test_the_progress_bar_alone_reads_logs_at_once() -> None:
    bar = CallbackList(None, add_progbar=True, verbose=1, epochs=1, steps=1)
    assert not bar.reads_later("on_train_batch_end")
    assert CallbackList([Recorder()]).reads_later("on_train_batch_end")
    lambdas = CallbackList([LambdaCallback(on_train_batch_end=lambda batch, logs: None)])
    assert lambdas.reads_later("on_train_batch_end")
