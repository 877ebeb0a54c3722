"""Activations by name or config."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from torchkeras._base.identifier import find_named, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras.ops.nn import bounded, rectified, simplex, smooth

from . import bent, old
from . import smooth as own

_FUNCTIONS = (
    *(bent.relu, rectified.leaky_relu, rectified.relu6, rectified.elu, rectified.selu),
    *(rectified.celu, rectified.sparse_plus, rectified.threshold),
    *(own.linear, own.exponential, own.gelu, smooth.silu, smooth.hard_silu, own.mish),
    *(smooth.softplus, smooth.squareplus, smooth.glu),
    *(bounded.sigmoid, bounded.hard_sigmoid, bounded.sparse_sigmoid, bounded.log_sigmoid),
    *(bounded.tanh, bounded.hard_tanh, bounded.softsign, bounded.tanh_shrink),
    *(bounded.soft_shrink, bounded.hard_shrink),
    *(simplex.softmax, simplex.log_softmax, simplex.sparsemax),
    old.hard_sigmoid_of_keras_2,
)
_TABLE: dict[str, Any] = {
    **{function.__name__: function for function in _FUNCTIONS},
    "swish": smooth.silu,
    "hard_swish": smooth.hard_silu,
}
# torch's own functions that do the same where only `x` is given.
_KERNELS: dict[Callable[..., Any], Callable[..., Any]] = {
    bent.relu: torch.relu,
    rectified.relu6: F.relu6,
    rectified.elu: F.elu,
    rectified.selu: torch.selu,
    rectified.celu: torch.celu,
    own.exponential: torch.exp,
    own.gelu: F.gelu,
    smooth.silu: F.silu,
    smooth.hard_silu: F.hardswish,
    own.mish: F.mish,
    smooth.softplus: F.softplus,
    smooth.glu: F.glu,
    bounded.sigmoid: torch.sigmoid,
    bounded.hard_sigmoid: F.hardsigmoid,
    bounded.log_sigmoid: F.logsigmoid,
    bounded.tanh: torch.tanh,
    bounded.hard_tanh: F.hardtanh,
    bounded.tanh_shrink: F.tanhshrink,
    bounded.soft_shrink: F.softshrink,
    bounded.hard_shrink: F.hardshrink,
}


def kernel(activation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same to a tensor, without the time that symbols and arrays cost.

    Args:
        activation: A function of a tensor; one that is not Keras's comes back as it is.
    """
    plain = getattr(activation, "__wrapped__", activation)
    known = _TABLE.get(getattr(activation, "__name__", "")) is activation
    return _KERNELS.get(activation, plain) if known else activation


def last_kernel(activation: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same as the last step of a layer: losses find the logits of a sigmoid.

    Args:
        activation: A function of a tensor.
    """
    if activation is bounded.sigmoid:
        return bounded.sigmoid.__wrapped__  # type: ignore[attr-defined]
    return kernel(activation)


def serialize(activation: Any) -> Any:
    """Return the name of one of Keras's activations, or the config of another.

    Args:
        activation: A function, or an object with `get_config()`.

    Raises:
        ValueError: If it is a lambda, or an object without `get_config()`.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.serialize(torchkeras.activations.swish)
        'silu'
    """
    name = getattr(activation, "__name__", "")
    if _TABLE.get(name) is activation:
        return name
    return serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that a config or a name describes.

    Args:
        config: What `serialize` returned.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.deserialize("relu") is torchkeras.activations.relu
        True
    """
    if isinstance(config, str):
        return find_named("activation", config, {**_TABLE, **(custom_objects or {})})
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the activation that a name, config or callable stands for.

    Args:
        identifier: `None`, which stands for `linear`; a name such as `"relu"`; a config; or a
            function of a tensor, torch's own among them.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.get(None) is torchkeras.activations.linear
        True
    """
    if identifier is None:
        return own.linear
    return resolve("activation", identifier, _TABLE, deserialize)
