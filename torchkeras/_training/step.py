"""Steps made for one model: everything that can be settled before the first batch is.

A model that overrides parts of its steps keeps them as they are written. Any other model gets a
function without a check in it: forward, loss, backward, update, metrics.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._data.batch import num_rows
from torchkeras._state.logits import Watch
from torchkeras.layers.base.calling import in_given_mode
from torchkeras.layers.base.losses import ROUNDS
from torchkeras.layers.layer import Layer

from .backward import backward
from .compile_spec import Compiled
from .compiled_loss import CompiledLoss
from .compiled_metrics import CompiledMetrics
from .loop import Guard
from .steps import Steps, added_loss, checked_logs, optimizer_for_training, overridden

Step = Callable[[Any], Any]
_PARTS = ("compute_loss", "_compute_loss", "compute_metrics", "get_metrics_result", "_track_loss")


def train_step_of(model: Steps) -> Step:
    """Return what trains a model on one batch; it returns logs only where users wrote it."""
    if overridden(model, "train_step", *_PARTS):
        return _written(model.train_step, "train_step")
    return _after_first(model, _settled_train_step)


def test_step_of(model: Steps) -> Step:
    """Return what evaluates a model on one batch."""
    if overridden(model, "test_step", *_PARTS):
        return _written(model.test_step, "test_step")
    return _after_first(model, _settled_test_step)


def predict_step_of(model: Steps) -> Step:
    """Return what predicts one batch."""
    if overridden(model, "predict_step"):
        return model.predict_step
    forward = _forward_of(model)
    return lambda batch: forward(batch[0])


def predict_guard_of(model: Steps) -> Guard:
    """Return the context in which a model predicts."""
    own = overridden(model, "predict_step") or not _knows_inference(model)
    return torch.no_grad if own else torch.inference_mode


def _written(run: Step, name: str) -> Step:
    """Return a step that users wrote, or a part of it."""
    watched = _watched(run, Watch())
    return lambda batch: checked_logs(watched(batch), name)


def _watched(run: Step, watch: Watch) -> Step:
    """Return a step in which losses find the logits of the model's outputs."""

    def step(batch: Any) -> Any:
        if watch.is_idle:
            return run(batch)
        with watch:
            return run(batch)

    return step


def _after_first(model: Steps, settle: Callable[[Steps], Step]) -> Step:
    """Return a step that, once the compiled parts are settled, is the one that `settle` makes."""
    settled: Step | None = settle(model) if model._compiled.is_settled else None
    train = settle is _settled_train_step
    first = _watched(model.train_step if train else model.test_step, Watch())

    def step(batch: Any) -> Any:
        nonlocal settled
        if settled is not None:
            return settled(batch)
        outcome = first(batch)
        settled = settle(model)
        return outcome

    return step


def _settled_train_step(model: Steps) -> Step:
    if not model.trainable_weights:
        return model.train_step  # it warns
    optimizer = optimizer_for_training(model)
    evaluate, added = _evaluator(model), AddedLosses(model)
    note = _note_of(model._compiled)
    zero_grad, scale, update = optimizer.zero_grad, optimizer.scale_loss, optimizer.step

    def step(batch: Any) -> None:
        x, y, weight = batch
        y_pred, loss = evaluate(x, y, weight)
        if added.always or ROUNDS.in_use:
            loss = added.to(loss)
        zero_grad()
        backward(scale(loss))
        update()
        note(x, y, y_pred, weight, loss)

    return step


def _settled_test_step(model: Steps) -> Step:
    evaluate, added = _evaluator(model), AddedLosses(model)
    note = _note_of(model._compiled)

    def step(batch: Any) -> None:
        x, y, weight = batch
        y_pred, loss = evaluate(x, y, weight)
        if added.always or ROUNDS.in_use:
            loss = added.to(loss)
        note(x, y, y_pred, weight, loss)

    return step


def _evaluator(model: Steps) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """Return what computes outputs and loss of a batch, from logits where the loss knows them."""
    forward, loss_of = _forward_of(model), _loss_of(model._compiled)

    def evaluate(x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        y_pred = forward(x)
        return y_pred, loss_of(y, y_pred, weight)

    if not _knows_logits(model._compiled.loss):
        return evaluate
    watch = Watch()

    def evaluate_watched(x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        with watch:
            y_pred = forward(x)
            return y_pred, loss_of(y, y_pred, weight)

    return evaluate_watched


def _knows_logits(loss: CompiledLoss | None) -> bool:
    terms = loss.terms if loss is not None else []
    return any(getattr(term.loss, "knows_logits", False) for term in terms)


def _forward_of(model: Steps) -> Callable[[Any], Any]:
    if not model.jit_compile:
        return in_given_mode(model)
    options = model.jit_compile if isinstance(model.jit_compile, dict) else {}
    return in_given_mode(torch.compile(lambda x: model(x), **options))


def _loss_of(compiled: Compiled) -> Callable[[Any, Any, Any], Any]:
    if compiled.loss is None:
        return lambda y, y_pred, weight: None
    return compiled.loss.single or compiled.loss


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


def _note_of(compiled: Compiled) -> Callable[..., None]:
    """Return what takes note of a batch: the loss and the metrics."""
    tracker = compiled.tracker
    assert tracker is not None
    track = tracker.track
    update = _metric_update(compiled.metrics)

    def note(x: Any, y: Any, y_pred: Any, weight: Any, loss: Tensor) -> None:
        with torch.no_grad():
            track(loss, x.shape[0] if type(x) is Tensor else num_rows(x))
            if update is not None:
                update(y, y_pred, weight)

    return note


def _metric_update(metrics: CompiledMetrics | None) -> Callable[[Any, Any, Any], None] | None:
    if metrics is None or not metrics.metrics:
        return None
    single = metrics.of_single_output()
    if single is None:
        return metrics.update_state
    plain, weighted = single

    def update(y: Any, y_pred: Any, weight: Any) -> None:
        for metric in plain:
            metric.update_state(y, y_pred)
        for metric in weighted:
            metric.update_state(y, y_pred, weight)

    return update


def _knows_inference(model: Steps) -> bool:
    """Say whether all modules are of libraries that keep no tensor of a forward pass.

    A tensor made in torch's inference mode can never take part in training; a layer that keeps one
    (a table made on the first call, say) would break the next `fit`.
    """
    known = ("torchkeras", "torch", "torchvision")
    return all(type(m).__module__.partition(".")[0] in known for m in model.modules())
