"""`Config`: named values of a program, as attributes and as a dictionary."""

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from torchkeras._base.messages import did_you_mean

_OWN = ("_config", "_frozen")


class Config:
    """Named values, read and set as attributes or as in a dictionary, until they are frozen.

    Args:
        **kwargs: The first values.

    Example:
        >>> import torchkeras
        >>> config = torchkeras.utils.Config(rate=0.1)
        >>> config.seed = 1
        >>> config.as_dict()
        {'rate': 0.1, 'seed': 1}
    """

    _config: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether values can no longer be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Let nothing be changed any more."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Let values be changed again."""
        object.__setattr__(self, "_frozen", False)

    def _check_not_frozen(self) -> None:
        if self._frozen:
            raise ValueError("The config is frozen. Call `unfreeze()` to change it.")

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary of the values."""
        return dict(self._config)

    def to_json(self) -> str:
        """Return the values as JSON."""
        return json.dumps(self._config)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Return the pairs of names and values."""
        return self._config.items()

    def pop(self, *args: Any) -> Any:
        """Take a value away and return it.

        Args:
            *args: The name and, if it may be missing, what to return then.
        """
        self._check_not_frozen()
        return self._config.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values.

        Args:
            *args: A dictionary, or pairs.
            **kwargs: Values by name.
        """
        self._check_not_frozen()
        self._config.update(*args, **kwargs)

    def get(self, keyname: str, value: Any = None) -> Any:
        """Return a value, or another one if there is none of that name.

        Args:
            keyname: The name.
            value: What to return if it is missing.
        """
        return self._config.get(keyname, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in _OWN:
            raise AttributeError(name)
        if name in self._config:
            return self._config[name]
        raise AttributeError(f"The config has no {name!r}.{did_you_mean(name, self._config)}")

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __setitem__(self, key: str, item: Any) -> None:
        self._check_not_frozen()
        self._config[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __delitem__(self, key: str) -> None:
        self._check_not_frozen()
        del self._config[key]

    def __contains__(self, item: object) -> bool:
        return item in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
