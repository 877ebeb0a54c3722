"""What happens to one batch, in the methods that users override."""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._base.settings import floatx
from torchkeras._data.batch import num_rows, unpack_x_y_sample_weight
from torchkeras._state import stateless

from .compile_spec import Compiled

if TYPE_CHECKING:
    from torchkeras.layers.layer import Layer as _Base
else:
    _Base = object  # `Model` is a `Layer` besides, and need not be one twice


class Steps(_Base):
    """The overridable parts of training, evaluation and prediction."""

    _compiled: Compiled
    optimizer: Any
    compiled: bool = False

    # Keras's own names, which steps copied from it use.

    @property
    def _loss_tracker(self) -> Any:
        return self._compiled.tracker

    @property
    def _compile_loss(self) -> Any:
        return self._compiled.loss

    @property
    def _compile_metrics(self) -> Any:
        return self._compiled.metrics

    # One batch

    def train_step(self, data: Any) -> Mapping[str, Any]:
        """Train on one batch, and return the metrics.

        A method in its place computes predictions and loss, calls `backward()`, updates with
        `self.optimizer` and returns metrics by name.

        Args:
            data: The batch: `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
        self._track_loss(loss, x)
        if self.trainable_weights:
            refuse_many(loss)
            optimizer = optimizer_for_training(self)
            optimizer.zero_grad()
            optimizer.scale_loss(loss).backward()
            optimizer.step()
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        with torch.no_grad():
            return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> Mapping[str, Any]:
        """Evaluate one batch, and return the metrics.

        Args:
            data: The batch: `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch.

        Args:
            data: The batch: `x`, `(x, y)` or `(x, y, sample_weight)`; only `x` counts.
        """
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)

    def _track_loss(self, loss: Tensor, x: Any) -> None:
        if self._compiled.tracker is not None:
            self._compiled.tracker.track(loss.detach(), num_rows(x))

    # Loss

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the whole loss: that of `compile`, and what layers and regularizers add.

        Args:
            x: The inputs.
            y: The targets.
            y_pred: The outputs.
            sample_weight: The weight of each sample.
            training: Whether the model is being trained.

        Raises:
            ValueError: If there is no loss at all.
        """
        total = None
        if self._compiled.loss is not None:
            total = self._compiled.loss(y, y_pred, sample_weight)
        for loss in self.losses:
            added = added_loss(loss)
            total = added if total is None else total + added
        if total is None:
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`, or add one with "
                "`add_loss` in a layer."
            )
        return total

    def _compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool = True
    ) -> Any:
        """Call `compute_loss`, also one that was written without `training`."""
        named = {"training": training} if _takes_training(type(self).compute_loss) else {}
        loss = self.compute_loss(x, y, y_pred, sample_weight, **named)
        if loss is None:
            raise ValueError("`compute_loss` must return the loss, a tensor. It returned None.")
        return loss

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[Sequence[Any], list[Any], list[Any]]]:
        """Return the loss for other values of the variables, which keep their own.

        Args:
            trainable_variables: Values for `trainable_variables`.
            non_trainable_variables: Values for `non_trainable_variables`.
            metrics_variables: Values for `metrics_variables`.
            x: The inputs.
            y: The targets.
            y_pred: The outputs.
            sample_weight: The weight of each sample.
            training: Whether the model is being trained.

        Returns:
            The loss, and the new values of the three groups of variables.
        """
        fixed, counted = self.non_trainable_variables, self.metrics_variables
        state = [torch.as_tensor(value).clone() for value in non_trainable_variables]
        counts = [torch.as_tensor(value).clone() for value in metrics_variables]
        variables = [*self.trainable_variables, *fixed, *counted]
        with stateless.swapped(variables, [*trainable_variables, *state, *counts]):
            loss = self._compute_loss(x, y, y_pred, sample_weight, training=training)
            updated = [variable.value for variable in fixed]
            tallied = [variable.value for variable in counted]
        return loss, (trainable_variables, updated, tallied)

    # Metrics

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Mapping[str, Any]:
        """Update the metrics given to `compile`, and return the results of all metrics.

        Args:
            x: The inputs.
            y: The targets.
            y_pred: The outputs.
            sample_weight: The weight of each sample.
        """
        if self._compiled.metrics is not None:
            with torch.no_grad():
                self._compiled.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the results of all metrics by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results

    @property
    def metrics(self) -> list[Any]:
        """The mean of the loss, the compiled metrics, and those that are attributes of layers."""
        own = self._compiled.own_metrics() if self.compiled else []
        return [*own, *super().metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Begin all metrics again."""
        for metric in self.metrics:
            metric.reset_state()


def refuse_many(loss: Tensor) -> None:
    """Raise if a loss is not one number, which training needs."""
    if loss.dim():
        raise ValueError(
            "The loss must be one number. Received losses of shape "
            f"{tuple(loss.shape)}: a loss made with `reduction=None` (or 'none') does not add them "
            "up. Leave `reduction` away, or reduce in a `compute_loss` of your own."
        )


def optimizer_for_training(model: Steps) -> Any:
    """Return the optimizer of a model, which must have one."""
    if model.optimizer is None:
        raise ValueError(
            "The model was compiled without an optimizer, so nothing can update its weights. "
            "Received: optimizer=None. Call `compile(optimizer='adam', ...)`, or update the "
            "weights in a `train_step` of your own."
        )
    return model.optimizer


def checked_logs(logs: Any, name: str) -> Mapping[str, Any]:
    """Return what a step that users wrote returned, which must be metrics by name."""
    if not isinstance(logs, Mapping):
        raise TypeError(
            f"`{name}` must return a dictionary of metrics by name, which may be empty: "
            "`return {'loss': loss}`. "
            f"Received: {show(logs)} (of type {type(logs).__name__})."
        )
    return logs


def added_loss(loss: Tensor) -> Tensor:
    """Return a loss that a layer added, as one float."""
    if not loss.is_floating_point():
        loss = loss.to(to_torch(floatx()))
    return loss.sum() if loss.dim() else loss


@lru_cache(maxsize=256)
def _takes_training(compute_loss: Callable[..., Any]) -> bool:
    return "training" in inspect.signature(compute_loss).parameters


def overridden(model: Steps, *names: str) -> bool:
    """Say whether a model has methods of its own in place of those of `Steps`."""
    return any(
        name in vars(model) or getattr(type(model), name) is not getattr(Steps, name)
        for name in names
    )
