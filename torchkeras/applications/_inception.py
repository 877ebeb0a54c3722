"""Branches of convolutions, written as text.

`"48 1x1, 64 5x5"` is a 1 x 1 convolution of 48 filters and then a 5 x 5 of 64. `/2` halves the
map and pads nothing, `valid` only pads nothing, `max` halves by pooling, `avg` pools in place;
`384 1x3 | 384 3x1` puts the outputs of two convolutions side by side.
"""

from collections.abc import Sequence
from typing import Any

from torchkeras import layers

from ._network import channel_axis


def branched(x: Any, branches: Sequence[str], name: str, forks: Sequence[str] = ()) -> Any:
    """Put the outputs of branches side by side.

    Args:
        x: The map that all branches start from.
        branches: The branches.
        name: The name of the layer that joins them.
        forks: The names of the layers that join the forks inside of branches, as far as they have
            one.
    """
    names, ends = list(forks), []
    for branch in branches:
        fork = names.pop(0) if "|" in branch and names else None
        ends.append(chained(x, branch, fork))
    return layers.Concatenate(axis=channel_axis(), name=name)(ends)


def chained(x: Any, branch: str, fork: str | None = None) -> Any:
    """Apply the steps of one branch.

    Args:
        x: A map.
        branch: The steps.
        fork: The name of the layer that joins a fork.
    """
    for step in branch.split(", "):
        ends = [_step(x, way) for way in step.split(" | ")]
        if len(ends) > 1:
            ends = [layers.Concatenate(axis=channel_axis(), name=fork)(ends)]
        x = ends[0]
    return x


def _step(x: Any, step: str) -> Any:
    if step == "max":
        return layers.MaxPooling2D(3, strides=2)(x)
    if step == "avg":
        return layers.AveragePooling2D(3, strides=1, padding="same")(x)
    filters, kernel, *ends = step.split()
    size = tuple(int(side) for side in kernel.split("x"))
    padding = "valid" if ends else "same"
    return convolved(x, int(filters), size, 2 if "/2" in ends else 1, padding)


def convolved(
    x: Any,
    filters: int,
    kernel: int | tuple[int, ...],
    strides: int = 1,
    padding: str = "same",
    name: str | None = None,
) -> Any:
    """Convolve, normalize and rectify.

    Args:
        x: A map.
        filters: The number of filters.
        kernel: The size of the kernel.
        strides: The steps of the kernel.
        padding: `"same"` or `"valid"`.
        name: What the names of the three layers begin with.
    """
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(
        x
    )
    x = layers.BatchNormalization(channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)
