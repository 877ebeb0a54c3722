"""Which models train in the same way at each step, so that a step of theirs can be recorded."""

from typing import Any

import torch
from torch import nn

from torchkeras import layers, random
from torchkeras.layers.base.plain import is_plain

from .snapshot import listeners
from .steps import Steps

# In larger networks the time is in the kernels, and what is between them does not count.
_MOST_WEIGHTS = 1_000_000

# They compute the same function of their inputs and weights each time, whatever came before.
_LAYERS = (
    layers.Activation,
    layers.Add,
    layers.Average,
    layers.Concatenate,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.Embedding,
    layers.Flatten,
    layers.GlobalAveragePooling1D,
    layers.GlobalMaxPooling1D,
    layers.Identity,
    layers.InputLayer,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Normalization,
    layers.Permute,
    layers.ReLU,
    layers.RepeatVector,
    layers.Rescaling,
    layers.Reshape,
    layers.Softmax,
    layers.Subtract,
)
_MODULES = frozenset((*_LAYERS, random.SeedGenerator, nn.Embedding, nn.LayerNorm, nn.Linear))
_MODELS = ("torchkeras.models.model", "torchkeras.models.sequential")


def is_recordable(model: Steps) -> bool:
    """Say whether the training step of a model can be recorded, if layers add nothing to the loss.

    Args:
        model: The model, compiled and settled.
    """
    loss = model._compiled.loss
    if model._compiled.jit.as_written or torch.distributed.is_initialized():
        return False
    weights = list(model.parameters())
    return (
        loss is not None
        and _is_ours(loss.single)
        and all(_is_known(module) and is_plain(module, type(module)) for module in model.modules())
        and all(_is_usual(weight) for weight in weights)
        and sum(weight.numel() for weight in weights) <= _MOST_WEIGHTS
    )


def _is_ours(loss: Any) -> bool:
    """Whether a loss is one of the library's, made of a function of the library."""
    return all(
        _is_from(part, "torchkeras") for part in (type(loss), getattr(loss, "fn", type(loss)))
    )


def _is_known(module: nn.Module) -> bool:
    kind = type(module)
    if kind not in _MODULES:
        return kind.__module__ in _MODELS
    if isinstance(module, layers.Dropout) and (module.seed, module.noise_shape) != (None, None):
        return False  # its seeds are counted
    if isinstance(module, layers.Embedding) and module.mask_zero:
        return False
    if getattr(module, "activity_regularizer", None) is not None:
        return False
    activation = getattr(module, "activation", None)
    return activation is None or _is_from(activation, "torchkeras")


def _is_usual(weight: nn.Parameter) -> bool:
    is_there = weight.device.type == "cpu" and weight.dtype is torch.float32
    return is_there and type(weight) is nn.Parameter and not any(listeners(weight))


def _is_from(thing: Any, package: str) -> bool:
    return getattr(thing, "__module__", "").partition(".")[0] == package
