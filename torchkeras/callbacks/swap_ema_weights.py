"""Evaluate with the moving average of the weights."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from .callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Put the moving average of the weights in their place while the model is evaluated.

    The optimizer must keep that average (`use_ema=True`). Training goes on with the weights
    themselves, which are set aside meanwhile.

    Args:
        swap_on_epoch: Whether the averages stay in place from the end of each epoch to the
            beginning of the next, for callbacks that come later in the list, such as
            `ModelCheckpoint`.

    Raises:
        ValueError: If the optimizer keeps no moving average.

    Differs from Keras:
        The weights come back after `predict` too, and a run that is stopped early ends with the
        averages, as one that is not.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
        True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._aside: list[Tensor] | None = None

    @property
    def _ema_weights_in_model(self) -> bool:
        return self._aside is not None

    def state_dict(self) -> dict[str, Any]:
        return {"aside": self._aside}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._aside = state["aside"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._aside = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._put_weights_back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._put_averages_in()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._put_averages_in()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._put_weights_back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._put_averages_in()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._put_weights_back()

    def _put_averages_in(self) -> None:
        pairs = list(_weights_and_averages(self.model.optimizer))
        if self._aside is None:
            self._aside = [weight.detach().clone() for weight, _ in pairs]
            with torch.no_grad():
                for weight, average in pairs:
                    weight.copy_(average)

    def _put_weights_back(self) -> None:
        if self._aside is None:
            return
        aside, self._aside = self._aside, None
        pairs = _weights_and_averages(self.model.optimizer)
        with torch.no_grad():
            for (weight, _), kept in zip(pairs, aside, strict=True):
                weight.copy_(kept)


def _weights_and_averages(optimizer: Any) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the parameters of all optimizers that keep averages, each with its average."""
    found = [each for each in _innermost(optimizer) if getattr(each, "use_ema", False)]
    if not found:
        raise ValueError(
            "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer (on one at "
            "least, if there are several). Received: an optimizer without moving averages, "
            f"{type(optimizer).__name__}. Make it with `use_ema=True`."
        )
    for each in found:
        averages = each._model_variables_moving_average
        for variable, average in zip(each._trainable_variables, averages, strict=True):
            if average is not None:
                yield from zip(variable.parameters, average.parameters, strict=True)


def _innermost(optimizer: Any) -> list[Any]:
    """Return the optimizers that change weights, inside of those that wrap them."""
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        return _innermost(inner)
    several = getattr(optimizer, "optimizers", None)
    return [optimizer] if several is None else [each for one in several for each in _innermost(one)]
