"""`BatchNormalization`: each channel to mean 0 and variance 1 over the batch."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import show
from torchkeras._state.slot import Slot
from torchkeras._state.variable import Variable
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.channels import to_first, to_last
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer

from .statistics import check_axis, moments

_MODULES: dict[int, type[nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d]] = {
    4: nn.BatchNorm2d,
    5: nn.BatchNorm3d,
}
_CLIPPING_KEYS = ("rmax", "rmin", "dmax")


class BatchNormalization(Layer):
    """Normalize channels: `gamma · (inputs - mean) / √(variance + epsilon) + beta`.

    In training, mean and variance are the batch's, and moving averages follow them; otherwise they
    are those averages. A layer with `trainable=False` keeps its averages and uses them in training
    too. Computations are in float32 under a mixed dtype policy.

    Args:
        axis: The axis of the channels.
        momentum: How much of the old average stays at each step.
        epsilon: Keeps the division finite.
        center: Whether `beta` is added.
        scale: Whether `gamma` is multiplied.
        beta_initializer: How `beta` starts.
        gamma_initializer: How `gamma` starts.
        moving_mean_initializer: How the moving mean starts.
        moving_variance_initializer: How the moving variance starts.
        beta_regularizer: Adds a penalty on `beta` to the loss.
        gamma_regularizer: Adds a penalty on `gamma` to the loss.
        beta_constraint: Applied to `beta` after each optimizer step.
        gamma_constraint: Applied to `gamma` after each optimizer step.
        renorm: Whether training corrects towards slowly moving statistics (batch renormalization).
        renorm_clipping: The bounds of that correction: `{"rmax": ..., "rmin": ..., "dmax": ...}`.
        renorm_momentum: How much of those statistics stays at each step.
        synchronized: Not available, as in Keras on torch; only `False`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Variables:
        gamma: `(channels,)`; torch keeps it as `norm.weight`.
        beta: `(channels,)`; torch keeps it as `norm.bias`.
        moving_mean: `(channels,)`, a buffer, `norm.running_mean`.
        moving_variance: `(channels,)`, a buffer, `norm.running_var`; of the biased variance, unlike
            torch's own.

    Raises:
        ValueError: If `axis` is not one of the input's, or an argument is not one of those above.

    Source:
        Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167; Ioffe 2017,
        https://arxiv.org/abs/1702.03275 (`renorm`)

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.BatchNormalization(epsilon=0.0)
        >>> layer(torch.tensor([[1.0], [3.0]]), training=True).flatten().tolist()
        [-1.0, 1.0]
        >>> layer.moving_mean.numpy()
        array([0.02], dtype=float32)
    """

    keeps_variable_dtype = True
    norm: Any  # of BatchNorm1d, 2d or 3d, the one for the inputs' rank
    renorm_clipping: Mapping[str, float] | None
    moving_stddev: Variable
    renorm_mean: Variable
    renorm_stddev: Variable

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if synchronized:
            raise ValueError(
                "`synchronized=True` is not available on torch. Received: synchronized="
                f"{synchronized}. Leave it out: each process then normalizes its own batch."
            )
        self.synchronized = synchronized
        self.axis = int(axis)
        self._momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        clipping = _checked_clipping(renorm_clipping) if renorm else renorm_clipping
        object.__setattr__(self, "renorm_clipping", clipping)  # a setting, to be kept as it is
        self.supports_masking = True

    @property
    def momentum(self) -> float:
        """How much of the old average stays at each step; torch's is one minus this."""
        return self._momentum

    @momentum.setter
    def momentum(self, value: float) -> None:
        self._momentum = float(value)
        if self.built:
            self.norm.momentum = 1 - self._momentum

    def variable_slots(self) -> dict[str, Slot]:
        return {
            "gamma": Slot("norm.weight"),
            "beta": Slot("norm.bias"),
            "moving_mean": Slot("norm.running_mean"),
            "moving_variance": Slot("norm.running_var"),
        }

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        check_axis(self.axis, input_shape, self.name)
        channels = known_size(input_shape, self.axis, self)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})
        self.norm = self.stock(_MODULES.get(rank, nn.BatchNorm1d), channels, eps=self.epsilon)
        self.norm.momentum = 1 - self._momentum
        count = torch.zeros((), dtype=torch.long, device=self.norm.running_mean.device)
        self.norm.register_buffer("num_batches_tracked", count, persistent=False)
        self.norm.register_load_state_dict_pre_hook(_leave_out_count)
        if not self.scale:
            self.norm.weight = None
        if not self.center:
            self.norm.bias = None
        self.bind_slots()
        if self.renorm:
            self._make_renorm_variables(channels)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.built:
            self.build_for((inputs, *args), kwargs)
        return KerasTensor(inputs.shape, self.compute_dtype)  # torch's trial of its kernel is slow

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        if mask is not None and mask.dim() != inputs.dim() - 1:
            raise ValueError(
                "`mask` must have one axis less than the inputs. "
                f"Received: mask={show(mask)}, inputs={show(inputs)}."
            )
        x = inputs if inputs.is_floating_point() else inputs.to(self.norm.running_mean.dtype)
        count = x.numel() // x.shape[self.axis] if training and self._trainable else 0
        if count == 0:
            return self._normalized(x, self.norm.running_var, False).to(self.torch_dtype)
        if count == 1 or mask is not None or self.renorm:
            return self._trained_by_hand(x, mask).to(self.torch_dtype)
        return self._trained(x, count).to(self.torch_dtype)

    def _trained(self, x: Tensor, count: int) -> Tensor:
        """Normalize by the batch's statistics, with torch's kernel, and follow them.

        The kernel follows the unbiased variance. So it gets an average that is greater by as much,
        in a tensor of its own, since it keeps that for the backward pass.
        """
        bias = count / (count - 1)
        unbiased = self.norm.running_var * bias
        y = self._normalized(x, unbiased, True)
        torch.div(unbiased, bias, out=self.norm.running_var)
        return y

    def _normalized(self, x: Tensor, variance: Tensor, training: bool) -> Tensor:
        """Run torch's kernel on the inputs, seen with their channels second."""
        axis, rank = self.axis % x.dim(), x.dim()
        if axis == 1:
            return self._kernel(x, variance, training)
        if axis == rank - 1 and rank in (4, 5):
            return to_last(self._kernel(to_first(x), variance, training))
        if axis == rank - 1 and x.is_contiguous():
            return self._kernel(x.view(-1, x.shape[-1]), variance, training).view(x.shape)
        return self._kernel(x.movedim(axis, 1), variance, training).movedim(1, axis)

    def _kernel(self, x: Tensor, variance: Tensor, training: bool) -> Tensor:
        norm: Any = self._modules["norm"]
        return torch.batch_norm(
            x,
            norm.weight,
            norm.bias,
            norm.running_mean,
            variance,
            training,
            self._pace() if training else 0.0,
            self.epsilon,
            torch.backends.cudnn.enabled,
        )

    def _pace(self) -> float:
        """Return how far averages go towards a batch's: torch's momentum, or the even share."""
        norm: Any = self._modules["norm"]
        if norm.momentum is not None:
            return norm.momentum
        norm.num_batches_tracked += 1
        return 1 / int(norm.num_batches_tracked)

    def _trained_by_hand(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Normalize by the batch's statistics, masked, corrected or of one entry."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        dims = [dim for dim in range(x.dim()) if dim != self.axis % x.dim()]
        mean, variance = moments(x, dims, mask)
        factor, offset = self.norm.weight, self.norm.bias
        if self.renorm:
            factor, offset = self._renormalized(mean, variance, factor, offset)
        else:
            kept = 1 - self._pace()
            _follow(self.norm.running_mean, mean, kept)
            _follow(self.norm.running_var, variance, kept)
        shape = [1] * x.dim()
        shape[self.axis] = -1
        factor = 1 if factor is None else factor.reshape(shape)
        offset = 0 if offset is None else offset.reshape(shape)
        deviation = torch.sqrt(variance + self.epsilon).reshape(shape)
        return (x - mean.reshape(shape)) / deviation * factor + offset

    # Batch renormalization

    def _make_renorm_variables(self, channels: int) -> None:
        def deviation(shape: Any, dtype: Any = None) -> Tensor:
            return torch.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

        first_values = {
            "moving_stddev": deviation,
            "renorm_mean": self.moving_mean_initializer,
            "renorm_stddev": deviation,
        }
        for name, initializer in first_values.items():
            variable = self.add_weight(
                shape=(channels,), initializer=initializer, trainable=False, name=name
            )
            setattr(self, name, variable)

    def _renormalized(
        self, mean: Tensor, variance: Tensor, factor: Tensor | None, offset: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return `gamma` and `beta` corrected towards the slow statistics, and follow those."""
        with torch.no_grad():
            (slow_mean,), (slow_deviation,) = (
                self.renorm_mean.parameters,
                self.renorm_stddev.parameters,
            )
            floor = max(self.epsilon, 0.0) ** 0.5
            deviation = torch.sqrt(variance + self.epsilon)
            divisor = slow_deviation.clamp(min=floor)
            clip = self.renorm_clipping or {}
            inf = float("inf")
            r = (deviation / divisor).clamp(clip.get("rmin", -inf), clip.get("rmax", inf))
            d = ((mean - slow_mean) / divisor).clamp(-clip.get("dmax", inf), clip.get("dmax", inf))
            _follow(slow_mean, mean, self.renorm_momentum)
            _follow(slow_deviation, deviation, self.renorm_momentum)
            self._follow_deviation(mean, deviation)
        moved = d if factor is None else d * factor
        return (
            r if factor is None else r * factor,
            moved if offset is None else moved + offset,
        )

    def _follow_deviation(self, mean: Tensor, deviation: Tensor) -> None:
        """Let the averages for inference follow; of the deviation, as in the paper."""
        (average,) = self.moving_stddev.parameters
        kept = 1 - self._pace()
        _follow(self.norm.running_mean, mean, kept)
        _follow(average, deviation, kept)
        self.norm.running_var.copy_(torch.relu(average.square() - self.epsilon))


def _follow(average: Tensor, value: Tensor, momentum: float) -> None:
    average.mul_(momentum).add_(value.detach().to(average.dtype), alpha=1 - momentum)


def _checked_clipping(clipping: Any) -> dict[str, float]:
    given = dict(clipping or {})
    lowest, highest = given.get("rmin"), given.get("rmax")
    ordered = lowest is None or highest is None or lowest <= highest
    if set(given) - set(_CLIPPING_KEYS) or not ordered or (given.get("dmax") or 0) < 0:
        raise ValueError(
            "`renorm_clipping` may hold 'rmax', 'rmin' (not above 'rmax') and 'dmax' (not "
            f"negative). Received: renorm_clipping={given}."
        )
    return given


def _leave_out_count(module: Any, state_dict: Any, prefix: str, *args: Any) -> None:
    """Drop the count from a `state_dict`, where torch itself adds one if it has no version."""
    state_dict.pop(f"{prefix}num_batches_tracked", None)
