"""`model.add_loss(loss)` of Keras 2, whose loss is computed from a model's symbols."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from torchkeras import tree
from torchkeras._base.registry import register_keras_serializable
from torchkeras.layers import Layer

from .notice import tell
from .patches import Patches


def apply(package: ModuleType, patches: Patches) -> None:
    """Let models made from symbols take losses made from symbols.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    register_keras_serializable("torchkeras.legacy")(AddLoss)
    model, is_symbol = package.models.Model, package.utils.is_keras_tensor
    patches.set(model, "add_loss", _adding(model.add_loss, is_symbol))


class AddLoss(Layer):
    """Pass the first input on, and add the mean of each other one to the loss."""

    def call(self, inputs: Any) -> Any:
        value, *losses = inputs
        self.add_loss([loss.mean() for loss in losses])
        return value


def _adding(add: Callable[..., None], is_symbol: Callable[[Any], bool]) -> Callable[..., None]:
    def add_loss(self: Any, loss: Any, inputs: Any = None) -> None:
        """Add a loss: a tensor inside `call`, or what was computed from the model's symbols.

        Args:
            loss: A scalar, a symbol, or a nested structure of them.
            inputs: Has no effect.
        """
        losses = tree.flatten(loss)
        if self.program is None or not losses or not all(map(is_symbol, losses)):
            add(self, loss)
            return
        tell("`add_loss` with a symbol", "call `add_loss` inside the `call` of a layer")
        first, *others = tree.flatten(self.outputs)
        passed = AddLoss()([first, *losses])
        outputs = tree.pack_sequence_as(self.output, [passed, *others])
        self._wire(self.input, outputs)

    return add_loss
