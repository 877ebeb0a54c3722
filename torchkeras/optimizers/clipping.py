"""Gradients made shorter, in place: by norm, by global norm, by value."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .shadow import by_place


def joint_norms(tensors: list[Tensor], spans: Sequence[range] | None = None) -> list[Tensor]:
    """Return a norm for each tensor: that of the whole variable that it is a part of.

    Args:
        tensors: The tensors.
        spans: Which tensors belong to one variable, if some variables have several.
    """
    norms = list(torch._foreach_norm(tensors))
    for span in spans or ():
        if len(span) > 1:
            joint = torch.stack([norms[index] for index in span]).norm()
            norms[span.start : span.stop] = [joint.clone() for _ in span]
    return norms


def clip_each_norm_(grads: list[Tensor], clip: float, spans: Sequence[range] | None = None) -> None:
    """Scale each gradient down to a norm of at most `clip`.

    Args:
        grads: The gradients.
        clip: The largest norm.
        spans: Which gradients belong to one variable, if some variables have several.
    """
    norms = joint_norms(grads, spans)
    torch._foreach_div_(norms, clip)
    torch._foreach_clamp_min_(norms, 1.0)
    torch._foreach_div_(grads, norms)


def clip_global_norm_(grads: list[Tensor], clip: float) -> None:
    """Scale all gradients by one factor, so that their common norm is at most `clip`.

    An infinite norm makes every gradient NaN, as in Keras.
    """
    norms = torch._foreach_norm(grads)
    where, dtype = norms[0].device, norms[0].dtype
    norm = torch.stack([each.to(where, dtype) for each in norms]).norm()
    factor = clip * torch.clamp(1.0 / norm, max=1.0 / clip) + (norm - norm)
    for at, members in by_place(grads).items():
        torch._foreach_mul_([grads[index] for index in members], factor.to(at.device))


def clip_value_(grads: list[Tensor], clip: float) -> None:
    """Limit every number of the gradients to between `-clip` and `clip`."""
    torch._foreach_clamp_min_(grads, -clip)
    torch._foreach_clamp_max_(grads, clip)
