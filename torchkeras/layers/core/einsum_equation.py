"""The equation of an `EinsumDense`: which axes go in, are summed over, and come out."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torchkeras._base.messages import show

_FORMS = (
    (re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"), None),
    (re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)"), "left"),
    (re.compile(r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\."), "right"),
)
Sizes = tuple[int | None, ...]


@dataclass(frozen=True)
class Equation:
    """An equation in its parts.

    Attributes:
        inputs: The letters of the inputs' axes.
        kernel: The letters of the kernel's axes.
        outputs: The letters of the outputs' axes.
        ellipsis: Where further axes are: `"left"`, `"right"`, or `None` for nowhere.
    """

    inputs: str
    kernel: str
    outputs: str
    ellipsis: str | None

    @classmethod
    def of(cls, equation: Any) -> "Equation":
        """Read an equation.

        Raises:
            ValueError: If it has none of the three forms.
        """
        text = equation.replace(" ", "") if isinstance(equation, str) else ""
        for form, ellipsis in _FORMS:
            match = form.fullmatch(text)
            if match:
                inputs, kernel, outputs = match.groups()
                return cls(inputs, kernel, outputs, ellipsis)
        raise ValueError(
            "`equation` must have the form 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'. "
            f"Received: equation={equation!r}."
        )

    def __post_init__(self) -> None:
        known = set(self.inputs) | set(self.kernel)
        _refuse(
            set(self.outputs) - known, "of the outputs are neither in the inputs nor the kernel"
        )
        known = set(self.inputs) | set(self.outputs)
        _refuse(set(self.kernel) - known, "of the kernel are neither in the inputs nor the outputs")

    def spelled(self, rank: int) -> tuple[str, str, str]:
        """Return the letters of inputs, kernel and outputs, with letters in the ellipsis's place.

        Args:
            rank: The number of the inputs' axes.
        """
        used = self.inputs + self.kernel + self.outputs
        free = [letter for letter in string.ascii_letters if letter not in used]
        more = "".join(free[: rank - len(self.inputs)])
        if self.ellipsis == "left":
            return more + self.inputs, self.kernel, more + self.outputs
        return self.inputs + more, self.kernel, self.outputs + more

    @property
    def input_axes(self) -> list[int]:
        """The axes of the kernel that are summed over."""
        return [i for i, letter in enumerate(self.kernel) if letter not in self.outputs]

    @property
    def output_axes(self) -> list[int]:
        """The axes of the kernel that come out."""
        return [i for i, letter in enumerate(self.kernel) if letter in self.outputs]

    @property
    def summed(self) -> int | None:
        """How many last axes of the inputs a plain matrix product sums over, or `None`.

        `'abc,cde->abde'` is a plain matrix product; so is whatever keeps the first axes, and takes
        the last ones in the kernel's order.
        """
        count = len(self.input_axes)
        kept, gone, new = self.inputs[:-count], self.inputs[-count:], self.kernel[count:]
        letters = kept + gone + new
        plain = (
            0 < count < len(self.kernel)
            and self.ellipsis != "right"
            and (kept or self.ellipsis)
            and self.kernel == gone + new
            and self.outputs == kept + new
            and len(set(letters)) == len(letters)
        )
        return count if plain else None

    def sizes(self, input_shape: Sequence[int | None], output_shape: Sizes) -> dict[str, Any]:
        """Return the size of each letter, `None` where it is not known.

        Args:
            input_shape: The shape of the inputs.
            output_shape: The sizes of the outputs that the equation names, without the batch.

        Raises:
            ValueError: If a shape does not fit the equation, or the two differ in a letter.
        """
        found = dict(zip(self.outputs, self._named(output_shape), strict=True))
        rank, named = len(input_shape), len(self.inputs)
        if rank < named or (self.ellipsis is None and rank > named):
            raise ValueError(
                f"The inputs must have the axes {self.inputs!r} of `equation`. "
                f"Received: input_shape={tuple(input_shape)}."
            )
        here = input_shape[rank - named :] if self.ellipsis == "left" else input_shape[:named]
        for letter, size in zip(self.inputs, here, strict=True):
            wanted = found.get(letter)
            if None not in (wanted, size) and wanted != size:
                raise ValueError(
                    f"`output_shape` must have the input's size at the shared axis {letter!r}. "
                    f"Received: {wanted} in output_shape={output_shape}, {size} in "
                    f"input_shape={tuple(input_shape)}."
                )
            found[letter] = size if wanted is None else wanted
        return found

    def _named(self, output_shape: Sizes) -> Sizes:
        named = output_shape if self.ellipsis == "left" else (None, *output_shape)
        if self.ellipsis != "left":
            named = named[: len(self.outputs)]  # what is too much, Keras does not read either
        if len(named) != len(self.outputs):
            batch = "" if self.ellipsis == "left" else ", without the batch"
            raise ValueError(
                f"`output_shape` must have a size for each of the axes {self.outputs!r} of "
                f"`equation`{batch}. Received: output_shape={output_shape}."
            )
        return named

    def bias_shape(self, bias_axes: Any, sizes: dict[str, Any], elided: int) -> Sizes:
        """Return the shape of a bias along some of the outputs' axes.

        Args:
            bias_axes: The letters of those axes.
            sizes: The size of each letter.
            elided: How many axes of the inputs stand in the ellipsis.

        Raises:
            ValueError: If `bias_axes` is not made of letters of the outputs.
        """
        given = isinstance(bias_axes, str) and bias_axes
        if not given or set(bias_axes) - set(self.outputs):
            raise ValueError(
                f"`bias_axes` must be letters of the outputs' axes {self.outputs!r}. "
                f"Received: bias_axes={show(bias_axes)}."
            )
        first = min(self.outputs.find(letter) for letter in bias_axes)
        shape = [sizes[c] if c in bias_axes else 1 for c in self.outputs[first:]]
        return tuple(shape + [1] * (elided if self.ellipsis == "right" else 0))


def _refuse(letters: set[str], why: str) -> None:
    if letters:
        raise ValueError(f"`equation` must name each axis twice: {sorted(letters)} {why}.")
