"""Where the weights of a layer are that can be quantized, and how Keras shows what they become."""

from dataclasses import dataclass

from torch import nn

from torchkeras._state.layout import SAME, Layout
from torchkeras._state.variable import Variable


@dataclass(frozen=True)
class Place:
    """A weight of a layer.

    Attributes:
        name: The name of its variable.
        module: The torch module that has it as `weight`.
        kind: The stock class whose work the module does.
        layout: How Keras shows the float weight.
        scale_layout: How Keras shows the scales of the outputs.
        second: Whether another weight of the layer comes before.
    """

    name: str
    module: nn.Module
    kind: type[nn.Module]
    layout: Layout
    scale_layout: Layout = SAME
    second: bool = False


@dataclass(frozen=True)
class Shown:
    """A buffer as a variable.

    Attributes:
        key: The buffer's name.
        attribute: The attribute of the layer.
        name: The variable's name.
        layout: How Keras shows it.
        is_overwritten: Whether its gradient is its next value.
    """

    key: str
    attribute: str
    name: str
    layout: Layout
    is_overwritten: bool = False

    def over(self, module: nn.Module, path: str | None) -> Variable:
        """Return the variable.

        Args:
            module: The module that has the buffer.
            path: The path of the layer's variables; that of the current scope if not given.
        """
        full = None if path is None else f"{path}/{self.name}"
        variable = Variable.over(((module, self.key),), self.layout, self.name, path=full)
        if self.is_overwritten:
            variable.overwrite_with_gradient, variable.autocasts = True, False
        return variable
