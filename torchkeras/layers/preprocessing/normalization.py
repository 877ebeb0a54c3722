"""`Normalization`: numbers to mean 0 and variance 1."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.messages import show
from torchkeras._state.variable import Variable
from torchkeras.layers.layer import Layer

from .batches import input_batches, is_array

_Moments = tuple[Tensor, Tensor]


class Normalization(Layer):
    """Shift and scale: `(inputs - mean) / max(√variance, epsilon())`.

    Mean and variance are given, or `adapt` finds them in data and keeps them as weights.

    Args:
        axis: The axis or axes whose every index has a mean and variance of its own; `None` for
            one of each.
        mean: The mean, or means that broadcast to the sizes of `axis`.
        variance: The variance, or variances of the shape of `mean`.
        invert: Whether normalized numbers are turned back: `inputs * √variance + mean`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Variables:
        mean, variance: As `adapt` found them, of the sizes of `axis`.
        count: Kept for Keras's files; always 0.

    Raises:
        ValueError: If only one of `mean` and `variance` is given, or their shapes differ.

    Differs from Keras:
        New weights count at once, however they came (`set_weights`, a `state_dict`, a file).

    Example:
        >>> import numpy as np, torchkeras
        >>> layer = torchkeras.layers.Normalization()
        >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0]], dtype="float32"))
        >>> layer(np.array([[0.0, 9.0]], dtype="float32"))
        tensor([[-1.,  1.]])
    """

    adapt_mean: Variable
    adapt_variance: Variable
    count: Variable
    _given_mean: Tensor | None
    _given_variance: Tensor | None
    _keep_axis: tuple[int, ...] = ()
    _reduce_axis: tuple[int, ...] = ()
    _broadcast_shape: tuple[int, ...] = ()
    _built_for: tuple[int | None, ...] | None = None

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = _axes(axis)
        _check_given(mean, variance, self.axis)
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True
        self._keep("mean", mean)
        self._keep("variance", variance)

    def _keep(self, name: str, value: Any) -> None:
        """Keep a statistic that was given; it is not saved with the weights but in the config."""
        given = _as_tensor(name, value)
        if given is None:  # torch.export cannot take buffers that are None
            setattr(self, f"_given_{name}", None)
        else:
            self.register_buffer(f"_given_{name}", given, persistent=False)

    def build(self, input_shape: Any) -> None:
        """Find the axes, and make the weights that `adapt` fills.

        Args:
            input_shape: The shape of the inputs.
        """
        if input_shape is None:
            return
        self._keep_axis = _kept(self.axis, tuple(input_shape))
        ndim = len(input_shape)
        self._reduce_axis = tuple(d for d in range(ndim) if d not in self._keep_axis)
        kept = self._keep_axis
        self._broadcast_shape = tuple(input_shape[d] if d in kept else 1 for d in range(ndim))
        self._built_for = tuple(input_shape)
        if self._given_mean is not None and self._given_variance is not None:
            self._check_broadcast()
            return
        sizes = tuple(input_shape[d] for d in kept)
        self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
        self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
        self.count = self.add_weight((), "zeros", dtype=int, trainable=False, name="count")

    def _check_broadcast(self) -> None:
        try:
            _ = self.mean
        except RuntimeError as error:
            raise ValueError(
                f"`mean` and `variance` must broadcast to the sizes of axis={self.axis} of inputs "
                f"of shape {self._built_for}. Received: mean={show(self.input_mean)}."
            ) from error

    # The statistics

    @property
    def mean(self) -> Tensor | None:
        """The mean in a shape that broadcasts to the inputs, or `None` before the build."""
        return self._statistic("mean")

    @property
    def variance(self) -> Tensor | None:
        """The variance in a shape that broadcasts to the inputs, or `None` before the build."""
        return self._statistic("variance")

    def _statistic(self, name: str) -> Tensor | None:
        if self._built_for is None:
            return None
        given: Tensor | None = getattr(self, f"_given_{name}")
        if given is None:
            weight: Tensor = getattr(self, f"adapt_{name}").parameters[0]
            return weight.reshape(self._broadcast_shape).to(self.torch_dtype)
        return self._aligned(given).to(self.torch_dtype).broadcast_to(self._broadcast_shape)

    def _aligned(self, given: Tensor) -> Tensor:
        """Put the axes of given numbers at those that are kept, from the last one on."""
        sizes = [1] * len(self._broadcast_shape)
        for size, axis in zip(reversed(given.shape), reversed(self._keep_axis), strict=False):
            sizes[axis] = size
        return given.reshape(sizes)

    # Adapting

    def adapt(self, data: Any) -> None:
        """Find mean and variance in data; what was found before is forgotten.

        Args:
            data: An array or tensor, or batches of them: a `PyDataset`, a torch `Dataset` or
                `DataLoader`, or any iterable. Of tuples the first part is read.

        Raises:
            ValueError: If mean and variance were given, there is no data, or shapes differ.
        """
        if self.input_mean is not None:
            raise ValueError(
                "`adapt` cannot be used on a Normalization layer that was given `mean` and "
                "`variance`. Leave them out."
            )
        batches = iter([data]) if is_array(data) else input_batches(data)
        with torch.no_grad():
            mean, variance = self._moments(batches)
            self.adapt_mean.assign(mean)
            self.adapt_variance.assign(variance)

    def _moments(self, batches: Iterable[Any]) -> _Moments:
        total: _Moments | None = None
        seen = 0
        for batch in batches:
            array = _array(batch)
            self._fit(tuple(array.shape))
            count = math.prod(array.shape[d] for d in self._reduce_axis)
            if not count:
                continue
            found = self._batch_moments(array)
            total = found if total is None else _combined(total, found, count / (seen + count))
            seen += count
        if total is None:
            raise ValueError(
                "`data` must hold at least one batch with at least one sample. Received none: an "
                "iterator that was read before has nothing left."
            )
        return total

    def _batch_moments(self, array: Any) -> _Moments:
        axes = self._reduce_axis
        if isinstance(array, Tensor):
            numbers = array if array.is_floating_point() else array.to(self.torch_dtype)
            if not axes:
                return numbers, torch.zeros_like(numbers)
            variance, mean = torch.var_mean(numbers, axes, correction=0)
            return mean, variance
        where = self.adapt_mean.parameters[0].device
        moments = [np.mean(array, axis=axes), np.var(array, axis=axes)]
        mean, variance = (torch.tensor(np.float32(m), device=where) for m in moments)
        return mean, variance

    def _fit(self, shape: tuple[int, ...]) -> None:
        """Build for the shape of the data, or check that it is like the one built for."""
        if self._built_for is None:
            self.build(shape)
        built = self._built_for or ()
        if len(shape) != len(built) or any(shape[d] != built[d] for d in self._keep_axis):
            raise ValueError(
                f"The layer was built for inputs of shape {built}, whose sizes at axis="
                f"{self.axis} may not change. Received: data of shape {shape}."
            )

    # Calling

    def call(self, inputs: Tensor) -> Tensor:
        mean, variance = self.mean, self.variance
        if mean is None or variance is None:
            raise ValueError(f"Layer {self.name!r} must be built: call `build(input_shape)` first.")
        deviation = variance.sqrt().clamp(min=settings.epsilon())
        x = inputs.to(self.torch_dtype)
        return mean + x * deviation if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs.

        Args:
            input_shape: The shape of the inputs.
        """
        return input_shape

    def finalize_state(self) -> None:
        """Do nothing: new weights count at once."""

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(_plain(self.input_mean)).tolist(),
            "variance": np.array(_plain(self.input_variance)).tolist(),
        }


def _axes(axis: Any) -> tuple[int, ...]:
    if axis is None:
        return ()
    given = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
    if not all(hasattr(a, "__index__") and not isinstance(a, bool) for a in given):
        raise ValueError(f"`axis` must be an integer, integers or `None`. Received: axis={axis!r}.")
    return tuple(a.__index__() for a in given)


def _kept(axis: tuple[int, ...], shape: tuple[int | None, ...]) -> tuple[int, ...]:
    """Return the axes as sorted positions, each of known size."""
    ndim = len(shape)
    if any(not -ndim <= a < ndim for a in axis):
        raise ValueError(
            f"`axis` must be between {-ndim} and {ndim - 1} for inputs of {ndim} axes. "
            f"Received: axis={axis} and inputs of shape {shape}."
        )
    kept = tuple(sorted({a % ndim for a in axis}))
    if any(shape[d] is None for d in kept):
        raise ValueError(
            "`axis` must name axes of known size. "
            f"Received: axis={axis} and inputs of shape {shape}."
        )
    return kept


def _check_given(mean: Any, variance: Any, axis: tuple[int, ...]) -> None:
    if (mean is None) != (variance is None):
        raise ValueError(
            "`mean` and `variance` must be given together. "
            f"Received: mean={show(mean)} and variance={show(variance)}."
        )
    shapes = np.shape(_plain(mean)), np.shape(_plain(variance))
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"`mean` and `variance` must have one shape. Received: mean of shape {shapes[0]} and "
            f"variance of shape {shapes[1]}."
        )
    if len(shapes[0]) > len(axis):
        raise ValueError(
            f"`mean` must have at most as many axes as `axis` names ({len(axis)}). Received: mean "
            f"of shape {shapes[0]} and axis={axis}."
        )


def _plain(value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else value


def _as_tensor(argument: str, value: Any) -> Tensor | None:
    if value is None:
        return None
    try:
        return torch.as_tensor(np.asarray(_plain(value), dtype=np.float32).copy())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{argument}` must be a number or numbers. Received: {argument}={value!r}."
        ) from error


def _array(batch: Any) -> Any:
    if isinstance(batch, Tensor):
        return batch
    array = np.asarray(batch) if is_array(batch) else None
    if array is None or array.dtype.kind not in "biuf":
        raise TypeError(
            "`data` must yield arrays or tensors of numbers. "
            f"Received: {show(batch)} (of type {type(batch).__name__})."
        )
    return array


def _combined(total: _Moments, batch: _Moments, weight: float) -> _Moments:
    """Join the moments of what was seen with a batch's, which is `weight` of the whole."""
    (mean, variance), (batch_mean, batch_variance) = total, batch
    joined = mean * (1 - weight) + batch_mean * weight
    before = variance + (mean - joined) ** 2
    after = batch_variance + (batch_mean - joined) ** 2
    return joined, before * (1 - weight) + after * weight
