"""Taking note of a batch: the mean of the loss, and the metrics."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.replicas import REPLICAS
from torchkeras._data.batch import num_rows

from .compile_spec import Compiled
from .compiled_metrics import CompiledMetrics
from .replication import whole_batch


def note_of(compiled: Compiled) -> Callable[..., None]:
    """Return what takes note of a batch: the loss and the metrics."""
    tracker = compiled.tracker
    assert tracker is not None
    track = tracker.track
    update = update_of(compiled.metrics)

    def note(x: Any, y: Any, y_pred: Any, weight: Any, loss: Tensor) -> None:
        with torch.no_grad():
            track(loss, x.shape[0] if type(x) is Tensor else num_rows(x))
            if update is not None:
                update(y, y_pred, weight)

    return note


def update_of(metrics: CompiledMetrics | None) -> Callable[[Any, Any, Any], None] | None:
    """Return what updates the metrics, or `None` if there are none."""
    if metrics is None or not metrics.metrics:
        return None
    single = metrics.of_single_output()
    if single is None:
        return metrics.update_state
    plain, weighted = single

    def update(y: Any, y_pred: Any, weight: Any) -> None:
        if REPLICAS.active is not None:
            y, y_pred, weight = whole_batch(y, y_pred, weight)
        for metric in plain:
            metric.update_state(y, y_pred)
        for metric in weighted:
            metric.update_state(y, y_pred, weight)

    return update
