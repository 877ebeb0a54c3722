"""`Function`: a functional model without the model."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.naming import free_name
from torchkeras._base.nested import unpack_singleton
from torchkeras._symbolic.operation import Operation
from torchkeras._symbolic.program import trace
from torchkeras._symbolic.tensor import KerasTensor, Node
from torchkeras.layers.core.input_layer import InputLayer
from torchkeras.layers.layer import Layer

from .programmed import check_symbols, declare


class Function(Operation):
    """The computation that leads from some symbols to others, as a function of tensors.

    It is no layer: it neither holds the layers it calls nor trains them.

    Args:
        inputs: A symbol, or a nested structure of them.
        outputs: A symbol made from them, or a nested structure of such.
        name: The name; an automatic one if not given.

    Raises:
        ValueError: If one of the two is empty, or the outputs are not made from the inputs.

    Example:
        >>> import torchkeras
        >>> a, b = torchkeras.KerasTensor((None, 2)), torchkeras.KerasTensor((None, 2))
        >>> function = torchkeras.Function([a, b], torchkeras.ops.sigmoid(a - b))
        >>> function([torchkeras.ops.ones((1, 2)), torchkeras.ops.ones((1, 2))]).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        check_symbols("inputs", inputs)
        check_symbols("outputs", outputs)
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._targets: dict[str, Any] = {}
        self._program = trace(inputs, outputs, self._name_of, declare)
        tensors = enumerate(self._program.constants)
        constants = {f"constant_{i}": value for i, value in tensors if isinstance(value, Tensor)}
        layers = {key: t for key, t in self._targets.items() if isinstance(t, Layer)}
        owner: Any = SimpleNamespace(**constants)
        self._run = self._program.bind(layers, owner, lambda graph, called: None)

    def _name_of(self, node: Node) -> str:
        """Return a name of its own for a layer, and for each step of anything else."""
        if not isinstance(node.target, Layer):
            return free_name(str(tree.flatten(node.outputs)[0].name), self._targets)
        for name, target in self._targets.items():
            if target is node.target:
                return name
        name = free_name(node.target.name, self._targets)
        self._targets[name] = node.target
        return name

    @property
    def operations(self) -> list[Any]:
        """The layers and functions that are called, in order, each once."""
        found: list[Any] = []
        for step in self._program.steps:
            target = self._targets[step.target] if isinstance(step.target, str) else step.target
            if not isinstance(target, InputLayer) and all(target is not other for other in found):
                found.append(target)
        return found

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbols that it begins with."""
        return tree.flatten(self._inputs_struct)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbols that it ends with."""
        return tree.flatten(self._outputs_struct)

    def call(self, inputs: Any) -> Any:
        """Return the outputs for other inputs.

        Args:
            inputs: Tensors, in the structure of the inputs.

        Raises:
            ValueError: If structure or shapes are others.
        """
        flat = self._flat(inputs)
        for tensor, symbol in zip(flat, self.inputs, strict=True):
            self._check_shape(tuple(tensor.shape), symbol)
        found = self._run(*flat)
        if unpack_singleton(self._outputs_struct) is self._outputs_struct:
            return found
        return tree.pack_sequence_as(self._outputs_struct, tree.flatten(found))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for shapes of the inputs.

        Args:
            input_shape: Shapes, in the structure of the inputs.
        """
        flat = [input_shape] if len(self.inputs) == 1 else tree.flatten(input_shape)
        if len(self.inputs) > 1 and len(flat) != len(self.inputs):
            flat = list(input_shape.values() if isinstance(input_shape, dict) else input_shape)
        symbols = [
            KerasTensor(shape, symbol.dtype)
            for shape, symbol in zip(flat, self.inputs, strict=True)
        ]
        specs = self.compute_output_spec(tree.pack_sequence_as(self._inputs_struct, symbols))
        return tree.map_structure(lambda spec: spec.shape, specs)

    def _flat(self, inputs: Any) -> list[Any]:
        try:
            tree.assert_same_structure(self._inputs_struct, inputs)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Function {self.name!r} takes inputs in the structure {self._inputs_struct!r}. "
                f"Received: inputs={inputs!r}."
            ) from error
        return [x if isinstance(x, Tensor) else torch.as_tensor(x) for x in tree.flatten(inputs)]

    def _check_shape(self, shape: tuple[int, ...], symbol: KerasTensor) -> None:
        fits = len(shape) == len(symbol.shape) and all(
            wanted is None or size == wanted
            for size, wanted in zip(shape, symbol.shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"Input {symbol.name!r} of function {self.name!r} must have the shape "
                f"{symbol.shape}. Received: a tensor of the shape {shape}."
            )

    def get_config(self) -> dict[str, Any]:
        """Refuse: a function is written as the model `Model(inputs, outputs)`."""
        raise NotImplementedError(
            "A Function has no config. Make a `Model(inputs, outputs)` to write one."
        )
