"""Initializers by name, config or value."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.convert import tensor

from .constants import Constant, Identity, Ones, Zeros
from .fourier import STFT
from .initializer import Initializer
from .orthogonal_matrix import Orthogonal
from .random import RandomNormal, RandomUniform, TruncatedNormal
from .variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

_TABLE = names_of(
    *(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal),
    *(RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Orthogonal),
    *(Zeros, Ones, Constant, Identity, STFT, Initializer),
    IdentityInitializer=Identity,
    OrthogonalInitializer=Orthogonal,
    STFTInitializer=STFT,
    normal=RandomNormal,
    uniform=RandomUniform,
    one=Ones,
    zero=Zeros,
)


def serialize(initializer: Any) -> Any:
    """Return the config of an initializer.

    Args:
        initializer: An initializer, or a registered function.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.serialize(torchkeras.initializers.Zeros())["class_name"]
        'Zeros'
    """
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make an initializer from a config or a name.

    Args:
        config: What `serialize` returned, or the name of an initializer.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "Constant", "config": {"value": 2.0}}
        >>> torchkeras.initializers.deserialize(config).value
        2.0
    """
    if isinstance(config, str):
        table = {**_TABLE, **(custom_objects or {})}
        return instance(find_named("initializer", config, table))
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the initializer that a name, config, class, function or array stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"he_normal"`; a config; an
            initializer or its class; a function of `shape` and `dtype`; or a tensor or array,
            which becomes the value itself.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> type(torchkeras.initializers.get("he_normal")).__name__
        'HeNormal'
    """
    if identifier is None:
        return None
    if isinstance(identifier, (Tensor, np.ndarray, np.generic)):
        return _value(identifier)
    return instance(resolve("initializer", identifier, _TABLE, deserialize))


def _value(given: Any) -> Callable[..., Tensor]:
    """Return an initializer that makes a copy of a tensor or array."""

    def initialize(shape: Sequence[int], dtype: Any = None) -> Tensor:
        if tuple(shape) != tuple(given.shape):
            raise ValueError(
                f"`shape` must be that of the initial value, {tuple(given.shape)}. "
                f"Received: shape={tuple(shape)}."
            )
        return tensor(given).detach().to(device.creation(), to_torch(dtype), copy=True)

    return initialize
