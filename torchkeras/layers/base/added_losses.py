"""The losses that a layer adds and the metrics that it keeps."""

from typing import Any

from torch import Tensor

from torchkeras import regularizers
from torchkeras._base.nested import leaves_of
from torchkeras._state.variable import Variable
from torchkeras._symbolic.probe import probing
from torchkeras._symbolic.spec import Spec

from .dtyped import Dtyped
from .losses import ROUNDS, LossBox, clear_losses


class LossOwner(Dtyped):
    """A module that adds losses while it runs and keeps metrics as attributes."""

    activity_regularizer: Any
    _loss_box: LossBox

    def _regularize_activity(self, activity_regularizer: Any) -> None:
        object.__setattr__(self, "_loss_box", LossBox())
        self.activity_regularizer = regularizers.get(activity_regularizer)
        if self.activity_regularizer is not None:
            ROUNDS.in_use = True

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in leaves_of(outputs):
            if isinstance(output, Tensor):
                loss = self.activity_regularizer(output)
                self.add_loss(loss / output.shape[0] if output.dim() else loss)

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or several) to the loss; it counts until the next outermost call.

        Args:
            loss: A scalar tensor, or a nested structure of them.
        """
        losses = [leaf for leaf in leaves_of(loss) if leaf is not None]
        if probing() or any(isinstance(leaf, Spec) for leaf in losses):
            return
        object.__setattr__(self, "_seen_dtype", None)
        self._loss_box.add(losses)

    @property
    def losses(self) -> list[Any]:
        """The losses added in the latest call, then the regularizers of trainable weights."""
        layers = [module for module in self.modules() if isinstance(module, LossOwner)]
        added = [loss for layer in layers for loss in layer._loss_box.get()]
        trained = self.trainable_weights
        return added + [v.regularizer(v.value) for v in trained if v.regularizer is not None]

    def _clear_losses(self) -> None:
        clear_losses(self)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: metrics are attributes (`self.tracker = Mean()`) and updated in `call`."""
        raise NotImplementedError(
            "`add_metric` is gone since Keras 3. Keep a metric as an attribute of the layer and "
            "call its `update_state` in `call`."
        )

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are attributes of the layer or of layers below it."""
        found = [m for value in vars(self).values() for m in _metrics_in(value)]
        for module in self.modules():
            if module is not self and isinstance(module, LossOwner):
                found += [m for value in vars(module).values() for m in _metrics_in(value)]
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]


def _metrics_in(value: Any) -> list[Any]:
    if getattr(value, "_is_metric", False):
        return [value]
    if isinstance(value, (list, tuple)):
        return [metric for item in value for metric in _metrics_in(item)]
    if isinstance(value, dict):
        return [metric for item in value.values() for metric in _metrics_in(item)]
    return []
