"""Dtype policies by name or config, and the global one."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.dtypes import standardize_dtype
from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from . import policy as policies
from .policy import DTypePolicy
from .quantized import MODES, quantized_by_name


def serialize(dtype_policy: DTypePolicy) -> Any:
    """Return the config of a policy.

    Args:
        dtype_policy: A policy.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.serialize(torchkeras.DTypePolicy("bfloat16"))["config"]
        {'name': 'bfloat16'}
    """
    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a policy from a config.

    Args:
        config: What `serialize` returned.
        custom_objects: Classes by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "DTypePolicy", "config": {"name": "float32"}}
        >>> torchkeras.dtype_policies.deserialize(config)
        <DTypePolicy "float32">
    """
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that a name, config or dtype stands for.

    Args:
        identifier: `None`, which stands for the global policy; a name such as `"mixed_float16"` or
            `"int8_from_float32"`; a config; a policy; or a dtype of torch or NumPy.

    Raises:
        ValueError: If `identifier` stands for no policy.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.dtype_policies.get(torch.float16)
        <DTypePolicy "float16">
    """
    if identifier is None:
        return policies.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, str):
        return _named(identifier)
    if isinstance(identifier, Mapping):
        return _made(identifier)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            "`dtype` must be the name of a policy or dtype, a dtype, a config or a `DTypePolicy`. "
            f"Received: dtype={show(identifier)} (of type {type(identifier).__name__})."
        ) from None


def _named(name: str) -> DTypePolicy:
    return quantized_by_name(name) if name.startswith(MODES) else DTypePolicy(name)


def _made(config: Mapping[str, Any]) -> DTypePolicy:
    made = deserialize(config)
    if not isinstance(made, DTypePolicy):
        raise ValueError(f"`dtype` must be the config of a `DTypePolicy`. Received: {config}.")
    return made


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Make a policy that of all layers which are given none.

    Args:
        policy: A name such as `"mixed_bfloat16"`, or a policy.

    Raises:
        ValueError: If `policy` is neither, or its name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.config.set_dtype_policy("mixed_bfloat16")
        >>> torchkeras.layers.Dense(2).compute_dtype
        'bfloat16'
        >>> torchkeras.config.set_dtype_policy("float32")
    """
    if not isinstance(policy, (str, DTypePolicy)):
        raise ValueError(
            "`policy` must be the name of a policy, such as 'mixed_float16', or a `DTypePolicy`. "
            f"Received: policy={policy!r} (of type {type(policy).__name__})."
        )
    policies.keep_global(get(policy))
