"""`Permute`: the axes of a sample in another order."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer


class Permute(Layer):
    """Put the axes of each sample in another order.

    Args:
        dims: The new order, counted from 1, without the batch: `(2, 1)` swaps two axes.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ...)`, with as many axes besides the batch as `dims` has.

    Output shape:
        The input's, in the new order.

    Raises:
        ValueError: If `dims` does not hold each of 1, 2, 3 and so on once.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Permute((2, 1))(torch.ones(5, 3, 4)).shape)
        (5, 4, 3)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        is_sequence = isinstance(dims, (tuple, list))
        if not is_sequence or sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                "`dims` must hold each of 1, 2, 3 and so on once; the batch, axis 0, stays in its "
                f"place. Received: dims={dims!r}."
            )
        self.dims = tuple(dims)
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.permute(0, *self.dims)
