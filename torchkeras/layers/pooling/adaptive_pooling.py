"""What the adaptive poolings share: the windows follow from the size that comes out.

Sequences are pooled as images of one row: torch has the faster kernels for those.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import sizes
from torchkeras.layers.base.channels import to_first, to_last
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer


class AdaptivePooling(Layer):
    """A layer that reduces the entries under windows so many that the output has a given size."""

    rank: ClassVar[int]
    _window_count: tuple[int, ...]

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.output_size = _checked(output_size, self.rank)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        count = (1, *self.output_size) if self.rank == 1 else self.output_size
        object.__setattr__(self, "_window_count", count)

    def call(self, inputs: Tensor) -> Tensor:
        last = self.data_format == "channels_last"
        x = inputs
        if self.rank == 1:
            x = x.unsqueeze(1 if last else 2)
        y = to_last(self._pool(to_first(x))) if last else self._pool(x)
        return y.squeeze(1 if last else 2) if self.rank == 1 else y

    def _pool(self, x: Tensor) -> Tensor:
        """Pool tensors with the channels second."""
        raise NotImplementedError


def _checked(output_size: Any, rank: int) -> tuple[int, ...]:
    """Return one size for each axis; what is no size at all is a `TypeError`, as in Keras."""
    if isinstance(output_size, bool) or not isinstance(output_size, (int, tuple, list)):
        several = "" if rank == 1 else f" or a tuple of {rank}"
        raise TypeError(
            f"`output_size` must be a positive integer{several}. "
            f"Received: output_size={output_size!r}."
        )
    return sizes("output_size", output_size, rank)
