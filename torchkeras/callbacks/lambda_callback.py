"""Callbacks made of functions."""

from collections.abc import Callable
from typing import Any

from .callback import Callback

_Function = Callable[..., Any] | None


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: Called with `(epoch, logs)`.
        on_epoch_end: Called with `(epoch, logs)`.
        on_train_begin: Called with `(logs)`.
        on_train_end: Called with `(logs)`.
        on_train_batch_begin: Called with `(batch, logs)`.
        on_train_batch_end: Called with `(batch, logs)`.
        **kwargs: Functions for further methods, such as `on_test_end` or `on_predict_begin`.

    Example:
        >>> import torchkeras
        >>> losses = []
        >>> keep = torchkeras.callbacks.LambdaCallback(
        ...     on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])
        ... )
        >>> keep.on_epoch_end(0, {"loss": 0.5})
        >>> losses
        [0.5]
    """

    def __init__(
        self,
        on_epoch_begin: _Function = None,
        on_epoch_end: _Function = None,
        on_train_begin: _Function = None,
        on_train_end: _Function = None,
        on_train_batch_begin: _Function = None,
        on_train_batch_end: _Function = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        given = {name: function for name, function in functions.items() if function is not None}
        self.__dict__.update(kwargs)
        self.__dict__.update(given)
