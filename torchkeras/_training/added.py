"""What regularizers and layers add to the loss."""

from typing import Any

from torch import Tensor

from torchkeras.layers.base.losses import ROUNDS
from torchkeras.layers.layer import Layer

from .steps import Steps, added_loss


class AddedLosses:
    """What regularizers and layers add to the loss.

    Args:
        model: The model, built.
    """

    def __init__(self, model: Steps) -> None:
        self._model = model
        own = type(model).losses is not Layer.losses
        compiled = model._compiled.loss
        self._variables = [v for v in model.trainable_variables if v.regularizer is not None]
        self._boxes = [layer._loss_box for layer in model.modules() if isinstance(layer, Layer)]
        self._all = own
        nothing_else = compiled is None or not compiled.terms
        self.always = own or nothing_else or bool(self._variables)
        self.is_of_weights = not (own or nothing_else)

    @property
    def regularizers(self) -> list[Any]:
        """The regularizers of weights."""
        return [variable.regularizer for variable in self._variables]

    def _losses(self) -> list[Tensor]:
        if self._all:
            return self._model.losses
        found = [loss for box in self._boxes for loss in box.get()]
        return found + [v.regularizer(v.value) for v in self._variables]

    def to(self, total: Tensor | None) -> Tensor:
        """Return the whole loss, of which `total` is what was compiled.

        Args:
            total: The compiled loss, or `None`.
        """
        for loss in self._losses():
            total = added_loss(loss) if total is None else total + added_loss(loss)
        if total is None:
            total = self._model.compute_loss()  # it says what is missing
        return total

    def forget(self) -> None:
        """Drop what layers have added, which would keep the tensors of a step."""
        if ROUNDS.in_use:
            for box in self._boxes:
                box.clear()
