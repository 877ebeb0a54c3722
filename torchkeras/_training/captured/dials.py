"""Numbers on a device that the host changes without waiting for it."""

from collections.abc import Iterable

import torch
from torch import Tensor


class Dials:
    """Tensors without axes; one that keeps its value costs nothing.

    A number travels as the argument of the kernel that writes it, so no memory of the host is read
    later than it may be written again.

    Args:
        numbers: The first values.
        device: Where the tensors lie.
    """

    def __init__(self, numbers: Iterable[float], device: torch.device) -> None:
        self._numbers = list(numbers)
        self.tensors: list[Tensor] = [
            torch.full((), number, dtype=torch.float32, device=device) for number in self._numbers
        ]

    def turn(self, numbers: Iterable[float]) -> None:
        """Take new values.

        Args:
            numbers: As many as at first.
        """
        for index, (new, old) in enumerate(zip(numbers, self._numbers, strict=True)):
            if new != old:
                self.tensors[index].fill_(new)
                self._numbers[index] = new
