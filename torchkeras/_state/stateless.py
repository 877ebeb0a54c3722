"""Running a module with other values in place of its parameters and buffers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from .variable import Variable, as_tensor


@contextmanager
def swapped(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """Let variables hold other values (in Keras's shapes) inside the scope; nothing is copied."""
    replaced: list[tuple[dict[str, Any], str, Tensor | None]] = []
    try:
        for variable, value in zip(variables, values, strict=True):
            like = variable.parameters[0]
            tensor = value if isinstance(value, Tensor) else as_tensor(value, like)
            for (module, key), piece in zip(variable.parts, variable.to_torch(tensor), strict=True):
                store = store_of(module, key)
                replaced.append((store, key, store[key]))
                store[key] = piece
        yield
    finally:
        for store, key, before in reversed(replaced):
            store[key] = before


def store_of(module: nn.Module, key: str) -> dict[str, Any]:
    """Return the dictionary in which a module keeps a parameter or buffer."""
    return module._parameters if key in module._parameters else module._buffers
