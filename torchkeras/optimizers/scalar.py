"""A number that Python keeps: the iterations and the learning rate, which steps only ever read."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.places import read
from torchkeras._state.variable import Variable


class Scalar(Variable):
    """A variable whose truth is a Python number; its tensor is made when somebody reads it.

    A step therefore neither asks a device for a number nor launches a kernel to count. The tensor
    lies on the CPU. Whoever got it may have written into it, so it is read again before the number
    is used.
    """

    def __init__(self, number: float, dtype: Any, name: str) -> None:
        first = torch.tensor(number, dtype=to_torch(dtype), device="cpu")
        super().__init__(
            first, trainable=False, autocast=False, aggregation="only_first_replica", name=name
        )
        self._number = number
        self._lent = True

    @property
    def number(self) -> Any:
        """The value, rounded to the variable's dtype."""
        if self._lent:
            self._number = read(*self._parts[0]).item()
            self._lent = False
        return self._number

    def advance(self) -> None:
        """Add one."""
        self._number = self.number + 1

    def set(self, number: float) -> None:
        """Take a new value, rounded as one that went into a file and came back."""
        dtype = read(*self._parts[0]).dtype
        if dtype is torch.float32:
            self._number = float(np.float32(number))  # a tensor would take ten times as long
        else:
            self._number = torch.tensor(number, dtype=dtype, device="cpu").item()
        self._lent = False

    def invalidate(self) -> None:
        """Read the tensor before the number is used again."""
        self._lent = True

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """The tensor that shows the number."""
        return (self.value,)

    @property
    def value(self) -> Tensor:
        """The tensor that shows the number."""
        tensor = read(*self._parts[0])
        if not self._lent:
            tensor.fill_(self._number)
            self._lent = True
        return tensor
