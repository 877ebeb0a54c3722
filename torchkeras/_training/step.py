"""Steps made for one model: everything that can be settled before the first batch is.

A model that overrides parts of its steps keeps them as they are written. Any other model gets a
function without a check in it: forward, loss, backward, update, metrics.
"""

from collections.abc import Callable
from typing import Any

import torch

from torchkeras._base.replicas import REPLICAS
from torchkeras._state.logits import Watch
from torchkeras.layers.base.calling import in_given_mode
from torchkeras.layers.base.losses import ROUNDS

from .added import AddedLosses
from .backward import backward
from .captured.step import captured_step
from .compile_spec import Compiled
from .compiled_loss import CompiledLoss
from .jitted.parts import predict_parts, test_parts, train_parts
from .jitted.step import CompiledStep
from .jitted.written import with_compiled_calls
from .loop import Guard
from .note import note_of
from .recorded.prediction import RecordedPrediction
from .recorded.recordable import is_better_recorded, is_recordable, predicts_alike
from .recorded.step import RecordedStep
from .replication import putting_together
from .steps import Steps, checked_logs, optimizer_for_training, overridden

Step = Callable[[Any], Any]
_RECORDED = "recorded after some batches, which for so small a model is faster than torch.compile"
_PARTS = ("compute_loss", "_compute_loss", "compute_metrics", "get_metrics_result", "_track_loss")


def train_step_of(model: Steps) -> Step:
    """Return what trains a model on one batch; it returns logs only where users wrote it."""
    if overridden(model, "train_step", *_PARTS):
        return _written(model, "train_step")
    return _after_first(model, _settled_train_step)


def test_step_of(model: Steps) -> Step:
    """Return what evaluates a model on one batch."""
    if overridden(model, "test_step", *_PARTS):
        return _written(model, "test_step")
    return _after_first(model, _settled_test_step)


def predict_step_of(model: Steps) -> Step:
    """Return what predicts one batch."""
    if overridden(model, "predict_step"):
        return with_compiled_calls(model, model.predict_step, Watch(), "predict", "predict_step")
    forward = in_given_mode(model)

    def step(batch: Any) -> Any:
        return forward(batch[0])

    if REPLICAS.active is not None:
        return putting_together(_eager(model, "predict", step))
    if model._compiled.jit.options is None:
        return RecordedPrediction(model, step) if predicts_alike(model) else step
    if is_better_recorded(model):
        model._compiled.jit.found["predict"] = _RECORDED
        return RecordedPrediction(model, step)
    rival = RecordedPrediction(model, step, races=True) if predicts_alike(model) else step
    return CompiledStep(predict_parts(model, step), model, rival)


def predict_guard_of(model: Steps) -> Guard:
    """Return the context in which a model predicts."""
    own = overridden(model, "predict_step") or not _knows_inference(model)
    return torch.no_grad if own else torch.inference_mode


def _written(model: Steps, name: str) -> Step:
    """Return a step that users wrote, or a part of it."""
    watch = Watch()
    watched = _watched(getattr(model, name), watch)

    def step(batch: Any) -> Any:
        return checked_logs(watched(batch), name)

    kind = name.partition("_")[0]
    return with_compiled_calls(model, step, watch, kind, f"{name} or a part of it")


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
    optimizer, watch = optimizer_for_training(model), Watch()
    evaluate, added = _evaluator(model, watch), AddedLosses(model)
    note = note_of(model._compiled)
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

    if REPLICAS.active is not None:
        return _eager(model, "train", step)
    jit, records = model._compiled.jit, not added.always and is_recordable(model)
    if jit.options is not None:
        if not (records and is_better_recorded(model)):
            rival = RecordedStep(model, step, evaluate, races=True) if records else step
            return CompiledStep(train_parts(model, step, watch, added), model, rival)
        jit.found["train"] = _RECORDED
    captured = captured_step(model, step, evaluate, added)
    if captured is not None:
        return captured
    return RecordedStep(model, step, evaluate) if records else step


def _settled_test_step(model: Steps) -> Step:
    watch = Watch()
    evaluate, added = _evaluator(model, watch), AddedLosses(model)
    note = note_of(model._compiled)

    def step(batch: Any) -> None:
        x, y, weight = batch
        y_pred, loss = evaluate(x, y, weight)
        if added.always or ROUNDS.in_use:
            loss = added.to(loss)
        note(x, y, y_pred, weight, loss)

    if REPLICAS.active is not None:
        return _eager(model, "test", step)
    if model._compiled.jit.options is None:
        return step
    return CompiledStep(test_parts(model, step, watch, added), model)


def _eager(model: Steps, kind: str, step: Step) -> Step:
    """Return a step as it is: what processes tell each other is nothing to compile or record."""
    model._compiled.jit.found[kind] = "eager: several processes share each batch"
    return step


def _evaluator(model: Steps, watch: Watch) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """Return what computes outputs and loss of a batch, from logits where the loss knows them."""
    forward, loss_of = in_given_mode(model), _loss_of(model._compiled)

    def evaluate(x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        y_pred = forward(x)
        return y_pred, loss_of(y, y_pred, weight)

    if not _knows_logits(model._compiled.loss):
        return evaluate

    def evaluate_watched(x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        with watch:
            y_pred = forward(x)
            return y_pred, loss_of(y, y_pred, weight)

    return evaluate_watched


def _knows_logits(loss: CompiledLoss | None) -> bool:
    terms = loss.terms if loss is not None else []
    return any(getattr(term.loss, "knows_logits", False) for term in terms)


def _loss_of(compiled: Compiled) -> Callable[[Any, Any, Any], Any]:
    if compiled.loss is None:
        return lambda y, y_pred, weight: None
    return compiled.loss.single or compiled.loss


def _knows_inference(model: Steps) -> bool:
    """Say whether all modules are of libraries that keep no tensor of a forward pass.

    A tensor made in torch's inference mode can never take part in training; a layer that keeps one
    (a table made on the first call, say) would break the next `fit`.
    """
    known = ("torchkeras", "torch", "torchvision")
    return all(type(m).__module__.partition(".")[0] in known for m in model.modules())
