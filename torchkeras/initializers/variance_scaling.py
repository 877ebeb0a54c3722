"""Initializers whose spread follows from how many inputs or outputs a unit has."""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras._base import device
from torchkeras._base.messages import one_of
from torchkeras.random import draw
from torchkeras.random.distributions import float_dtype

from .random import RandomInitializer

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
# The standard deviation of a standard normal distribution cut off at two of them.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Numbers with variance `scale / n`, `n` being the inputs or outputs of a unit.

    Normal distributions get that variance, the truncated one after truncation; the uniform one
    reaches from `-√(3 · scale / n)` to `√(3 · scale / n)`.

    Args:
        scale: A positive factor.
        mode: What `n` is: `"fan_in"`, `"fan_out"` or their mean, `"fan_avg"`.
        distribution: `"truncated_normal"` (or `"normal"`), `"untruncated_normal"` or `"uniform"`.
        seed: An integer, which makes every weight of a shape the same; or a
            `torchkeras.random.SeedGenerator`, which makes each another. Without it a seed is drawn
            once, when the initializer is made.
        input_axes: The axes whose sizes make up the inputs; for a kernel of shape
            `(..., inputs, outputs)` they need not be given.
        output_axes: The axes whose sizes make up the outputs, likewise.

    Raises:
        ValueError: If an argument is not one of the allowed.

    Example:
        >>> import torchkeras
        >>> init = torchkeras.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=3)
        >>> bool((init((4, 6)).abs() <= 1).all())
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(f"`scale` must be positive. Received: scale={scale}.")
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        self.scale, self.mode = scale, one_of("mode", mode, _MODES)
        self.distribution = one_of("distribution", distribution, _DISTRIBUTIONS)
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, fans[self.mode])
        wanted, where = float_dtype(dtype), device.creation()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return draw.uniform(shape, -limit, limit, wanted, self.seed, where)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return draw.normal(shape, 0.0, stddev, wanted, self.seed, where)
        stddev /= _TRUNCATED_STDDEV
        return draw.truncated_normal(shape, 0.0, stddev, wanted, self.seed, where)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Return how many inputs and outputs a unit of a weight has.

    Args:
        shape: The weight's shape; without axes it is read as `(..., inputs, outputs)`, the first
            sizes being a receptive field.
        input_axes: The axes whose sizes make up the inputs.
        output_axes: The axes whose sizes make up the outputs.
    """
    if input_axes is not None and output_axes is not None:
        fan_in = math.prod(shape[axis] for axis in input_axes)
        return fan_in, math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    *field, inputs, outputs = shape
    return math.prod(field) * inputs, math.prod(field) * outputs


class _Named(VarianceScaling):
    """A variance scaling with a name, all of whose settings but the seed and axes are fixed."""

    _scale: float
    _mode: str
    _distribution: str

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(self._scale, self._mode, self._distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Named):
    """Numbers drawn evenly between `±√(6 / (fan_in + fan_out))`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html

    Example:
        >>> import torchkeras
        >>> bool((torchkeras.initializers.GlorotUniform(seed=3)((3, 3)).abs() <= 1).all())
        True
    """

    _scale, _mode, _distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Named):
    """Truncated normal numbers of standard deviation `√(2 / (fan_in + fan_out))`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html

    Example:
        >>> import torchkeras
        >>> 0.04 < float(torchkeras.initializers.GlorotNormal(seed=3)((400, 400)).std()) < 0.06
        True
    """

    _scale, _mode, _distribution = 1.0, "fan_avg", "truncated_normal"


class HeUniform(_Named):
    """Numbers drawn evenly between `±√(6 / fan_in)`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        He et al. 2015, https://arxiv.org/abs/1502.01852

    Example:
        >>> import torchkeras
        >>> bool((torchkeras.initializers.HeUniform(seed=3)((6, 3)).abs() <= 1).all())
        True
    """

    _scale, _mode, _distribution = 2.0, "fan_in", "uniform"


class HeNormal(_Named):
    """Truncated normal numbers of standard deviation `√(2 / fan_in)`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        He et al. 2015, https://arxiv.org/abs/1502.01852

    Example:
        >>> import torchkeras
        >>> 0.09 < float(torchkeras.initializers.HeNormal(seed=3)((200, 400)).std()) < 0.11
        True
    """

    _scale, _mode, _distribution = 2.0, "fan_in", "truncated_normal"


class LecunUniform(_Named):
    """Numbers drawn evenly between `±√(3 / fan_in)`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        Klambauer et al. 2017, https://arxiv.org/abs/1706.02515

    Example:
        >>> import torchkeras
        >>> bool((torchkeras.initializers.LecunUniform(seed=3)((3, 3)).abs() <= 1).all())
        True
    """

    _scale, _mode, _distribution = 1.0, "fan_in", "uniform"


class LecunNormal(_Named):
    """Truncated normal numbers of standard deviation `√(1 / fan_in)`.

    Args:
        seed: An integer, a `torchkeras.random.SeedGenerator` or `None`; see `VarianceScaling`.
        input_axes: The axes that make up the inputs; see `VarianceScaling`.
        output_axes: The axes that make up the outputs; see `VarianceScaling`.

    Source:
        Klambauer et al. 2017, https://arxiv.org/abs/1706.02515

    Example:
        >>> import torchkeras
        >>> 0.09 < float(torchkeras.initializers.LecunNormal(seed=3)((100, 400)).std()) < 0.11
        True
    """

    _scale, _mode, _distribution = 1.0, "fan_in", "truncated_normal"
