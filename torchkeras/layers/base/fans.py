"""Initializers of kernels whose inputs and outputs are several axes."""

from collections.abc import Sequence
from typing import Any

from torchkeras.initializers import VarianceScaling


def with_axes(initializer: Any, input_axes: Sequence[int], output_axes: Sequence[int]) -> Any:
    """Return an initializer that knows which axes of a kernel go in and which come out."""
    if not isinstance(initializer, VarianceScaling):
        return initializer
    if None not in (initializer.input_axes, initializer.output_axes):
        return initializer
    axes = {"input_axes": list(input_axes), "output_axes": list(output_axes)}
    config = {**initializer.get_config(), "seed": initializer.seed, **axes}
    return type(initializer).from_config(config)
