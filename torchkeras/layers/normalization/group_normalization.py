"""`GroupNormalization`: each group of channels to mean 0 and variance 1."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._state.slot import Slot
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer

from .statistics import check_axis


class GroupNormalization(Layer):
    """Normalize each group of channels: `gamma · (inputs - mean) / √(variance + epsilon) + beta`.

    Mean and variance are those of a sample's channels of one group at all places. Under a mixed
    dtype policy it computes in float32.

    Args:
        groups: The number of groups, a divisor of the number of channels; -1 for one each.
        axis: The axis of the channels.
        epsilon: Keeps the division finite.
        center: Whether `beta` is added.
        scale: Whether `gamma` is multiplied.
        beta_initializer: How `beta` starts.
        gamma_initializer: How `gamma` starts.
        beta_regularizer: Adds a penalty on `beta` to the loss.
        gamma_regularizer: Adds a penalty on `gamma` to the loss.
        beta_constraint: Applied to `beta` after each optimizer step.
        gamma_constraint: Applied to `gamma` after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ..., channels)`, or the channels at `axis`.

    Output shape:
        The input's.

    Variables:
        gamma: `(channels,)`; torch keeps it as `norm.weight`.
        beta: `(channels,)`; torch keeps it as `norm.bias`.

    Raises:
        ValueError: If `groups` does not divide the channels, or the input has no such axis.

    Differs from Keras:
        Whole numbers are normalized to floats; Keras cuts the results off to whole numbers.

    Source:
        Wu and He 2018, https://arxiv.org/abs/1803.08494

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.GroupNormalization(groups=2, epsilon=0.0)
        >>> layer(torch.tensor([[1.0, 3.0, 10.0, 30.0]])).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    keeps_variable_dtype = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.groups = _checked(groups)
        self.axis = axis
        self.epsilon = epsilon
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.autocast = False

    def variable_slots(self) -> dict[str, Slot]:
        return {"gamma": Slot("norm.weight"), "beta": Slot("norm.bias")}

    def build(self, input_shape: Any) -> None:
        check_axis(self.axis, input_shape, self.name)
        channels = known_size(input_shape, self.axis, self)
        self.groups = channels if self.groups == -1 else self.groups
        if channels % self.groups:
            raise ValueError(
                f"`groups` of layer {self.name!r} must divide the {channels} channels of its "
                f"inputs. Received: groups={self.groups}, input_shape={tuple(input_shape)}. Choose "
                "a divisor, or -1 for a group of each channel."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.norm = self.stock(nn.GroupNorm, self.groups, channels, eps=self.epsilon)
        if not self.scale:
            self.norm.weight = None  # type: ignore[assignment]
        if not self.center:
            self.norm.bias = None  # type: ignore[assignment]

    def call(self, inputs: Tensor) -> Tensor:
        half = inputs.dtype in (torch.float16, torch.bfloat16) or not inputs.is_floating_point()
        x = inputs.float() if half else inputs
        axis, rank = self.axis % x.dim(), x.dim()
        if axis == 1:
            return self._normalized(x).to(self.torch_dtype)
        if axis < rank - 1 or not x.is_contiguous():
            return self._normalized(x.movedim(axis, 1)).movedim(1, axis).to(self.torch_dtype)
        # All places in one row make an image in torch's channels_last format, without a copy.
        image = x.view(x.shape[0], 1, -1, x.shape[-1]).permute(0, 3, 1, 2)
        y = self._normalized(image).permute(0, 2, 3, 1).reshape(x.shape)
        return y.to(self.torch_dtype)

    def _normalized(self, x: Tensor) -> Tensor:
        norm: Any = self._modules["norm"]
        gamma, beta = (None if p is None else p.to(x.dtype) for p in (norm.weight, norm.bias))
        return F.group_norm(x, self.groups, gamma, beta, self.epsilon)


def _checked(groups: Any) -> int:
    if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
        raise ValueError(
            "`groups` must be a positive integer, or -1 for a group of each channel. "
            f"Received: groups={groups!r}."
        )
    return groups
