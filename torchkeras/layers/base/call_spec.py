"""What a layer class's `call` and `build` take, read from their signatures once per class."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_Parameter = inspect.Parameter


@dataclass(frozen=True)
class CallSpec:
    """The arguments of `call`.

    Attributes:
        names: The positional arguments, in order.
        takes_training: Whether `training` is one of the arguments.
        takes_mask: Whether `mask`, or `<argument>_mask`, is.
        mask_names: For each argument, the name of the argument for its mask.
        required: How many arguments have no default.
        training_may_be_none: Whether the default of `training` is `None`.
        trains_by_default: Whether it is `True`.
    """

    names: tuple[str, ...]
    takes_training: bool
    mask_names: dict[str, str]
    required: int
    training_may_be_none: bool = False
    trains_by_default: bool = False

    @classmethod
    def of(cls, call: Callable[..., Any]) -> "CallSpec":
        """Read the signature of an unbound `call`, unless it brings a `spec` of its own."""
        own = getattr(call, "spec", None)
        if isinstance(own, CallSpec):
            return own
        parameters = list(inspect.signature(call).parameters.values())[1:]
        plain = (_Parameter.POSITIONAL_ONLY, _Parameter.POSITIONAL_OR_KEYWORD)
        names = tuple(p.name for p in parameters if p.kind in plain)
        every = {p.name for p in parameters}
        candidates = {name: f"{name}_mask" for name in names}
        masks = {name: mask for name, mask in candidates.items() if mask in every}
        if not masks and "mask" in every and names:
            masks = {names[0]: "mask"}
        required = [p for p in parameters if p.default is _Parameter.empty and p.kind in plain]
        modes = [p.default for p in parameters if p.name == "training"]
        return cls(names, bool(modes), masks, len(required), modes == [None], modes == [True])

    @property
    def takes_mask(self) -> bool:
        return bool(self.mask_names)


def build_shape_names(build: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the arguments of a `build` that takes several, or nothing."""
    parameters = list(inspect.signature(build).parameters.values())[1:]
    several = (_Parameter.VAR_KEYWORD, _Parameter.VAR_POSITIONAL)
    names = [p.name for p in parameters if p.kind not in several]
    return tuple(names) if len(names) > 1 else ()
