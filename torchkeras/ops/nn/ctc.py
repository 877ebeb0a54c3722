"""Connectionist temporal classification: the loss, and decoding by the best class of each step."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import probing
from torchkeras.ops.operands import inexact

from .beam import beam_search


@op
def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0
) -> Tensor:
    """Return `-log` of the probability of label sequences, over all ways to align them.

    Args:
        target: `(batch, labels)` classes.
        output: `(batch, steps, classes)` logits.
        target_length: How many labels of each sample count.
        output_length: How many steps of each sample count.
        mask_index: The class that stands for a blank.

    Returns:
        `(batch,)` losses.

    Source:
        Graves et al. 2006, https://doi.org/10.1145/1143844.1143891

    Example:
        >>> import torchkeras
        >>> logits = torchkeras.ops.zeros((1, 2, 2))
        >>> torchkeras.ops.ctc_loss([[1]], logits, [1], [2])
        tensor([0.2877])
    """
    logits = _wide(inexact(output))
    log = F.log_softmax(logits, -1).transpose(0, 1)
    if probing():  # torch cannot say the shape
        return log.sum((0, 2))
    steps, labels = tensor(output_length), tensor(target_length)
    return F.ctc_loss(log, tensor(target), steps, labels, blank=mask_index, reduction="none")


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


@op
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return the label sequences that the outputs of a model stand for.

    Args:
        inputs: `(batch, steps, classes)` logits, or log probabilities.
        sequence_lengths: How many steps of each sample count.
        strategy: `"greedy"` for the best class of each step, or `"beam_search"` for the most
            probable sequences.
        beam_width: How many sequences a beam search goes on with after each step.
        top_paths: How many sequences a beam search returns.
        merge_repeated: Whether a greedy search takes a class that comes again for the same label.
        mask_index: The class that stands for a blank.

    Returns:
        `(paths, batch, steps)` labels, followed by -1 where a sequence is shorter, and their
        scores: `(batch, 1)` negated sums of the greedy values, or `(batch, top_paths)` log
        probabilities.

    Raises:
        ValueError: If the strategy is unknown.

    Example:
        >>> import torchkeras
        >>> logits = [[[0.0, 2.0, 0.0], [0.0, 3.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 4.0]]]
        >>> torchkeras.ops.ctc_decode(logits, [4])[0]
        tensor([[[ 1,  2, -1, -1]]], dtype=torch.int32)
    """
    one_of("strategy", strategy, ("greedy", "beam_search"))
    values = _wide(inexact(inputs))
    lengths = tensor(sequence_lengths).to(values.device, torch.int32)
    if strategy == "greedy":
        return _greedy(values, lengths, merge_repeated, mask_index)
    return beam_search(values, lengths, beam_width, top_paths, mask_index)


def _greedy(
    values: Tensor, lengths: Tensor, merge_repeated: bool, mask_index: int
) -> tuple[Tensor, Tensor]:
    steps = values.shape[1]
    best, labels = values.max(-1)
    labels = labels.to(torch.int32)
    places = torch.arange(steps, device=values.device)
    over = places >= lengths.unsqueeze(-1)
    labels = labels.masked_fill(over, mask_index)
    if merge_repeated:
        again = F.pad(labels[:, 1:] == labels[:, :-1], (1, 0))
        labels = labels.masked_fill(again, mask_index)
    blank = labels == mask_index
    order = torch.where(blank, steps, places).argsort(dim=-1, stable=True)
    kept = labels.masked_fill(blank, -1).gather(-1, order)
    scores = -best.masked_fill(over, 0.0).sum(1, keepdim=True)
    return kept.unsqueeze(0), scores
