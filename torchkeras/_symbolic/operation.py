"""`Operation`: a step of a functional model that users write, without weights."""

import inspect
from abc import ABCMeta
from typing import Any, Self

from torchkeras import tree
from torchkeras._base.naming import auto_name

from .probe import probe
from .spec import has_spec
from .tensor import Node, fresh

_PLAIN = (str, int, float, bool, type(None))
_UNNAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
_METHODS = ("call", "symbolic_call", "compute_output_spec", "get_config")


class Operation(metaclass=ABCMeta):  # noqa: B024 - the metaclass is there for `isinstance`
    """A function of tensors that is one step of a functional model, called on symbols.

    A subclass defines `call`; `compute_output_spec` is found by trial. Layers count as operations.

    Args:
        name: The name; an automatic one if not given.

    Raises:
        ValueError: If the name is not a string, or has a slash in it.

    Example:
        >>> import torchkeras
        >>> class Scale(torchkeras.Operation):
        ...     def __init__(self, factor, name=None):
        ...         super().__init__(name=name)
        ...         self.factor = factor
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale(2.0)(torchkeras.Input((3,))).shape
        (None, 3)
        >>> Scale(2.0)(torchkeras.ops.ones(2)).tolist()
        [2.0, 2.0]
    """

    _given: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._given = args, kwargs
        return self

    def __init__(self, name: str | None = None) -> None:
        name = auto_name(type(self).__name__) if name is None else name
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"`name` must be a string without '/'. Received: name={name!r}.")
        self.name = self.__name__ = name  # torch.fx asks functions for their `__name__`
        self._nodes: list[Node] = []

    @classmethod
    def __subclasshook__(cls, other: type) -> bool:
        if cls is Operation and all(hasattr(other, method) for method in _METHODS):
            return True
        return NotImplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on tensors, or record a step on symbols."""
        if has_spec(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs; to be written by subclasses.

        Args:
            *args: Tensors.
            **kwargs: Tensors and settings.
        """
        raise NotImplementedError(f"`{type(self).__name__}` must define `call`.")

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record the step, and return its outputs as symbols.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        specs = self.compute_output_spec(*args, **kwargs)
        outputs = tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)
        self._nodes.append(Node(self, args, kwargs, outputs))
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of the outputs as symbols.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        specs = probe(self.call, args, kwargs)
        return tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)

    @property
    def input(self) -> Any:
        """The symbols that the operation was first called on."""
        symbols = self._first_node("input").inputs
        return symbols[0] if len(symbols) == 1 else symbols

    @property
    def output(self) -> Any:
        """The symbols that came out of the first symbolic call."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._nodes:
            raise ValueError(
                f"Operation {self.name!r} has never been called on symbols, so it has no {what}."
            )
        return self._nodes[0]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal operation.

        Raises:
            NotImplementedError: If an argument is not plain, or has no name: such a class defines
                `get_config`, in which this one returns the name alone.
        """
        if type(self).get_config is not Operation.get_config:
            return {"name": self.name}
        signature = inspect.signature(type(self).__init__)
        bound = signature.bind(self, *self._given[0], **self._given[1])
        bound.apply_defaults()
        config: dict[str, Any] = {}
        for name, value in list(bound.arguments.items())[1:]:
            kind = signature.parameters[name].kind
            if kind in _UNNAMED and (value or kind is inspect.Parameter.POSITIONAL_ONLY):
                raise self._no_config(value)
            if kind is not inspect.Parameter.VAR_POSITIONAL:
                config.update(value if kind is inspect.Parameter.VAR_KEYWORD else {name: value})
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        if "name" in signature.parameters or inspect.Parameter.VAR_KEYWORD in kinds:
            config["name"] = self.name
        if not all(isinstance(value, _PLAIN) for value in tree.flatten(config)):
            raise self._no_config(config)
        return config

    def _no_config(self, arguments: Any) -> NotImplementedError:
        return NotImplementedError(
            f"`{type(self).__name__}` was made with arguments that a config cannot hold: plain "
            "ones with a name. Give it a `get_config` and a `from_config`. "
            f"Received: {arguments!r}."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the operation that a config describes.

        Args:
            config: What `get_config` returned.
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"
