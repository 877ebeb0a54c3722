"""`DTypePolicy`: the dtype that a layer computes in, and the one that it keeps its weights in."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import standardize_dtype, to_torch
from torchkeras._base.messages import did_you_mean
from torchkeras._state.convert import tensor
from torchkeras._symbolic.spec import Spec

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


class DTypePolicy:
    """The compute dtype and the variable dtype of a layer, under one name.

    Args:
        name: A dtype's name, for both; or `"mixed_float16"` or `"mixed_bfloat16"`, which compute in
            that dtype and keep weights in float32. The name of the global policy if not given.

    Raises:
        TypeError: If `name` is no string.
        ValueError: If `name` stands for no policy.

    Example:
        >>> import torchkeras
        >>> policy = torchkeras.dtype_policies.DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    _keras_module = "keras"

    def __init__(self, name: str | None = None) -> None:
        self._name = dtype_policy().name if name is None else name
        self._compute_dtype, self._variable_dtype = parse(self._name)
        self._quantization_mode: str | None = None

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype in which a layer computes, and that of its outputs."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype in which a layer keeps its weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How weights are quantized, or `None`."""
        return self._quantization_mode

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return a tensor or array, cast if it holds floats; anything else as it is.

        Args:
            x: An input of a layer.
            autocast: Whether to cast floats.
            dtype: The dtype to cast to.
        """
        if not isinstance(x, (Tensor, Spec)):
            if not hasattr(x, "__array__"):
                return x
            x = tensor(x)
        return _cast(x, to_torch(dtype)) if autocast else x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a policy from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)

    def _identity(self) -> tuple[Any, ...]:
        """What is equal for equal policies."""
        kind = DTypePolicy if type(self) is FloatDTypePolicy else type(self)
        return kind, self._name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        kind, name = self._identity()[:2]
        return f'<{kind.__name__} "{name}">'


class FloatDTypePolicy(DTypePolicy):
    """Another name of `DTypePolicy`.

    Args:
        name: See `DTypePolicy`.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.FloatDTypePolicy("float32")
        <DTypePolicy "float32">
    """

    _keras_module = "keras"


def parse(name: Any) -> tuple[str, str]:
    """Return the compute dtype and the variable dtype for which a name stands."""
    if not isinstance(name, str):
        raise TypeError(
            "`name` must be a string such as 'mixed_float16'. "
            f"Received: name={name!r} (of type {type(name).__name__})."
        )
    if name in _MIXED:
        return _MIXED[name], "float32"
    try:
        dtype = standardize_dtype(name)
    except ValueError:
        raise ValueError(
            "`name` must be 'mixed_float16', 'mixed_bfloat16' or the name of a dtype such as "
            f"'float32'. Received: name={name!r}.{did_you_mean(name, (*_MIXED, *_FLOATS))}"
        ) from None
    return dtype, dtype


def _cast(x: Any, dtype: torch.dtype) -> Any:
    own = to_torch(x.dtype) if isinstance(x, Spec) else x.dtype
    return x.to(dtype) if own.is_floating_point and own != dtype else x


@dataclass
class _Global:
    policy: DTypePolicy | None = None


_GLOBAL = _Global()


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none; `floatx()` settles it at the first call.

    Example:
        >>> import torchkeras
        >>> torchkeras.config.dtype_policy()
        <DTypePolicy "float32">
    """
    if _GLOBAL.policy is None:
        _GLOBAL.policy = DTypePolicy(settings.floatx())
    return _GLOBAL.policy


def keep_global(policy: DTypePolicy | None) -> None:
    """Make a policy the global one; `None` lets `floatx()` settle it anew."""
    _GLOBAL.policy = policy
