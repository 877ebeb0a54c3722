"""The built-in steps, cut into what `torch.compile` reads and what runs around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from torchkeras._data.batch import num_rows
from torchkeras._state.logits import TRACE, Watch
from torchkeras._training.added import AddedLosses
from torchkeras._training.backward import backward
from torchkeras._training.compiled_loss import CompiledLoss
from torchkeras._training.note import update_of
from torchkeras._training.steps import Steps, optimizer_for_training
from torchkeras.layers.base.losses import ROUNDS

Step = Callable[[Any], Any]
Function = Callable[..., Any]
Versions = list[tuple[str, Function]]
_Evaluated = tuple[Any, Any, list[tuple[Tensor, int]]]


@dataclass(frozen=True)
class Parts:
    """A step in the parts that differ in what may happen to them.

    Attributes:
        kind: `"train"`, `"test"` or `"predict"`.
        eager: The whole step without a compiler.
        versions: Functions of `(x, y, weight)` to compile, the best first; the others are for
            models whose metrics, say, no compiler can follow.
        begin: Runs a compiled function on a batch, up to what can be taken back.
        finish: Does the rest, with what `begin` returned.
    """

    kind: str
    eager: Step
    versions: Callable[[], list[tuple[str, Callable[..., Any]]]]
    begin: Callable[[Callable[..., Any], Any], Any]
    finish: Callable[[Any, Any, bool], Any]


def train_parts(model: Steps, eager: Step, watch: Watch, added: AddedLosses) -> Parts:
    """Return the parts of training on a batch.

    Args:
        model: The model.
        eager: The step without a compiler.
        watch: What watches it for logits.
        added: What layers and regularizers add to the loss.
    """
    optimizer = optimizer_for_training(model)
    zero_grad, scale, update = optimizer.zero_grad, optimizer.scale_loss, optimizer.step
    fit_targets, note = _targets_of(model), _note_of(model)

    def begin(run: Function, batch: Any) -> Any:
        x, y, weight = batch
        added.forget()
        made = run((x, fit_targets(y), weight))
        zero_grad()
        backward(scale(made[0]))
        return made

    def finish(batch: Any, made: Any, has_all: bool) -> None:
        update()
        note(batch, made, has_all)

    return Parts("train", eager, lambda: _versions(model, watch, added), begin, finish)


def test_parts(model: Steps, eager: Step, watch: Watch, added: AddedLosses) -> Parts:
    """Return the parts of evaluating a batch.

    Args:
        model: The model.
        eager: The step without a compiler.
        watch: What watches it for logits.
        added: What layers and regularizers add to the loss.
    """
    fit_targets, note = _targets_of(model), _note_of(model)

    def begin(run: Function, batch: Any) -> Any:
        x, y, weight = batch
        added.forget()
        return run((x, fit_targets(y), weight))

    return Parts("test", eager, lambda: _versions(model, watch, added), begin, note)


def predict_parts(model: Any, eager: Step) -> Parts:
    """Return the parts of predicting a batch.

    Args:
        model: The model.
        eager: The step without a compiler.
    """

    def predict(x: Any, y: Any, weight: Any) -> Any:
        return model(x)

    def begin(run: Function, batch: Any) -> Any:
        return run(batch)

    def finish(batch: Any, made: Any, has_all: bool) -> Any:
        return made

    return Parts("predict", eager, lambda: [("", predict)], begin, finish)


def _versions(model: Steps, watch: Watch, added: AddedLosses) -> Versions:
    """Return the tensors' part of a step with the metrics, and one that leaves them to others."""
    evaluate, update = _evaluator(model, watch, added), update_of(model._compiled.metrics)

    def apart(x: Any, y: Any, weight: Any) -> Any:
        y_pred, loss, parts = evaluate(x, y, weight)
        return loss, parts, y_pred

    if update is None:
        update = _nothing

    def whole(x: Any, y: Any, weight: Any) -> Any:
        y_pred, loss, parts = evaluate(x, y, weight)
        with torch.no_grad():
            update(y, y_pred, weight)
        return loss, parts, None

    versions: Versions = [("", whole)]
    return versions if update is _nothing else [*versions, (" but for the metrics", apart)]


def _nothing(y: Any, y_pred: Any, weight: Any) -> None:
    """Update no metrics."""


def _evaluator(
    model: Any, watch: Watch, added: AddedLosses
) -> Callable[[Any, Any, Any], _Evaluated]:
    """Return what computes outputs, the whole loss, and the losses of several outputs."""
    answers, count = watch.answers, watch.count
    loss_of = _loss_of(model._compiled.loss)

    def evaluate(x: Any, y: Any, weight: Any) -> _Evaluated:
        TRACE.begin(answers, count)
        y_pred = model(x)
        loss, parts = loss_of(y, y_pred, weight)
        TRACE.end()
        if added.always or ROUNDS.in_use:
            loss = added.to(loss)
            added.forget()
        return y_pred, loss, parts

    return evaluate


def _loss_of(loss: CompiledLoss | None) -> Callable[[Any, Any, Any], Any]:
    if loss is None:
        return lambda y, y_pred, weight: (None, [])
    single = loss.single
    if single is not None:
        return lambda y, y_pred, weight: (single(y, y_pred, weight), [])
    return loss.parts


def _targets_of(model: Steps) -> Callable[[Any], Any]:
    """Return what brings targets into the structure of the outputs."""
    loss = model._compiled.loss
    return _as_they_are if loss is None or loss.single is not None else loss.fit_to_outputs


def _as_they_are(y: Any) -> Any:
    return y


def _note_of(model: Steps) -> Callable[[Any, Any, bool], None]:
    """Return what takes note of a compiled step's losses, and updates metrics left to it."""
    compiled = model._compiled
    assert compiled.tracker is not None
    track, update = compiled.tracker.track, update_of(compiled.metrics)
    trackers = compiled.loss.trackers if compiled.loss is not None else []

    def note(batch: Any, made: Any, has_all: bool) -> None:
        x, y, weight = batch
        loss, parts, y_pred = made
        with torch.no_grad():
            track(loss, x.shape[0] if type(x) is Tensor else num_rows(x))
            for tracker, (value, rows) in zip(trackers, parts, strict=False):
                tracker.track(value, rows)
            if not has_all and update is not None:
                update(y, y_pred, weight)

    return note
