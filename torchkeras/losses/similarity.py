"""Circle loss: samples of one class close together, others far apart."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.masked import with_mask
from torchkeras._symbolic.op import op

from .arguments import to_float, to_tensor
from .wrapper import BuiltinLoss


@op
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Return the circle loss of embeddings of length 1.

    Args:
        y_true: The number of each sample's class, of the shape (batch,) or (batch, 1).
        y_pred: The embeddings, of the shape (batch, dim), of Euclidean length 1.
        ref_labels: The classes of the reference embeddings; `y_true` if not given.
        ref_embeddings: What the samples are compared with; `y_pred` if not given.
        remove_diagonal: Whether a sample is not compared with itself.
        gamma: The scale of the similarities.
        margin: How much is forgiven.

    Returns:
        The losses of the samples, of the shape (batch,), with a mask that leaves out those that
        are 0.

    Source:
        Sun et al., 2020, https://arxiv.org/abs/2002.10857

    Example:
        >>> import torchkeras
        >>> embeddings = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
        >>> torchkeras.losses.circle([0, 0, 1], embeddings).shape
        torch.Size([3])
    """
    y_pred = to_float(y_pred, like=y_true)
    labels = to_tensor(y_true, torch.int64, y_pred)
    references = (
        y_pred if ref_embeddings is None else to_tensor(ref_embeddings, y_pred.dtype, y_pred)
    )
    same = _same_class(labels, ref_labels, y_pred)
    different = ~same
    if remove_diagonal:
        same = same & ~torch.eye(*same.shape, dtype=torch.bool, device=same.device)
    distance = (1.0 - y_pred @ references.t()).clamp(min=0.0)
    pull = -gamma * (margin + distance).clamp(min=0.0) * (margin - distance)
    push = gamma * (1.0 + margin - distance).clamp(min=0.0) * (1.0 - margin - distance)
    losses = F.softplus(_log_sum_exp(pull, same) + _log_sum_exp(push, different))
    return with_mask(losses, losses > 0)


def _same_class(labels: Tensor, ref_labels: Any, like: Tensor) -> Tensor:
    others = labels if ref_labels is None else to_tensor(ref_labels, torch.int64, like)
    return labels.reshape(-1, 1) == others.reshape(1, -1)


def _log_sum_exp(values: Tensor, where: Tensor) -> Tensor:
    return torch.logsumexp(torch.where(where, values, -torch.inf), dim=1)


class Circle(BuiltinLoss):
    """The circle loss of embeddings of length 1, for learning what resembles what.

    Args:
        gamma: The scale of the similarities.
        margin: How much is forgiven.
        remove_diagonal: Whether a sample is not compared with itself.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Source:
        Sun et al., 2020, https://arxiv.org/abs/2002.10857

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.Circle(gamma=1.0)
        >>> round(loss([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).item(), 3)
        0.546
    """

    gamma: float
    margin: float
    remove_diagonal: bool

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle, reduction, name, dtype,
            gamma=gamma, margin=margin, remove_diagonal=remove_diagonal,
        )  # fmt: skip
