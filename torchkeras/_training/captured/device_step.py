"""A training step in two parts: what the device does alike each time, and what the host does.

On the device are forward pass, loss, backward pass, the mean of the loss, and, where their numbers
can lie there too, the update of the weights and the metrics. The host counts, and does the rest.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._data.batch import num_rows
from torchkeras._training.added import AddedLosses
from torchkeras._training.note import update_of
from torchkeras._training.steps import Steps, optimizer_for_training
from torchkeras.metrics.metric import held
from torchkeras.optimizers.kernel_optimizer import KernelOptimizer

from .capturable import measures_alike
from .dials import Dials
from .witness import Witness

Evaluate = Callable[[Any, Any, Any], tuple[Any, Any]]

# Whoever replaces one of these does something else in a step.
_OF_A_STEP = ("step", "update_from", "kernel", "coefficients", "next_numbers")


class UncapturableError(RuntimeError):
    """A step cannot be taken apart into what a device and what the host does."""


class DeviceStep:
    """The two parts of a model's step.

    Args:
        model: The model, compiled, settled and trained for some steps.
        evaluate: Computes predictions and loss from inputs, targets and sample weights.
        added: What regularizers add to the loss.
        device: Where the model is.
    """

    def __init__(
        self, model: Steps, evaluate: Evaluate, added: AddedLosses, device: torch.device
    ) -> None:
        compiled = model._compiled
        assert compiled.tracker is not None
        self._evaluate, self._added, self._tracker = evaluate, added, compiled.tracker
        self._optimizer = optimizer_for_training(model)
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        updated = _updated(self._optimizer, trained)
        self.updates, self.measures = updated is not None, measures_alike(compiled.metrics)
        self._params: list[Tensor] = list(trained if updated is None else updated)
        self._measure = update_of(compiled.metrics)
        metrics = compiled.metrics if self.measures else None
        self._metrics = [] if metrics is None else list(metrics.variables)
        self._scale = Dials([self._scale_now()], device)
        numbers = self._optimizer.next_numbers() if self.updates else []
        self._sizes = [len(group) for group in numbers]
        self._numbers = Dials(chain(*numbers), device)
        self._model = model

    # On the device

    def run(self, x: Any, y: Tensor, weight: Tensor | None) -> list[Tensor]:
        """Do the device's part; return predictions, loss and gradients.

        Args:
            x: The inputs, one or several.
            y: The targets.
            weight: The sample weights.
        """
        with torch.enable_grad():
            y_pred, loss = self._evaluate(x, y, weight)
            if self._added.always:
                loss = self._added.to(loss)
            _check_outcome(y_pred, loss)
            found = torch.autograd.grad(loss, self._params, self._scale.tensors[0])
        with torch.no_grad():
            grads = _apart([_as_weight(*pair) for pair in zip(found, self._params, strict=True)])
            if self.updates:
                self._optimizer.update_from(grads, self._grouped())
            held(self._tracker.total).add_(loss, alpha=num_rows(x))
            if self.measures and self._measure is not None:
                self._measure(y, y_pred, weight)
        return [y_pred.detach(), loss.detach(), *grads]

    def _grouped(self) -> list[list[Tensor]]:
        numbers = iter(self._numbers.tensors)
        return [[next(numbers) for _ in range(size)] for size in self._sizes]

    @property
    def changed(self) -> list[list[Tensor]]:
        """The tensors that the device's part writes into; those of one kind together."""
        kinds = [[tensor] for tensor in [*self._model.buffers(), *self._measured()]]
        if self.updates:
            kinds += [self._params, *self._optimizer.captured_state]
        return kinds

    def _measured(self) -> list[Tensor]:
        return [held(self._tracker.total), *map(held, self._metrics)]

    # On the host

    def turn(self) -> None:
        """Bring the numbers of the next step to the device."""
        self._scale.turn([self._scale_now()])
        if self.updates:
            self._numbers.turn(chain(*self._optimizer.next_numbers()))

    def finish(self, batch: Any, made: list[Tensor]) -> None:
        """Do the host's part, after the device's.

        Args:
            batch: Inputs, targets and sample weights.
            made: What `run` returned.
        """
        x, y, weight = batch
        y_pred, _, *grads = made
        self._show(grads)
        if self.updates:
            self._optimizer.count_update()
        else:
            self._optimizer.step()
        self._tracker.count_samples(num_rows(x))
        if not self.measures and self._measure is not None:
            with torch.no_grad():
                self._measure(y, y_pred.clone(), weight)  # the next step writes into `y_pred`

    def _show(self, grads: list[Tensor]) -> None:
        for param, grad in zip(self._params, grads, strict=True):
            if param.grad is not grad:
                param.grad = grad

    def _scale_now(self) -> float:
        return float(self._optimizer.scale_loss(1.0))

    def witness(self) -> Witness:
        """Return what says whether a recording of the device's part still holds."""
        metrics = self._model._compiled.metrics
        measuring = metrics.metrics if self.measures and metrics is not None else []
        objects = [*measuring, *self._added.regularizers]
        optimizer = self._optimizer if self.updates else None
        return Witness(self._model, self._measured, objects, optimizer)


def _updated(optimizer: Any, trained: list[nn.Parameter]) -> list[Tensor] | None:
    """Return the parameters that an optimizer updates on the device, if it can do that."""
    if not isinstance(optimizer, KernelOptimizer) or any(n in vars(optimizer) for n in _OF_A_STEP):
        return None
    params = optimizer.captured_params
    if params is None or {id(param) for param in params} != {id(weight) for weight in trained}:
        return None
    return params


def _check_outcome(y_pred: Any, loss: Any) -> None:
    """Raise unless a step made one tensor and a plain loss."""
    plain = type(y_pred) is Tensor and type(loss) is Tensor
    if not plain or loss.dim() or loss.dtype is not torch.float32:
        raise UncapturableError("its outputs are not one tensor, or its loss is no float32 number")


def _as_weight(grad: Tensor, weight: Tensor) -> Tensor:
    """Return a gradient that lies in memory as its weight does, as `backward` leaves it."""
    if grad.stride() == weight.stride():
        return grad
    return torch.empty_like(weight).copy_(grad)


def _apart(grads: list[Tensor]) -> list[Tensor]:
    """Return gradients that share no memory: clipping changes them in place."""
    seen: set[int] = set()
    found = []
    for grad in grads:
        place = grad.untyped_storage().data_ptr()
        found.append(grad.clone() if place in seen else grad)
        seen.add(place)
    return found
