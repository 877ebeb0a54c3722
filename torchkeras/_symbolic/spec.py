"""The shape and dtype of a tensor, without the tensor."""

from collections.abc import Sequence
from typing import Any

from torchkeras._base.dtypes import standardize_dtype
from torchkeras._base.nested import leaves_of

Shape = tuple[int | None, ...]


class Spec:
    """A shape, with `None` for unknown sizes, the name of a dtype, and the spec of a mask."""

    shape: Shape
    dtype: str
    mask: "Spec | None" = None

    def __init__(self, shape: Sequence[int | None], dtype: Any) -> None:
        self.shape = tuple(shape)
        self.dtype = standardize_dtype(dtype)

    def __repr__(self) -> str:
        return f"Spec(shape={self.shape}, dtype={self.dtype})"


def specs_in(structure: Any) -> list[Spec]:
    """Return the specs (symbols are specs) among the leaves of a nested structure."""
    return [leaf for leaf in leaves_of(structure) if isinstance(leaf, Spec)]


def has_spec(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Say whether any argument is, or holds, a symbol."""
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Spec):
            return True
        if type(value) in (list, tuple, dict) and specs_in(value):
            return True
    return False
