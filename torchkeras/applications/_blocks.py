"""Small pieces that several families are made of."""

from typing import Any

from torchkeras import initializers, layers

from ._network import channel_axis

Padding = tuple[tuple[int, int], tuple[int, int]]


def stride_padding(x: Any, kernel: int) -> Padding:
    """Return the zeros around a map that make a convolution of stride 2 halve its size.

    Args:
        x: The map.
        kernel: The size of the convolution's kernel.
    """
    sides = x.shape[1:3] if channel_axis() == 3 else x.shape[2:4]
    before = [kernel // 2 - (side is None or side % 2 == 0) for side in sides]
    return (before[0], kernel // 2), (before[1], kernel // 2)


def divisible(number: float, divisor: int = 8) -> int:
    """Return the nearest multiple of a divisor that is not below nine tenths of a number.

    Args:
        number: The number.
        divisor: What the result is a multiple of.
    """
    near = max(divisor, int(number + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * number else near


def he_fan_out() -> initializers.Initializer:
    """Return a new initializer for kernels, of variance 2 / fan out."""
    return initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")


def squeeze_excite(x: Any, reduced: int, name: str) -> Any:
    """Weigh the channels of a map by what all its places say.

    Args:
        x: The map.
        reduced: The channels between the two convolutions.
        name: What the names of its layers begin with.
    """
    axis = channel_axis()
    filters = x.shape[axis]
    shape = (1, 1, filters) if axis == 3 else (filters, 1, 1)
    gate = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    gate = layers.Reshape(shape, name=f"{name}se_reshape")(gate)
    for part, count, activation in (("reduce", reduced, "swish"), ("expand", filters, "sigmoid")):
        gate = layers.Conv2D(
            count,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=he_fan_out(),
            name=f"{name}se_{part}",
        )(gate)
    return layers.multiply([x, gate], name=f"{name}se_excite")
