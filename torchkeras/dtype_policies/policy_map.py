"""`DTypePolicyMap`: one policy for each layer of a model, by path."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .lookup import get
from .policy import DTypePolicy


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """A dictionary from the paths of layers to policies; as a policy itself it is the default one.

    A key is a path, or a regular expression that matches whole paths.

    Args:
        default_policy: The policy of all other layers; the global one if not given.
        policy_map: Policies by path.

    Raises:
        TypeError: If `policy_map` is no dictionary.
        ValueError: If `default_policy` is a `DTypePolicyMap`.

    Example:
        >>> import torchkeras
        >>> policies = torchkeras.dtype_policies.DTypePolicyMap("float32")
        >>> policies["encoder/.*"] = "bfloat16"
        >>> policies["encoder/dense"], policies["decoder/dense"]
        (<DTypePolicy "bfloat16">, <DTypePolicy "float32">)
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, default_policy: Any = None, policy_map: dict[str, DTypePolicy] | None = None
    ) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` must not be a `DTypePolicyMap` itself.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "`policy_map` must be a dictionary. "
                f"Received: policy_map={policy_map!r} (of type {type(policy_map).__name__})."
            )
        self._given_default = default_policy
        self._default_policy = get(default_policy)
        self._policy_map = policy_map or {}

    @property
    def name(self) -> str:
        """The name of the default policy, after `map_`."""
        return f"map_{self.default_policy.name}"

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers without a key."""
        return self._default_policy

    @property
    def variable_dtype(self) -> str:
        """The default policy's variable dtype."""
        return self.default_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The default policy's compute dtype."""
        return self.default_policy.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """The default policy's quantization mode."""
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path {key!r} matches more than one key of the map: {matching}. Make the patterns "
                "so narrow that each path matches one of them, or add the path itself as a key."
            )
        return self._policy_map[matching[0]] if matching else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policy_map:
            raise ValueError(
                f"Key {key!r} already has the policy {self._policy_map[key]}. Delete it first."
            )
        self._policy_map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy_map)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal map.

        Without a default policy of its own the policies lose their names, as in Keras: they take
        that of the program which reads the config.
        """
        written = {key: serialize_keras_object(policy) for key, policy in self._policy_map.items()}
        if self._given_default is None:
            for entry in written.values():
                config = entry["config"]
                config["source_name" if "source_name" in config else "name"] = None
        return {"default_policy": self._given_default, "policy_map": written}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> "DTypePolicyMap":
        """Make a map from what `get_config` returned.

        Args:
            config: The arguments.
            custom_objects: Classes by name, known besides the registered ones.
        """
        policies = deserialize_keras_object(config["policy_map"], custom_objects)
        return cls(config["default_policy"], policies)

    def _identity(self) -> tuple[Any, ...]:
        return type(self), self.default_policy, self._policy_map

    def __repr__(self) -> str:
        policies = [(key, policy.name) for key, policy in self._policy_map.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={policies}>"
