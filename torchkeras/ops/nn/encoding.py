"""Whole numbers as vectors of zeros and ones."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Return whole numbers as vectors with one 1; numbers out of range give zeros.

    Args:
        x: A tensor of whole numbers.
        num_classes: The size of the new axis.
        axis: Where the new axis goes.
        dtype: The dtype; `floatx()` if not given.
        sparse: Not possible on torch.

    Differs from Keras:
        A number of `num_classes` or more gives zeros, as a negative one does; Keras on torch fails.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.one_hot([0, 2, -1], 3)
        tensor([[1., 0., 0.],
                [0., 0., 1.],
                [0., 0., 0.]])
    """
    return _hot(tensor(x), num_classes, dtype, sparse).movedim(-1, axis)


def _hot(x: Tensor, classes: int, dtype: Any, sparse: bool) -> Tensor:
    if sparse:
        raise ValueError("Sparse tensors are not available on torch. Received: sparse=True.")
    numbers = x.long().unsqueeze(-1)
    return (numbers == torch.arange(classes, device=numbers.device)).to(to_torch(dtype))


@op
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Return sets of whole numbers as vectors with a 1 for each member.

    Args:
        inputs: A tensor of whole numbers; the second axis lists the members of a sample's set, the
            only axis those of one set.
        num_classes: The size of the new axis.
        axis: Where the new axis goes.
        dtype: The dtype; `floatx()` if not given.
        sparse: Not possible on torch.
        **kwargs: `num_tokens`, the older name of `num_classes`.

    Raises:
        ValueError: If `num_classes` is missing.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.multi_hot([[0, 2], [1, 1]], 3)
        tensor([[1., 0., 1.],
                [0., 1., 0.]])
    """
    older = kwargs.pop("num_tokens", None)
    if kwargs:
        raise TypeError(f"`multi_hot` does not take {', '.join(sorted(kwargs))}.")
    classes = older if num_classes is None else num_classes
    if classes is None:
        raise ValueError("`num_classes` must be given. Received: num_classes=None.")
    numbers = tensor(inputs)
    hot = _hot(numbers, classes, dtype, sparse).movedim(-1, axis)
    return hot.amax(1 if numbers.dim() > 1 else 0)
