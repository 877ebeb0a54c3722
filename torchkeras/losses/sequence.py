"""Connectionist temporal classification: sequences of labels without their times."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._symbolic.op import op

from .arguments import to_float, to_tensor
from .wrapper import BuiltinLoss

_BLANK = 0


@op
def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Return minus the log-probability of the labels, over all the ways they can lie in time.

    Args:
        y_true: The labels, of the shape (batch, length), padded with 0, which is the blank.
        y_pred: The logits, of the shape (batch, steps, classes).

    Returns:
        The losses of the samples, of the shape (batch,).

    Raises:
        ValueError: If a shape is another.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.losses.ctc([[1, 0]], torch.zeros(1, 1, 2)).exp().tolist()
        [2.0]
    """
    y_pred = to_float(y_pred, like=y_true)
    labels = to_tensor(y_true, torch.int64, y_pred)
    if labels.ndim != 2:
        raise ValueError(f"`y_true` must have the shape (batch, length). Received: {show(labels)}.")
    if y_pred.ndim != 3:
        raise ValueError(
            f"`y_pred` must have the shape (batch, steps, classes). Received: {show(y_pred)}."
        )
    steps = torch.full((y_pred.shape[0],), y_pred.shape[1], device=y_pred.device)
    lengths = (labels != _BLANK).sum(-1)
    log = F.log_softmax(y_pred.float().transpose(0, 1), -1)
    return F.ctc_loss(log, labels, steps, lengths, blank=_BLANK, reduction="none")


class CTC(BuiltinLoss):
    """The mean of the CTC loss, for logits of the shape (batch, steps, classes).

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.losses.CTC()([[1, 0]], torch.zeros(1, 1, 2)).exp().item()
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
