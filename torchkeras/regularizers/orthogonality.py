"""A penalty on rows or columns that point the same way."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import epsilon
from torchkeras._state.convert import tensor

from .penalty import rounded
from .regularizer import Regularizer, not_negative


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean of `|cos|` of the angles between all pairs of rows or columns.

    Args:
        factor: The factor.
        mode: `"rows"` or `"columns"`.

    Input shape:
        A matrix.

    Raises:
        ValueError: If an argument is not one of the allowed, or the input is no matrix.

    Differs from Keras:
        A matrix with a single row has no penalty; Keras's is not a number.

    Example:
        >>> import torchkeras
        >>> penalty = torchkeras.regularizers.OrthogonalRegularizer(factor=1.0)
        >>> penalty([[1.0, 0.0], [0.0, 2.0]])
        tensor(0.)
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = not_negative("factor", factor)
        self.mode = one_of("mode", mode, ("rows", "columns"))

    def __call__(self, inputs: Any) -> Tensor:
        inputs = tensor(inputs)
        if inputs.ndim != 2:
            raise ValueError(f"`inputs` must be a matrix. Received: inputs={show(inputs)}.")
        rows = inputs if self.mode == "rows" else inputs.T
        unit = F.normalize(rows, dim=1, eps=epsilon())
        pairs = rows.shape[0] * (rows.shape[0] - 1) / 2
        return self.factor / max(pairs, 1) * (unit @ unit.T).tril(-1).abs().sum()

    def get_config(self) -> dict[str, Any]:
        return {"factor": rounded(self.factor), "mode": self.mode}
