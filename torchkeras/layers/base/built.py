"""Building: weights are made once, when the shape of the inputs is known."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from torchkeras._base.naming import build_scope, scope_path
from torchkeras._state.tracked import children_of
from torchkeras._symbolic.probe import real_tensors

from . import calling
from .added_losses import LossOwner
from .call_spec import CallSpec
from .config import is_library
from .shapes import as_shape, shapes_of


def finished(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a `build`: real tensors, names below the layer, its table, and `built` afterwards."""

    @functools.wraps(build)
    def wrapper(self: "Buildable", *args: Any, **kwargs: Any) -> None:
        arguments = inspect.signature(build).bind(self, *args, **kwargs).arguments
        self._build_depth += 1
        try:
            with build_scope(self.name), real_tensors():
                if self._build_depth == 1:
                    object.__setattr__(self, "_path", scope_path())
                    self.settle_dtypes()
                build(self, *args, **kwargs)
                self.bind_slots()
                if self._build_depth == 1:
                    self.finish_build()
        finally:
            self._build_depth -= 1
        if self._build_depth == 0:
            shapes = {key: value for key, value in arguments.items() if key != "self"}
            object.__setattr__(self, "_build_arguments", shapes)
            self.built = True
            if not self._trainable:
                self._apply_trainable()

    return wrapper


class Buildable(LossOwner):
    """A module with a `build` that runs once."""

    call_spec: ClassVar[CallSpec]
    _build_names: ClassVar[tuple[str, ...]] = ()

    built: bool = False
    was_run: bool = False
    _build_depth = 0
    _build_arguments: dict[str, Any] | None = None

    def _why_missing(self) -> str:
        made = ". The layer is not built yet: call it on data, or `build(input_shape)`, first."
        return "" if self.built or not self.defines_build else made

    @finished
    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, when the shape of the inputs is known.

        Args:
            input_shape: The shape of the inputs, or a list or dictionary of shapes; a `build` with
                several arguments called `<argument>_shape` gets the shapes of those arguments.
        """
        if not self.defines_build and self.holds_unbuilt_layers:
            warnings.warn(
                f"`build()` was called on layer {self.name!r}, whose class has no `build` method, "
                "and which holds layers that are not built. They will be at the first call. Give "
                f"{type(self).__name__!r} a `build(self, input_shape)` that builds them.",
                stacklevel=3,
            )

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build for the arguments of a call."""
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        if self._build_names:
            self._check_build_names()
            given = {f"{name}_shape": shapes_of(value) for name, value in named.items()}
            self.build(**{name: given[name] for name in self._build_names if name in given})
        elif self.defines_build:
            self._build_with(shapes_of(calling.first_argument(self, args, kwargs)))
        else:
            shape = shapes_of(calling.first_argument(self, args, kwargs))
            object.__setattr__(self, "_build_arguments", {"input_shape": shape})
            self.built = True

    def _build_with(self, shape: Any) -> None:
        try:
            self.build(shape)
        except TypeError as error:
            if not is_library(type(self)) or not isinstance(shape, (list, dict)):
                raise
            raise ValueError(
                f"Layer {self.name!r} takes one tensor. Received: a {type(shape).__name__} of "
                f"{len(shape)} with the shapes {shape}."
            ) from error

    def _check_build_names(self) -> None:
        """Refuse a `build` of several arguments that are not the shapes of arguments of `call`."""
        known = inspect.signature(self.call).parameters
        for name in self._build_names:
            if not name.endswith("_shape") or name.removesuffix("_shape") not in known:
                raise ValueError(
                    f"`build` of {type(self).__name__!r} has several arguments, so each must be "
                    f"called `<argument of call>_shape`. Received: {name!r}; `call` takes "
                    f"{list(known)}."
                )

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the layer was built with, or `None`."""
        shapes = self._build_arguments
        if shapes is None:
            return None
        return {"input_shape": _only(shapes)} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layer as `get_build_config()` says.

        Args:
            config: What `get_build_config()` returned.
        """
        shapes = dict(config or {})
        if "shapes_dict" in shapes:
            named = shapes["shapes_dict"] or {}
            self.build(**{key: as_shape(value) for key, value in named.items()})
        elif shapes:
            self.build(as_shape(_only(shapes)))

    def finish_build(self) -> None:
        """Do what needs the layer's variables, when the outermost `build` has made them."""

    def builds_nothing(self) -> bool:
        """Say whether a first call makes no weights, here or in the layers below."""
        own = self.defines_build and not self.built
        return not own and all(child.builds_nothing() for child in _layers_below(self))

    @property
    def holds_unbuilt_layers(self) -> bool:
        """Whether a layer just below this one has yet to be built."""
        return any(not child.built for child in _layers_below(self))

    @property
    def defines_build(self) -> bool:
        """Whether the class has a `build` of its own."""
        return type(self).build is not Buildable.build


def _layers_below(layer: Buildable) -> Iterator[Buildable]:
    return (child for child in children_of(layer) if isinstance(child, Buildable))


def _only(shapes: dict[str, Any]) -> Any:
    (shape,) = shapes.values()
    return shape
