"""Where a symbol comes from."""

from typing import Any

from torchkeras import tree
from torchkeras._symbolic.tensor import KerasTensor, Node


def get_source_inputs(tensor: Any) -> Any:
    """Return the inputs from which a symbol is computed.

    Args:
        tensor: A symbol of a functional model; anything else is returned as it is.

    Returns:
        A list of symbols, each once.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.Input((3,))
        >>> torchkeras.utils.get_source_inputs(torchkeras.layers.Dense(2)(x) + 1) == [x]
        True
    """
    if not isinstance(tensor, KerasTensor):
        return tensor
    if tensor.origin is None:
        return [tensor]
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    left: list[Node] = [tensor.origin]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        symbols = tree.flatten(node.outputs) if node.is_input else node.inputs
        for symbol in reversed(symbols):
            if symbol.origin is None or node.is_input:
                found.setdefault(id(symbol), symbol)
        left.extend(symbol.origin for symbol in reversed(node.inputs) if symbol.origin)
    return list(found.values())
