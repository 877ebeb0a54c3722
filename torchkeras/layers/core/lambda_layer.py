"""`Lambda`: any function as a layer."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self

from torchkeras import tree
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.switches import safe_mode_scope
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.shapes import map_shapes, shapes_of
from torchkeras.layers.layer import Layer

from . import lambda_config


class Lambda(Layer):
    """A layer that calls a function: `function(inputs, **arguments)`.

    A function with arguments `mask` or `training` gets them. Whatever has weights belongs into a
    Layer of its own.

    Args:
        function: The function of the inputs.
        output_shape: The shape of one sample of the output, or a function that returns the whole
            shape for the input's; found by trial if not given.
        mask: The mask of the output, or a function that returns it for the inputs and their mask.
        arguments: Further arguments of the function, by name.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        That of what `function` returns.

    Raises:
        TypeError: If `function` cannot be called.

    Differs from Keras:
        A config with a function without a name, which is its bytecode, is read with the function
        that `custom_objects` has under the layer's name; `safe_mode=False` reads it as in Keras.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Lambda(lambda x: x**2)(torch.tensor([3.0]))
        tensor([9.])
    """

    arguments: dict[str, Any]
    _wanted: frozenset[str] = frozenset()

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                f"`function` must be a function of the inputs. Received: function={function!r} "
                f"(of type {type(function).__name__})."
            )
        self.function = function
        self.mask = mask
        self.supports_masking = mask is not None
        # Set past the search for modules, which plain settings do not need.
        object.__setattr__(self, "arguments", dict(arguments or {}))
        object.__setattr__(self, "_output_shape", output_shape)
        object.__setattr__(self, "_computes_mask", mask is not None)
        object.__setattr__(self, "_wanted", _argument_names(function))

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        offered = {"mask": mask, "training": training}
        filled = {name: value for name, value in offered.items() if name in self._wanted}
        return self.function(inputs, **{**self.arguments, **filled})

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_spec(inputs, *args, **kwargs)
        shape = self._given_shape(shapes_of(inputs))
        return map_shapes(lambda sizes: KerasTensor(sizes, self.compute_dtype), shape)

    def _given_shape(self, input_shape: Any) -> Any:
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = tree.flatten(input_shape)[0]
        return map_shapes(lambda sizes: (batch, *sizes), self._output_shape)

    def attribute_config(self) -> dict[str, Any]:
        written: dict[str, Any] = {"function": self.function, "arguments": self.arguments}
        if self._output_shape is not None:
            written["output_shape"] = self._output_shape
        if self.mask is not None:
            written["mask"] = self.mask
        return {name: lambda_config.written(value) for name, value in written.items()}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool | None = None
    ) -> Self:
        """Make the layer that a config describes.

        Args:
            config: What `get_config()` returned, here or in any Keras.
            custom_objects: Functions by name, or by the name of the layer.
            safe_mode: `False` to run code that the config holds.

        Raises:
            ValueError: If the config holds code, in safe mode.
        """
        with custom_object_scope(custom_objects), safe_mode_scope(safe_mode):
            return super().from_config(lambda_config.modern(config))


def _argument_names(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # functions of torch written in C do not tell
        return frozenset()
