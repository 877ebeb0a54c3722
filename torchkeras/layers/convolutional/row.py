"""Convolutions of sequences, run as convolutions of images of one row."""

from typing import Any

import torch
from torch import Tensor, nn

from torchkeras.layers.base.plain import is_plain


class RowConvolution:
    """`nn.Conv1d` on images of one row: `(batch, channels, 1, steps)`.

    On a CPU torch copies sequences whose channels are last before it convolves them, images not.
    """

    def __init__(self, conv: Any) -> None:
        self.conv = conv

    def __call__(self, row: Tensor) -> Tensor:
        conv = self.conv
        if not self._may_show_rows(row):
            outputs: Tensor = conv(row.squeeze(2))
            return outputs.unsqueeze(2)
        places = (1, *conv.stride), (0, *conv.padding), (1, *conv.dilation)
        return torch.conv2d(row, conv.weight.unsqueeze(2), conv.bias, *places, conv.groups)

    def _may_show_rows(self, row: Tensor) -> bool:
        return (
            row.device.type == "cpu"
            and is_plain(self.conv, nn.Conv1d)
            and self.conv.padding_mode == "zeros"
            and not isinstance(self.conv.padding, str)
            and not torch.compiler.is_compiling()
        )
