"""The losses that a layer adds and the metrics that it keeps."""

from typing import Any

from torch import Tensor

from torchkeras import regularizers
from torchkeras._base.nested import leaves_of
from torchkeras._state.variable import SCOPES, Variable
from torchkeras._symbolic.probe import probing
from torchkeras._symbolic.spec import Spec

from .dtyped import Dtyped
from .losses import ROUNDS, LossBox, clear_losses


class LossOwner(Dtyped):
    """A module that adds losses while it runs and keeps metrics as attributes."""

    _loss_box: LossBox
    _adds_losses: bool = False

    def _regularize_activity(self, activity_regularizer: Any) -> None:
        object.__setattr__(self, "_loss_box", LossBox())
        self.activity_regularizer = activity_regularizer

    @property
    def activity_regularizer(self) -> Any:
        """The function of the outputs whose value is added to the loss, or `None`."""
        return self._output_penalty

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        object.__setattr__(self, "_output_penalty", regularizers.get(value))
        if value is not None:
            ROUNDS.admit(self)

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in leaves_of(outputs):
            if isinstance(output, Tensor):
                loss = self.activity_regularizer(output)
                self.add_loss(loss / max(output.shape[0], 1) if output.dim() else loss)

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or several) to the loss; it counts until the next outermost call.

        Args:
            loss: A scalar tensor, or a nested structure of them.
        """
        losses = [leaf for leaf in leaves_of(loss) if leaf is not None]
        if probing() or any(isinstance(leaf, Spec) for leaf in losses):
            return
        if SCOPES and SCOPES[-1].collect_losses:
            for each in losses:
                SCOPES[-1].add_loss(each)
        if not self._adds_losses:
            ROUNDS.admit(self)
        self._loss_box.add(losses)

    @property
    def losses(self) -> list[Any]:
        """The losses added in the latest call, then the regularizers of trainable weights."""
        layers = [module for module in self.modules() if isinstance(module, LossOwner)]
        added = [loss for layer in layers for loss in layer._loss_box.get()]
        trained = self.trainable_weights
        return added + [v.regularizer(v.value) for v in trained if v.regularizer is not None]

    def _may_skip_rounds(self) -> bool:
        """Whether calls need not be counted, as no losses come from here or from below.

        A layer of layers is told when that changes.
        """
        if any(getattr(module, "_adds_losses", False) for module in self.modules()):
            return False
        ROUNDS.cut_short.add(self)
        return True

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
