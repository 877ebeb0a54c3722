"""torch's recurrent modules under Keras's weights, and running them over whole sequences.

A module is run as a function of its own tensors: that is quicker, differentiable outside of
training on cuDNN, and takes tensors that stand in for them. Where somebody has hooked, pruned or
replaced the module, it is called itself.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .choice import quickest_run
from .opaque import opaque_run

MODULES: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN, "relu": nn.RNN}

_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def keep_one_bias(module: nn.RNNBase) -> None:
    """Turn the second bias into a buffer of zeros; what is loaded into it goes to the first."""
    if not module.bias:
        return
    second = module._parameters.pop("bias_hh_l0")
    assert second is not None
    module.register_buffer("bias_hh_l0", second.detach().zero_())
    module._init_flat_weights()
    module.register_load_state_dict_post_hook(_add_second_bias)  # type: ignore[no-untyped-call]


def _add_second_bias(module: Any, incompatible_keys: Any) -> None:
    with torch.no_grad():
        module.bias_ih_l0.add_(module.bias_hh_l0)
        module.bias_hh_l0.zero_()


class Stores:
    """The dictionaries that hold a module's tensors, whatever these are at the time.

    `torch.compile` lets nobody touch a recurrent module, but these it reads. (No bare tuple: export
    would replace it by a copy.)
    """

    def __init__(self, module: nn.Module) -> None:
        self.parameters, self.buffers = module._parameters, module._buffers

    def weights(self, dtype: torch.dtype) -> list[Tensor]:
        """Return the tensors of a recurrent module as its kernel takes them."""
        found = [self.parameters.get(name, self.buffers.get(name)) for name in _NAMES]
        weights: list[Tensor] = [tensor for tensor in found if tensor is not None]
        if weights[0].dtype is dtype:
            return weights
        return in_one_piece([weight.to(dtype) for weight in weights])


def in_one_piece(weights: list[Tensor]) -> list[Tensor]:
    """Return tensors as parts of one, which cuDNN wants; other kernels take them as they are."""
    if not weights[0].is_cuda:
        return weights
    whole = torch.cat([weight.flatten() for weight in weights])
    parts = torch.split(whole, [weight.numel() for weight in weights])
    return [part.view_as(weight) for part, weight in zip(parts, weights, strict=True)]


def run(
    kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Run a kernel over `x` (batch, steps, features) from states (batch, units); return both."""
    compiled = torch.compiler.is_compiling() and not _exporting()
    first = [state.unsqueeze(0) for state in states]
    y, *last = (opaque_run if compiled else quickest_run)(kind, x, first, weights)
    return y, [state.squeeze(0) for state in last]


def _exporting() -> bool:
    known = getattr(torch.compiler, "is_exporting", None)  # since torch 2.7
    return known is not None and bool(known())


def is_plain(module: Any) -> bool:
    """Say whether a module is torch's own, and nobody listens to it."""
    return type(module) in (nn.LSTM, nn.GRU, nn.RNN) and not any(
        getattr(module, hooks) for hooks in _HOOKS
    )


def run_module(
    module: Any, x: Tensor, states: list[Tensor], lengths: Tensor | None = None
) -> tuple[Tensor, list[Tensor]]:
    """Call a module as `run` does; with `lengths`, the states are those after so many steps."""
    first = [state.unsqueeze(0) for state in states]
    given: Any = first[0] if len(first) == 1 else tuple(first)
    if lengths is None:
        y, last = module(x, given)
    else:
        packed = pack_padded_sequence(x, lengths.cpu(), True, enforce_sorted=False)
        y, last = module(packed, given)
        y, _ = pad_packed_sequence(y, True, total_length=x.shape[1])
    made = [last] if isinstance(last, Tensor) else last
    return y, [state.squeeze(0) for state in made]
