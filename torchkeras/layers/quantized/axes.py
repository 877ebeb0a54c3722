"""How the axes of inputs, kernel and outputs of an einsum lie to each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Axes:
    """The letters of an equation without an ellipsis.

    Attributes:
        inputs: The letters of the inputs' axes.
        kernel: The letters of the kernel's axes.
        outputs: The letters of the outputs' axes.
    """

    inputs: str
    kernel: str
    outputs: str

    @property
    def equation(self) -> str:
        """The equation."""
        return f"{self.inputs},{self.kernel}->{self.outputs}"

    @classmethod
    def of(cls, equation: str) -> "Axes":
        """Take an equation without an ellipsis apart.

        Args:
            equation: Such as `"ab,bc->ac"`.
        """
        inputs, _, rest = equation.partition(",")
        kernel, _, outputs = rest.partition("->")
        return cls(inputs, kernel, outputs)

    @property
    def summed_in_inputs(self) -> tuple[int, ...]:
        """The axes of the inputs that are summed over."""
        return _missing(self.inputs, self.outputs)

    @property
    def summed_in_kernel(self) -> tuple[int, ...]:
        """The axes of the kernel that are summed over."""
        return _missing(self.kernel, self.outputs)

    def scale_shape(self, kernel_shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of a kernel's scales along the axes of the outputs."""
        sizes = dict(zip(self.kernel, kernel_shape, strict=True))
        return tuple(sizes.get(letter, 1) for letter in self.outputs)

    def kernel_along_outputs(self, scale: Tensor) -> Tensor:
        """Return scales that lie along a kernel so that they lie along the outputs."""
        return _moved(scale, self.kernel, self.outputs)

    def inputs_along_outputs(self, scale: Tensor) -> Tensor:
        """Return scales that lie along the inputs so that they lie along the outputs."""
        return _moved(scale, self.inputs, self.outputs)

    def outputs_along_kernel(self, scale: Tensor) -> Tensor:
        """Return scales that lie along the outputs so that they lie along the kernel."""
        return _moved(scale, self.outputs, self.kernel)

    def straight(
        self, x: Tensor, product: Tensor, restored: Callable[[torch.dtype], Tensor]
    ) -> Tensor:
        """Return a product whose gradient for `x` is the one with the restored kernel.

        Args:
            x: The inputs.
            product: What was computed of them, apart from autograd.
            restored: Returns the float kernel in a dtype.
        """
        if not x.requires_grad or torch.compiler.is_exporting():
            return product
        floats = torch.einsum(self.equation, x, restored(x.dtype))
        return floats + (product - floats).detach()


def _missing(letters: str, others: str) -> tuple[int, ...]:
    return tuple(axis for axis, letter in enumerate(letters) if letter not in others)


def _moved(scale: Tensor, before: str, after: str) -> Tensor:
    """Drop the axes (of size 1) that are not in `after`, and order the others as there."""
    kept = [letter for letter in before if letter in after]
    scale = scale.squeeze(_missing(before, after))
    scale = scale.permute([kept.index(letter) for letter in after if letter in kept])
    for axis in _missing(after, before):
        scale = scale.unsqueeze(axis)
    return scale
