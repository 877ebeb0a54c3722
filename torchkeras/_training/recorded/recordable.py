"""Which models train in the same way at each step, so that a step of theirs can be recorded."""

from collections.abc import Callable, Container
from types import BuiltinFunctionType, MethodDescriptorType, ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import activations, layers, losses, ops, random
from torchkeras._training.steps import Steps, optimizer_for_training
from torchkeras.layers.attention.projection import Projection
from torchkeras.layers.base.plain import is_plain
from torchkeras.losses.wrapper import LossFunctionWrapper

from .snapshot import listeners

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

# These do so only while they predict.
PREDICTING = _MODULES | {
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.BatchNormalization,
    layers.Conv1D,
    layers.Conv2D,
    layers.DepthwiseConv2D,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling2D,
    layers.GroupNormalization,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.MultiHeadAttention,
    layers.PReLU,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
    Projection,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.Conv1d,
    nn.Conv2d,
    nn.GroupNorm,
}
_MODELS = ("torchkeras.models.model", "torchkeras.models.sequential")
_IN_C = (BuiltinFunctionType, MethodDescriptorType)  # torch's and Python's own operators


def is_recordable(model: Steps) -> bool:
    """Say whether the training step of a model can be recorded, if layers add nothing to the loss.

    Args:
        model: The model, compiled and settled.
    """
    loss = model._compiled.loss
    return (
        loss is not None
        and is_ours(loss.single)
        and is_usual_optimizer(optimizer_for_training(model))
        and _computes_alike(model, _MODULES)
        and all(chooses_freely(module) for module in model.modules())
        and not any(any(listeners(weight)) for weight in model.parameters())
    )


def predicts_alike(model: Steps) -> bool:
    """Say whether predicting with a model can be recorded.

    Args:
        model: The model, built.
    """
    return _computes_alike(model, PREDICTING)


def is_better_recorded(model: Steps) -> bool:
    """Say whether recording steps is the best that `jit_compile=True` can do for a model.

    Args:
        model: The model.
    """
    return model._compiled.jit.options == {} and _computes_alike(model, _MODULES)


def _computes_alike(model: Steps, kinds: Container[type[nn.Module]]) -> bool:
    """Whether a model is small, and computes the same function each time."""
    if model._compiled.jit.as_written or torch.distributed.is_initialized():
        return False
    weights = list(model.parameters())
    return (
        all(
            is_known(module, kinds) and is_plain(module, type(module)) for module in model.modules()
        )
        and all(_is_usual(weight) for weight in weights)
        and sum(weight.numel() for weight in weights) <= _MOST_WEIGHTS
    )


def is_ours(loss: Any) -> bool:
    """Say whether a loss is one of the library's, made of a function of the library or of torch's.

    Args:
        loss: The loss.
    """
    if type(loss) is losses.TorchLoss:
        inner = loss.loss
        in_torch = type(inner).__module__ == "torch.nn.modules.loss"
        return is_public(inner, F) or (in_torch and is_plain(inner, type(inner)))
    known = type(loss) is LossFunctionWrapper or is_public(type(loss), losses)
    return known and is_public(getattr(loss, "fn", None), losses)


def is_usual_optimizer(optimizer: Any) -> bool:
    """Say whether nobody wrote what is done with loss and gradients before an update.

    Args:
        optimizer: The optimizer.
    """
    return all(
        name not in vars(optimizer) and _is_from_here(getattr(type(optimizer), name))
        for name in ("scale_loss", "zero_grad", "apply")
    )


def is_known(module: nn.Module, kinds: Container[type[nn.Module]]) -> bool:
    """Say whether a layer computes a function of its inputs and weights alone.

    Args:
        module: The layer, or a module in it.
        kinds: The classes of which that is known.
    """
    if type(module) not in kinds:
        return type(module).__module__ in _MODELS and _calls_known(module)
    if isinstance(module, layers.Embedding) and module.mask_zero:
        return False
    if getattr(module, "activity_regularizer", None) is not None:
        return False
    activation = getattr(module, "activation", None)
    return activation is None or is_public(activation, activations, ops)


def chooses_freely(module: nn.Module) -> bool:
    """Say whether a layer draws from torch's generator, if it draws at all, and counts no seeds.

    Args:
        module: The layer.
    """
    if not isinstance(module, layers.Dropout):
        return True
    return module.seed is None and module.noise_shape is None


def _calls_known(model: Any) -> bool:
    """Whether a model that is made of symbols calls nothing but layers and pure functions."""
    program = model.program
    return (
        program is not None
        and all(
            step.is_layer or isinstance(step.target, _IN_C) or is_public(step.target, ops, F)
            for step in program.steps
        )
        and all(type(constant) is Tensor for constant in program.constants)
    )


def _is_usual(weight: nn.Parameter) -> bool:
    is_there = weight.device.type == "cpu" and weight.dtype is torch.float32
    return is_there and type(weight) is nn.Parameter


def is_public(thing: Any, *namespaces: ModuleType) -> bool:
    """Say whether something is what a namespace has under its name, not only named like it.

    Args:
        thing: A class or function.
        *namespaces: The modules.
    """
    name = getattr(thing, "__name__", "")
    return any(vars(namespace).get(name) is thing for namespace in namespaces)


def _is_from_here(method: Callable[..., Any]) -> bool:
    return method.__module__.partition(".")[0] == "torchkeras"
