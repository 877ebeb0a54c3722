"""Which models train in the same way at each step, so that a step of theirs can be recorded."""

from collections.abc import Callable
from types import BuiltinFunctionType, MethodDescriptorType, ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import activations, layers, losses, ops, random
from torchkeras.layers.base.plain import is_plain
from torchkeras.losses.wrapper import LossFunctionWrapper

from .snapshot import listeners
from .steps import Steps, optimizer_for_training

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
_IN_C = (BuiltinFunctionType, MethodDescriptorType)  # torch's and Python's own operators


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
        and _is_usual_optimizer(optimizer_for_training(model))
        and all(_is_known(module) and is_plain(module, type(module)) for module in model.modules())
        and all(_is_usual(weight) for weight in weights)
        and sum(weight.numel() for weight in weights) <= _MOST_WEIGHTS
    )


def _is_ours(loss: Any) -> bool:
    """Whether a loss is one of the library's, made of a function of the library or of torch's."""
    if type(loss) is losses.TorchLoss:
        inner = loss.loss
        in_torch = type(inner).__module__ == "torch.nn.modules.loss"
        return _is_public(inner, F) or (in_torch and is_plain(inner, type(inner)))
    known = type(loss) is LossFunctionWrapper or _is_public(type(loss), losses)
    return known and _is_public(getattr(loss, "fn", None), losses)


def _is_usual_optimizer(optimizer: Any) -> bool:
    """Whether nobody wrote what is done with the loss and the gradients before an update."""
    return all(
        name not in vars(optimizer) and _is_from_here(getattr(type(optimizer), name))
        for name in ("scale_loss", "zero_grad")
    )


def _is_known(module: nn.Module) -> bool:
    kind = type(module)
    if kind not in _MODULES:
        return kind.__module__ in _MODELS and _calls_known(module)
    if isinstance(module, layers.Dropout) and (module.seed, module.noise_shape) != (None, None):
        return False  # its seeds are counted
    if isinstance(module, layers.Embedding) and module.mask_zero:
        return False
    if getattr(module, "activity_regularizer", None) is not None:
        return False
    activation = getattr(module, "activation", None)
    return activation is None or _is_public(activation, activations, ops)


def _calls_known(model: Any) -> bool:
    """Whether a model that is made of symbols calls nothing but layers and pure functions."""
    program = model.program
    return (
        program is not None
        and all(
            step.is_layer or isinstance(step.target, _IN_C) or _is_public(step.target, ops, F)
            for step in program.steps
        )
        and all(isinstance(constant, Tensor) for constant in program.constants)
    )


def _is_usual(weight: nn.Parameter) -> bool:
    is_there = weight.device.type == "cpu" and weight.dtype is torch.float32
    return is_there and type(weight) is nn.Parameter and not any(listeners(weight))


def _is_public(thing: Any, *namespaces: ModuleType) -> bool:
    """Whether something is what a namespace has under its name, and no more than named like it."""
    name = getattr(thing, "__name__", "")
    return any(vars(namespace).get(name) is thing for namespace in namespaces)


def _is_from_here(method: Callable[..., Any]) -> bool:
    return method.__module__.partition(".")[0] == "torchkeras"
