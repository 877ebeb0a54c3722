"""Several callbacks as one."""

import inspect
from collections.abc import Callable
from typing import Any

from torchkeras import tree
from torchkeras._base.messages import show

from .callback import Callback, Logs
from .history import History
from .progbar_logger import ProgbarLogger

Hook = Callable[..., None]
_OLD_NAMES = {
    "on_train_batch_begin": "on_batch_begin",
    "on_train_batch_end": "on_batch_end",
}
_BACKED_UP = ("on_train_batch_end", "on_epoch_end", "on_train_end")


class CallbackList(Callback):
    """Callbacks that are told everything together, in order.

    Args:
        callbacks: Callbacks, in a list.
        add_history: Whether a `History` is added if there is none.
        add_progbar: Whether a `ProgbarLogger` is added if there is none.
        model: The model of the run.
        **params: Settings of the run that all callbacks get: `verbose`, `epochs`, `steps`.

    Example:
        >>> import torchkeras
        >>> callbacks = torchkeras.callbacks.CallbackList(add_history=True, epochs=3)
        >>> [type(callback).__name__ for callback in callbacks.callbacks]
        ['History']
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = [_checked(item) for item in tree.flatten(callbacks or [])]
        self._history = self._own(History, add_history)
        self._progbar = self._own(ProgbarLogger, add_progbar)
        self._hooks: dict[str, list[Hook]] = {}
        self.set_model(model)
        self.set_params(params)

    def _own(self, kind: type[Callback], wanted: bool) -> Any:
        """Return the callback of a kind, added at the end if it is wanted and missing."""
        for callback in reversed(self.callbacks):
            if isinstance(callback, kind):
                return callback
        if not wanted:
            return None
        self.callbacks.append(kind())
        return self.callbacks[-1]

    def append(self, callback: Any) -> None:
        """Add a callback at the end.

        Args:
            callback: The callback.
        """
        self.callbacks.append(_checked(callback))
        self._hooks.clear()

    def set_params(self, params: dict[str, Any]) -> None:
        """Give all callbacks the settings of the run.

        Args:
            params: The settings.
        """
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give all callbacks the model of the run.

        Args:
            model: The model.
        """
        if model is None:
            return
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def hooks(self, name: str) -> list[Hook]:
        """Return the methods of that name that callbacks have written.

        Args:
            name: The name of a method, such as `"on_train_batch_end"`.
        """
        found = self._hooks.get(name)
        if found is None:
            found = self._hooks[name] = self._find(name)
        return found

    def _find(self, name: str) -> list[Hook]:
        """Return methods in the order of the list; a backup hears last of what it must contain."""
        pairs = [(callback, _hook(callback, name)) for callback in self.callbacks]
        written = [(callback, hook) for callback, hook in pairs if hook is not None]
        first = [hook for callback, hook in written if not _hears_last(callback)]
        last = [hook for callback, hook in written if _hears_last(callback)]
        if not last or name not in _BACKED_UP:
            return [hook for _, hook in written]
        record = [hook for callback, hook in written if callback is self._history]
        return [_then_last(first, record, last)] if name != "on_train_end" else [*first, *last]

    def reads_later(self, name: str) -> bool:
        """Say whether any but the progress bar listens, and so might keep the logs it is given.

        Args:
            name: The name of a method, such as `"on_train_batch_end"`.
        """
        return any(
            callback is not self._progbar and not _hears_last(callback)
            for callback in self.callbacks
            if _hook(callback, name) is not None
        )

    def guarded(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a step of training as callbacks want it run.

        Args:
            step: The step.
        """
        for callback in self.callbacks:
            guard = getattr(callback, "_guard_step", None)
            step = step if guard is None else guard(step)
        return step

    def _tell(self, name: str, *args: Any, logs: Logs | None) -> None:
        logs = {} if logs is None else logs
        for hook in self.hooks(name):
            hook(*args, logs)

    def _begin(self, name: str, *args: Any, logs: Logs | None) -> None:
        """Tell of a beginning, after looking again for methods that were set since."""
        self._hooks.clear()
        self._tell(name, *args, logs=logs)
        self._hooks.clear()

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_batch_begin", batch, logs=logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_batch_end", batch, logs=logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._tell("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_train_batch_begin", batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_train_batch_end", batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_test_batch_begin", batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_test_batch_end", batch, logs=logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_predict_batch_begin", batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._tell("on_predict_batch_end", batch, logs=logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._begin("on_train_begin", logs=logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._tell("on_train_end", logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._begin("on_test_begin", logs=logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._tell("on_test_end", logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin("on_predict_begin", logs=logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._tell("on_predict_end", logs=logs)


def _hook(callback: Any, name: str) -> Hook | None:
    """Return a callback's method, or `None` if it is the empty one of the base class."""
    method: Hook | None = getattr(callback, name, None)
    is_idle = getattr(callback, "_is_idle", None)
    if method is None or (is_idle is not None and is_idle(name)):
        return None
    if getattr(method, "__func__", method) is not getattr(Callback, name):
        return method
    return _hook(callback, _OLD_NAMES[name]) if name in _OLD_NAMES else None


def _hears_last(callback: Any) -> bool:
    return bool(getattr(callback, "_hears_last", False))


def _then_last(first: list[Hook], record: list[Hook], last: list[Hook]) -> Hook:
    """Return a hook that tells the last listeners even if another one fails."""

    def tell(*args: Any) -> None:
        told = 0
        try:
            for hook in first:
                told += 1
                hook(*args)
        except Exception:
            for hook in record:
                if hook in first[told:]:
                    hook(*args)
            for hook in last:
                hook(*args)
            raise
        for hook in last:
            hook(*args)

    return tell


def _checked(callback: Any) -> Any:
    if inspect.isclass(callback):
        raise TypeError(
            f"`callbacks` must hold instances. Received: the class {callback.__name__}. "
            f"Make one: `{callback.__name__}()`."
        )
    if not hasattr(callback, "set_model"):
        raise TypeError(
            f"`callbacks` must hold `Callback` instances. Received: {show(callback)} (of type "
            f"{type(callback).__name__}). A function becomes one with "
            "`LambdaCallback(on_epoch_end=function)`."
        )
    return callback
