"""Whole numbers in place of floats, the largest of which becomes the largest whole number."""

from collections.abc import Sequence
from typing import Any, Self

from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

_EPSILON = 1e-7
_Axis = int | Sequence[int]


@op
def abs_max_quantize(
    inputs: Any,
    axis: _Axis,
    value_range: Sequence[float] = (-127, 127),
    dtype: Any = "int8",
    epsilon: float = _EPSILON,
    to_numpy: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return `round(inputs · scale)` and the scale, `127 / (max |inputs| + ε)`.

    Args:
        inputs: A float tensor.
        axis: The axis or axes along which numbers share a scale.
        value_range: The smallest and the largest whole number.
        dtype: The dtype of the whole numbers.
        epsilon: What keeps a row of zeros finite.
        to_numpy: Whether it is done in the memory of the host.

    Returns:
        The whole numbers, and the scale in the shape of the inputs with 1 at the axes.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.ops.array([[1.0, -2.0]])
        >>> whole, scale = torchkeras.quantizers.abs_max_quantize(x, axis=-1)
        >>> whole.tolist(), round(scale.item(), 2)
        ([[64, -127]], 63.5)
    """
    x = tensor(inputs)
    home = x.device
    x = x.cpu() if to_numpy else x
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    scale = (value_range[1] / (x.abs().amax(axes, keepdim=True) + epsilon)).to(x.dtype)
    whole = (x * scale).round().clamp(value_range[0], value_range[1]).to(to_torch(dtype))
    return whole.to(home), scale.to(home)


class Quantizer:
    """A function that gives smaller numbers for floats; to be written by subclasses.

    Args:
        output_dtype: The dtype of the smaller numbers.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.Quantizer().output_dtype
        'int8'
    """

    def __init__(self, output_dtype: str = "int8") -> None:
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        """Return the smaller numbers."""
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal quantizer."""
        raise NotImplementedError(f"`{type(self).__name__}` must define `get_config`.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the quantizer that a config describes.

        Args:
            config: What `get_config` returned.
        """
        return cls(**config)


class AbsMaxQuantizer(Quantizer):
    """`abs_max_quantize` with its arguments.

    Args:
        axis: The axis or axes along which numbers share a scale; the last one if given nowhere.
        value_range: The smallest and the largest whole number.
        epsilon: What keeps a row of zeros finite.
        output_dtype: The dtype of the whole numbers.

    Raises:
        ValueError: If the range does not fit into `"int8"`.

    Example:
        >>> import torchkeras
        >>> whole, scale = torchkeras.quantizers.AbsMaxQuantizer()(torchkeras.ops.ones((1, 2)))
        >>> whole.tolist()
        [[127, 127]]
    """

    def __init__(
        self,
        axis: _Axis | None = None,
        value_range: Sequence[float] = (-127, 127),
        epsilon: float = _EPSILON,
        output_dtype: str = "int8",
    ) -> None:
        super().__init__(output_dtype)
        self.axis: tuple[int, ...] | None = None
        if axis is not None:
            self.axis = (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range, self.epsilon = value_range, epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise ValueError(
                "`value_range` must lie within [-128, 127] where `output_dtype` is 'int8'. "
                f"Received: value_range={value_range}."
            )

    def __call__(
        self, x: Any, axis: _Axis | None = None, to_numpy: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Return whole numbers and their scale."""
        axis = self.axis if axis is None else axis
        return abs_max_quantize(
            x, -1 if axis is None else axis, self.value_range, self.output_dtype, self.epsilon,
            to_numpy,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal quantizer."""
        config = {
            "value_range": self.value_range,
            "epsilon": self.epsilon,
            "output_dtype": self.output_dtype,
        }
        return config if self.axis is None else {**config, "axis": self.axis}
