"""Masks on fused kernels: valid steps first, so that every mask becomes right padding.

A masked step only carries the state on. So the steps that count can run side by side, whatever lies
between them; each output is then fetched from the place of the last valid step before it. This is
exact for every mask, asks nothing of the device and costs two gathers.

B batch, T steps.
"""

import torch
from torch import Tensor


class Compaction:
    """The order in which the steps of a masked batch run, and the way back.

    Attributes:
        valid: `True` where the compacted sequences have a step that counts, (B, T).
        any_valid: Whether a sequence has such a step at all, (B, 1).
    """

    def __init__(self, mask_BT: Tensor) -> None:
        batch, steps = mask_BT.shape
        at_T = torch.arange(steps, device=mask_BT.device)
        self._mask = mask_BT
        self._counts = mask_BT.cumsum(1)
        total_B1 = self._counts[:, -1:]
        place_BT = torch.where(mask_BT, self._counts - 1, total_B1 + at_T - self._counts)
        self._order = torch.zeros_like(place_BT).scatter(1, place_BT, at_T.expand(batch, steps))
        self._rows = torch.arange(batch, device=mask_BT.device).unsqueeze(1)
        self._last = (total_B1 - 1).clamp(min=0)
        self.valid = at_T < total_B1
        self.any_valid = total_B1 > 0

    def compact(self, x: Tensor) -> Tensor:
        """Return the sequences with their valid steps first."""
        return self._take(x, self._order)

    def spread(self, y: Tensor, zero_masked: bool) -> Tensor:
        """Return outputs of compacted sequences at their places in the original ones.

        Masked steps repeat the output before, which is zero at first, or are zero throughout.
        """
        shown_BT = self._mask if zero_masked else self._counts > 0
        return self._take(y, (self._counts - 1).clamp(min=0), shown_BT)

    def last(self, y: Tensor, zero_masked: bool) -> Tensor:
        """Return the output of the last step of the original sequences."""
        shown = self._mask[:, -1:] if zero_masked else self.any_valid
        return _where(shown, self._take(y, self._last)).squeeze(1)

    def final(self, y: Tensor, first: Tensor) -> Tensor:
        """Return the output of the last valid step, or `first` where there is none."""
        found = self._take(y, self._last).squeeze(1)
        return torch.where(self.any_valid, found, first)

    def _take(self, x: Tensor, index_BT: Tensor, shown_BT: Tensor | None = None) -> Tensor:
        """Return chosen steps of each sequence, zeros where nothing is shown.

        In memory they lie step after step, as kernels want them. Zeros are one more row to choose,
        which is quicker than to overwrite, and leaves NaN behind.
        """
        batch, steps = x.shape[:2]
        by_step = x.transpose(0, 1)
        if by_step.is_contiguous():
            source, rows_BT = by_step.flatten(0, 1), index_BT * batch + self._rows
        else:
            source, rows_BT = x.flatten(0, 1), index_BT + self._rows * steps
        if shown_BT is not None:
            source = torch.cat([source, source.new_zeros(1, *source.shape[1:])])
            rows_BT = torch.where(shown_BT, rows_BT, batch * steps)
        taken = source.index_select(0, rows_BT.t().flatten())
        return taken.reshape(-1, batch, *x.shape[2:]).transpose(0, 1)


def _where(shown: Tensor, x: Tensor) -> Tensor:
    """Return `x` where it is shown, zero elsewhere; NaN does not come through."""
    return torch.where(shown.reshape(*shown.shape, *[1] * (x.dim() - 2)), x, 0)


def shown(y: Tensor, mask_BT: Tensor, first: Tensor, zero_masked: bool) -> Tensor:
    """Return the outputs of a run that left the states alone in masked steps.

    Those repeat the output before, which is zero at first, or are zero throughout. This asks for
    numbers, so it is for a CPU.

    Args:
        y: The states after all steps, or after the last.
        mask_BT: `True` for steps that count.
        first: The state before the first step.
        zero_masked: Whether masked steps are zero.
    """
    steps = y.shape[1]
    if zero_masked:
        return _where(mask_BT[:, -steps:], y)
    if not first.requires_grad and not first.any():
        return y
    return _where((mask_BT.cumsum(1) > 0)[:, -steps:], y)
