"""What convolutions and poolings share: one dtype, channels second, padding for torch's kernels."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import same_padding
from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format


def rank_of(inputs: Tensor) -> int:
    """Return the number of axes besides batch and channels.

    Raises:
        ValueError: If it is not 1, 2 or 3.
    """
    rank = inputs.dim() - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            "`inputs` must have 3, 4 or 5 axes: batch, channels and 1 to 3 spatial ones. Received: "
            f"inputs={show(inputs)}."
        )
    return rank


def channels_second(x: Tensor, data_format: str | None) -> Tensor:
    """Show a tensor with its channels on the second axis."""
    return x.movedim(-1, 1) if standardize_data_format(data_format) == "channels_last" else x


def channels_back(x: Tensor, data_format: str | None) -> Tensor:
    """Show a tensor with its channels where `data_format` has them."""
    return x.movedim(1, -1) if standardize_data_format(data_format) == "channels_last" else x


def same_pads(
    x: Tensor, windows: Sequence[int], strides: Sequence[int], dilation: Sequence[int] | None = None
) -> list[tuple[int, int]]:
    """Return what "same" padding adds before and after each axis of channels-second inputs."""
    apart = dilation or (1,) * len(windows)
    axes = zip(x.shape[2:], windows, strides, apart, strict=True)
    return [same_padding(*axis) for axis in axes]


def torch_order(pads: Sequence[tuple[int, int]]) -> list[int]:
    """Return what `torch.nn.functional.pad` takes: the last axis first."""
    return [n for pair in reversed(pads) for n in pair]


def padded_evenly(
    x: Tensor, pads: Sequence[tuple[int, int]], value: float = 0.0
) -> tuple[Tensor, list[int]]:
    """Pad what torch's kernels cannot; return that and what they may pad on both sides alike."""
    even = [min(pair) for pair in pads]
    rest = [(before - n, after - n) for (before, after), n in zip(pads, even, strict=True)]
    if any(rest_before or rest_after for rest_before, rest_after in rest):
        return F.pad(x, torch_order(pads), value=value), [0] * len(pads)
    return x, even
