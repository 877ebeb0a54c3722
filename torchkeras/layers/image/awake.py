"""Layers that act until they are told not to, as Keras's augmentation does."""

from typing import Any

from torchkeras.layers.base.call_spec import CallSpec
from torchkeras.layers.layer import Layer

# `training` of a layer that nobody has put into a mode: as falsy as `False`, so that models take it
# for inference, yet not the same, so that `fit`, `predict` and `eval` are told apart from it.
_UNTOLD = 0
SPEC = CallSpec(("data", "training"), True, {}, 1, training_may_be_none=True)


class AwakeLayer(Layer):
    """A layer whose `call` has the default `training=True`.

    It acts when called alone or in a model that was never put into a mode; `fit` and `.train()`
    wake it, `predict`, `evaluate`, `.eval()` and `training=False` send it to sleep.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__dict__["training"] = _UNTOLD

    def is_awake(self, training: bool | None) -> bool:
        """Say whether the layer acts.

        Args:
            training: What `call` was told; `None` if the running call was told nothing.
        """
        return bool(training) if training is not None else self.training is not False
