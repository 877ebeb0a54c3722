"""Layers on symbols: shapes without values, masks, and where a layer stands in a graph."""

import inspect
import warnings
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, ClassVar

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.naming import build_scope
from torchkeras._base.nested import fill_leaves, leaves_of, map_leaves
from torchkeras._state.masked import mask_of, with_mask
from torchkeras._symbolic.probe import probe, probing
from torchkeras._symbolic.spec import Spec, specs_in
from torchkeras._symbolic.tensor import KerasTensor, Node, fresh

from . import calling
from .built import Buildable
from .input_spec import check_inputs
from .shapes import map_shapes, shapes_of


class Symbolic(Buildable):
    """A module that can be called on symbols."""

    _takes_symbols: ClassVar[bool] = True
    _computes_mask: ClassVar[bool] = False
    _supports_masking = False
    _input_spec: Any = None
    _nodes: list[Node]

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer on symbols: the step is recorded, nothing is computed.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        inputs = calling.first_argument(self, args, kwargs)
        check_inputs(self.input_spec, inputs, self.name)
        first_time = not self.built
        specs = self._masked_specs(inputs, self.compute_output_spec(*args, **kwargs))
        if first_time and not self.defines_build:
            shapes = {"input_shape": shapes_of(inputs)}  # the trial run saw made-up sizes
            object.__setattr__(self, "_build_arguments", shapes)
            self.built = True
        outputs = tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)
        self._nodes.append(Node(self, args, kwargs, outputs))
        return outputs

    def _masked_specs(self, inputs: Any, specs: Any) -> Any:
        """Add what the masks will look like, where the layer tells its shapes without a trial."""
        outputs, masks = specs_in(specs), map_leaves(_mask_spec, inputs)
        told = any(spec.mask is not None for spec in outputs) or specs_in(masks) == []
        if told or not (self.supports_masking or self._computes_mask):
            return specs
        made = probe(self.compute_mask, (inputs, masks), {}, self._device)
        for spec, mask in zip(outputs, leaves_of(made), strict=False):
            spec.mask = mask
        return specs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of the outputs as symbols, building the layer if need be.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        if self.built:
            return self._output_spec(args, kwargs)
        with build_scope(self.name):
            if self.defines_build:
                self.build_for(args, kwargs)
            return self._output_spec(args, kwargs)

    def _output_spec(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if type(self).compute_output_shape is not Symbolic.compute_output_shape:
            if not self.built:
                self._build_by_trial(args, kwargs)
            shape = self.compute_output_shape(*self._shape_arguments(args, kwargs))
            return map_shapes(lambda s: KerasTensor(s, self.compute_dtype), shape)
        specs = self._probe(args, kwargs)
        return tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)

    def _build_by_trial(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build the layers inside, which only `call` knows how to."""
        if not self.holds_unbuilt_layers:
            self.build_for(args, kwargs)
            return
        try:
            self._probe(args, kwargs)
        except Exception as error:  # noqa: BLE001 -- the first call will raise what is wrong
            warnings.warn(
                f"Layer {self.name!r} ({type(self).__name__}) holds layers that are not built, and "
                f"`call` cannot be run on tensors without memory to build them: {error} They will "
                "be built at the first call. Give the layer a `build(self, input_shape)`.",
                stacklevel=5,
            )

    def _shape_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        wanted = inspect.signature(self.compute_output_shape).parameters
        if len(wanted) <= 1:
            return [shapes_of(calling.first_argument(self, args, kwargs))]
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        return [shapes_of(value) for value in list(named.values())[: len(wanted)]]

    def _probe(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def run(*fake_args: Any, **fake_kwargs: Any) -> Any:
            return calling.call_in_full(self, fake_args, fake_kwargs)

        try:
            return probe(run, args, kwargs, self._device)
        except Exception as error:
            if getattr(error, "_explained_by_layer", False) or isinstance(error, ValueError):
                raise
            error.add_note(
                f"The output shape of layer {self.name!r} ({type(self).__name__}) is found by "
                "running `call` on tensors without memory. If `call` needs real values, define "
                "`compute_output_shape(self, input_shape)`."
            )
            raise

    @property
    def _device(self) -> torch.device:
        parameter = next(self.parameters(), None)
        return device.creation() if parameter is None else parameter.device

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the outputs for the shape of the inputs.

        Args:
            *args: A shape, or a list or dictionary of shapes; `None` for unknown sizes.
            **kwargs: Shapes by name, for layers with several inputs.
        """
        positional = tuple(map_shapes(self._input_symbol, shape) for shape in args)
        named = {
            key.removesuffix("_shape"): map_shapes(self._input_symbol, shape)
            for key, shape in kwargs.items()
        }
        if "input" in named:
            positional, named = (named.pop("input"), *positional), named
        specs = self.compute_output_spec(*positional, **named)
        return tree.map_structure(lambda leaf: leaf.shape, specs)

    def _input_symbol(self, shape: Sequence[int | None]) -> KerasTensor:
        return KerasTensor(shape, self.input_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs.

        Args:
            inputs: The layer's inputs.
            previous_mask: Their mask, or `None`.
        """
        return previous_mask

    @property
    def input(self) -> Any:
        """The symbols that the layer was first called on."""
        node = self._first_node("input")
        first = calling.first_argument(self, node.args, node.kwargs)
        return node.outputs if first is None else first

    @property
    def output(self) -> Any:
        """The symbols that came out of the layer's first symbolic call."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._nodes:
            raise AttributeError(
                f"Layer {self.name!r} has never been called on symbols, so it has no {what}. Use "
                "it in a functional model, or in a Sequential that knows its input shape."
            )
        node: Node = self._nodes[0]
        return node

    @property
    def input_spec(self) -> Any:
        """What the inputs must look like: an `InputSpec`, a structure of them, or `None`."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        object.__setattr__(self, "_input_spec", value)

    @property
    def supports_masking(self) -> bool:
        """Whether the layer passes the mask of its inputs on."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        object.__setattr__(self, "_supports_masking", bool(value))

    def _mask_outputs(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        if not (self.supports_masking or self._computes_mask):
            self._warn_of_lost_mask()
            return outputs
        leaves = leaves_of(outputs)
        if all(mask_of(leaf) is not None for leaf in leaves):
            return outputs
        masks = self.compute_mask(inputs, previous_mask)
        if masks is None:
            return outputs
        if isinstance(outputs, Tensor):
            return _masked(outputs, next(iter(leaves_of(masks)), None))
        pairs = zip_longest(leaves, leaves_of(masks)[: len(leaves)])  # outputs after the last: none
        return fill_leaves(outputs, [_masked(x, mask) for x, mask in pairs])

    def _warn_of_lost_mask(self) -> None:
        if self.call_spec.takes_mask or probing():
            return
        warnings.warn(
            f"Layer {self.name!r} (of type {type(self).__name__}) was passed an input with a mask. "
            "It does not support masking, so layers after it will not see the mask. Set "
            "`self.supports_masking = True` if it may be passed on unchanged.",
            stacklevel=6,
        )


def _mask_spec(x: Any) -> Spec | None:
    return x.mask if isinstance(x, Spec) else None


def _masked(x: Any, mask: Any) -> Any:
    """Return an output with a mask, if there is one for it and it has none of its own."""
    return x if mask is None or mask_of(x) is not None else with_mask(x, mask)
