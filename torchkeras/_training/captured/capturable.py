"""Which models do the same on the device at each step, whatever Python does: these are captured.

The list is one of what is known to be so, and was compared number by number. A layer that counts in
Python, or draws with a generator of its own, would do in each replay what it did once.
"""

import os

import torch
from torch import nn

from torchkeras import layers, metrics, regularizers
from torchkeras._training.added import AddedLosses
from torchkeras._training.compiled_metrics import CompiledMetrics
from torchkeras._training.recorded.recordable import (
    PREDICTING,
    chooses_freely,
    is_known,
    is_ours,
    is_public,
    is_usual_optimizer,
)
from torchkeras._training.recorded.snapshot import listeners
from torchkeras._training.steps import Steps, optimizer_for_training
from torchkeras.layers.base.plain import is_plain
from torchkeras.metrics.mean import BuiltinMetric

from .cuda_graph import GRAPHS

LEAVE_ALONE = "TORCHKERAS_LEAVE_GRAPHS"

# In training these draw with seeds that Python counts.
_COUNTING = {
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
}
_ALSO = {
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.DepthwiseConv1D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
}
_MODULES = (PREDICTING | _ALSO) - _COUNTING


def is_wanted(model: Steps) -> bool:
    """Say whether `compile` left it to the library how steps run.

    Args:
        model: The model, compiled.
    """
    jit = model._compiled.jit
    return jit.is_auto and not jit.as_written


def place_of(model: Steps) -> torch.device | None:
    """Return the device that all of a model is on, if steps are captured there.

    Args:
        model: The model.
    """
    places = {tensor.device for tensor in [*model.parameters(), *model.buffers()]}
    place = places.pop() if len(places) == 1 else None
    return place if place is not None and place.type in GRAPHS else None


def why_not(model: Steps, added: AddedLosses) -> str:
    """Return why the training step of a model cannot be captured, or nothing.

    Args:
        model: The model, compiled and settled.
        added: What layers and regularizers add to the loss.
    """
    return _against_capturing() or _against_loss(model, added) or _against_layers(model)


def _against_capturing() -> str:
    if LEAVE_ALONE in os.environ:
        return f"{LEAVE_ALONE} is set"
    return "several processes train" if torch.distributed.is_initialized() else ""


def _against_loss(model: Steps, added: AddedLosses) -> str:
    loss = model._compiled.loss
    if loss is None or not is_ours(loss.single):
        return "the loss is not one of the library's, of one output"
    if not added.is_of_weights or not all(map(_is_ours, added.regularizers)):
        return "the loss has parts of one's own"
    if not is_usual_optimizer(optimizer_for_training(model)):
        return "the optimizer scales losses in a way of its own"
    return ""


def _against_layers(model: Steps) -> str:
    for module in model.modules():
        kind = type(module)
        if not (is_known(module, _MODULES) and is_plain(module, kind) and chooses_freely(module)):
            named = getattr(module, "name", "")
            return f"the layer {named!r} ({kind.__name__}) may do something else at each step"
    for weight in model.parameters():
        if type(weight) is not nn.Parameter or weight.dtype is not torch.float32:
            return "a weight is no plain float32"
        if any(listeners(weight)):
            return "somebody listens to the gradient of a weight"
    return ""


def measures_alike(compiled: CompiledMetrics | None) -> bool:
    """Say whether metrics only add to tensors that keep their place.

    Args:
        compiled: The metrics of a model.
    """
    found = compiled.of_single_output() if compiled is not None and compiled.metrics else None
    if found is None:
        return False
    return all(
        isinstance(metric, BuiltinMetric) and is_public(type(metric), metrics)
        for group in found
        for metric in group
    )


def _is_ours(regularizer: object) -> bool:
    return is_public(type(regularizer), regularizers)
