"""The beam search of connectionist temporal classification, for all samples of a batch at once.

A prefix is a sequence of labels found so far. It has two scores: of the alignments that end with
its last label, and of those that end with a blank, after which the same label may come again.

B batch, T steps, C classes, W prefixes (the width of the beam), P prefixes that may be continued.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

_NEVER = float("-inf")


class _Beam(NamedTuple):
    """The prefixes of each sample: labels followed by -1, how many, and the two log scores."""

    labels: Tensor  # (B, W, T)
    size: Tensor  # (B, W), as the two below
    ends_with_label: Tensor
    ends_with_blank: Tensor

    @property
    def total_BW(self) -> Tensor:
        return torch.logaddexp(self.ends_with_label, self.ends_with_blank)

    @property
    def last_BW(self) -> Tensor:
        place = (self.size - 1).clamp(min=0).unsqueeze(-1)
        return self.labels.gather(-1, place).squeeze(-1)

    def where(self, condition_B: Tensor, other: "_Beam") -> "_Beam":
        """Return this beam for some of the samples, and another for the rest."""
        pairs = zip(self, other, strict=True)
        return _Beam(*(_where(condition_B, mine, theirs) for mine, theirs in pairs))


def _where(condition_B: Tensor, mine: Tensor, theirs: Tensor) -> Tensor:
    return torch.where(condition_B.reshape(-1, *[1] * (mine.dim() - 1)), mine, theirs)


def beam_search(
    values: Tensor, lengths: Tensor, beam_width: int, top_paths: int, blank: int
) -> tuple[Tensor, Tensor]:
    """Return the most probable label sequences and their log probabilities.

    Args:
        values: `(B, T, C)` logits.
        lengths: `(B,)`, how many steps count.
        beam_width: How many prefixes are kept after each step.
        top_paths: How many sequences are returned.
        blank: The class that stands for a blank.

    Raises:
        ValueError: If more paths are wanted than are kept.
    """
    if top_paths > beam_width:
        raise ValueError(
            "`top_paths` must not exceed `beam_width`. Received: "
            f"top_paths={top_paths}, beam_width={beam_width}."
        )
    log_BTC = F.log_softmax(values, -1)
    beam = _first(log_BTC, beam_width, blank)
    for step in range(1, log_BTC.shape[1]):
        beam = _next(beam, log_BTC[:, step], blank).where(step < lengths, beam)
    scores, best = beam.total_BW.topk(top_paths, dim=1)
    places = best.unsqueeze(-1).expand(-1, -1, log_BTC.shape[1])
    labels = beam.labels.gather(1, places).masked_fill(scores.isneginf().unsqueeze(-1), -1)
    return labels.transpose(0, 1).to(torch.int32), scores


def _first(log_BTC: Tensor, width: int, blank: int) -> _Beam:
    """Return the prefixes after the first step: one label, or none."""
    _, steps, classes = log_BTC.shape
    scores, found = log_BTC[:, 0].topk(min(width, classes), dim=1)
    spare = width - scores.shape[1]
    scores = F.pad(scores, (0, spare), value=_NEVER)
    found = F.pad(found, (0, spare), value=blank)
    empty = found == blank
    labels = F.pad(found.masked_fill(empty, -1).unsqueeze(-1), (0, steps - 1), value=-1)
    return _Beam(
        labels,
        (~empty).long(),
        scores.masked_fill(empty, _NEVER),
        scores.masked_fill(~empty, _NEVER),
    )


def _next(beam: _Beam, log_BC: Tensor, blank: int) -> _Beam:
    """Return the best prefixes after one more step."""
    width, classes = beam.size.shape[1], log_BC.shape[1]
    last, total = beam.last_BW, beam.total_BW
    label_BWC = F.one_hot(last.clamp(min=0), classes).bool() & (last >= 0).unsqueeze(-1)
    free = torch.where(label_BWC, beam.ends_with_blank.unsqueeze(-1), total.unsqueeze(-1))
    grown_BWC = free + log_BC.unsqueeze(1)
    grown_BWC = grown_BWC.masked_fill(torch.arange(classes, device=last.device) == blank, _NEVER)
    again = beam.ends_with_label + log_BC.gather(1, last.clamp(min=0))
    again = again.masked_fill(last < 0, _NEVER)
    # A prefix that grows into one that is there already adds to that one's score.
    grows_BWP = _is_continuation(beam, total)
    at_last = grown_BWC.transpose(1, 2).gather(
        1, last.clamp(min=0).unsqueeze(-1).expand(-1, -1, width)
    )
    added = at_last.masked_fill(~grows_BWP, _NEVER).logsumexp(-1)
    taken = (grows_BWP.transpose(1, 2).float() @ label_BWC.float()).bool()
    grown_BWC = grown_BWC.masked_fill(taken, _NEVER)
    stays = beam._replace(
        ends_with_label=torch.logaddexp(again, added),
        ends_with_blank=total + log_BC[:, blank : blank + 1],
    )
    return _best(stays, grown_BWC)


def _is_continuation(beam: _Beam, total: Tensor) -> Tensor:
    """Return whether a prefix that is alive is another one and a last label: `(B, W, P)`."""
    labels, size = beam.labels, beam.size
    place = torch.arange(labels.shape[-1], device=labels.device)
    shortened = labels.masked_fill(place == (size - 1).unsqueeze(-1), -1)
    equal = (shortened.unsqueeze(2) == labels.unsqueeze(1)).all(-1)
    return equal & ((size > 0) & ~total.isneginf()).unsqueeze(-1)


def _best(stays: _Beam, grown_BWC: Tensor) -> _Beam:
    """Choose among the prefixes that stayed and those that grew."""
    width, classes = grown_BWC.shape[1:]
    candidates = torch.cat([stays.total_BW, grown_BWC.flatten(1)], 1)
    scores, chosen = candidates.topk(width, dim=1)
    stayed = chosen < width
    origin = torch.where(stayed, chosen, (chosen - width) // classes)
    label = ((chosen - width) % classes).unsqueeze(-1)
    steps = stays.labels.shape[-1]
    labels = stays.labels.gather(1, origin.unsqueeze(-1).expand(-1, -1, steps))
    size = stays.size.gather(1, origin)
    place = torch.arange(steps, device=labels.device)
    new = (place == size.unsqueeze(-1)) & ~stayed.unsqueeze(-1)
    return _Beam(
        torch.where(new, label, labels),
        size + (~stayed).long(),
        torch.where(stayed, stays.ends_with_label.gather(1, origin), scores),
        stays.ends_with_blank.gather(1, origin).masked_fill(~stayed, _NEVER),
    )
