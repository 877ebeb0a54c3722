"""What goes into a program: structures of shapes and dtypes, with a name for every tensor."""

import re
from dataclasses import dataclass
from typing import Any

import torch

from torchkeras import tree
from torchkeras._base.dtypes import standardize_dtype, to_torch
from torchkeras._base.messages import show
from torchkeras._base.naming import free_name
from torchkeras._symbolic.spec import Shape, Spec
from torchkeras.layers.base.shapes import map_shapes

# Unknown sides: small, but not so small that strides leave a single pixel, which would be taken for
# the rule; then what deep image nets need; last what nets for short sequences take.
_BATCH, _SIDES = 2, (23, 75, 299, 7)


@dataclass(frozen=True)
class Declared:
    """One tensor that goes into a program; unknown sizes are `None`."""

    shape: Shape
    dtype: str
    name: str

    def example(self, side: int, device: torch.device) -> torch.Tensor:
        """Return a tensor of this kind, with a size for the unknown sides."""
        sizes = [
            size if size is not None else side if axis else _BATCH
            for axis, size in enumerate(self.shape)
        ]
        return torch.ones(sizes, dtype=to_torch(self.dtype), device=device)

    def free_sizes(self) -> dict[int, Any]:
        """Say to `torch.export` which sizes are unknown."""
        return {axis: torch.export.Dim.DYNAMIC for axis, n in enumerate(self.shape) if n is None}


@dataclass(frozen=True)
class Signature:
    """The positional arguments of a call, as structures of `Declared`."""

    arguments: tuple[Any, ...]

    @property
    def leaves(self) -> list[Declared]:
        """All tensors, in order."""
        return tree.flatten(self.arguments)

    @property
    def sides(self) -> tuple[int, ...]:
        """The sizes to try for unknown sides."""
        unknown = any(size is None for leaf in self.leaves for size in leaf.shape[1:])
        return _SIDES if unknown else _SIDES[:1]

    def examples(self, side: int, device: torch.device) -> tuple[Any, ...]:
        """Return tensors to run the call with."""
        made: tuple[Any, ...] = tree.map_structure(
            lambda d: d.example(side, device), self.arguments
        )
        return made

    def free_sizes(self) -> tuple[Any, ...]:
        """Say to `torch.export` which sizes are unknown."""
        free: tuple[Any, ...] = tree.map_structure(Declared.free_sizes, self.arguments)
        return free


def signature_of(model: Any, given: Any = None) -> Signature:
    """Return what a model is called on.

    Args:
        model: A model.
        given: A list with a structure of symbols, `InputSpec`s or tensors for each argument;
            `None` where the model knows its inputs: it was made from symbols, or was called.

    Raises:
        ValueError: If the model does not know its inputs, or a shape or dtype is missing.
    """
    names = list(getattr(model, "input_names", None) or [])
    if given is not None:
        arguments = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if names and len(arguments) > 1:  # one argument, a list of inputs
            arguments = (list(arguments),)
    elif names:
        arguments = (model.input,)
    else:
        arguments, names = _recorded(model)
    return declared(arguments, names)


def declared(arguments: tuple[Any, ...], names: list[str] | None = None) -> Signature:
    """Return the signature of a call.

    Args:
        arguments: A structure of symbols, `InputSpec`s or tensors for each argument.
        names: The names of the tensors; by default those that they have.

    Raises:
        ValueError: If a shape or dtype is missing.
    """
    leaves = tree.flatten(arguments)
    if names is None or len(names) != len(leaves):
        names = [getattr(leaf, "name", None) or f"input_{i}" for i, leaf in enumerate(leaves)]
    found: list[Declared] = []
    for leaf, name in zip(leaves, names, strict=True):
        taken = {each.name for each in found}
        found.append(_declared(leaf, free_name(_identifier(name), taken)))
    return Signature(tree.pack_sequence_as(arguments, found))


def _declared(leaf: Any, name: str) -> Declared:
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    if shape is None or dtype is None:
        raise ValueError(
            "Every input in `input_signature` needs a shape and a dtype, such as "
            f"`InputSpec(shape=(None, 3), dtype='float32')`. Received: {show(leaf)}."
        )
    if dtype == "string":
        raise ValueError(
            f"Input {name!r} holds texts, and a program takes numbers alone. Export the model "
            "behind the layers that take texts, and call those where the program is used: "
            "`Model(inner_inputs, outputs).export(...)`."
        )
    sizes = tuple(shape)
    if isinstance(leaf, torch.Tensor):
        sizes = (None, *sizes[1:]) if sizes else ()
    return Declared(sizes, standardize_dtype(dtype), name)


def _identifier(name: str) -> str:
    found = re.sub(r"\W", "_", name)
    return found if found.isidentifier() else f"input_{found}"


def _recorded(model: Any) -> tuple[tuple[Any, ...], list[str]]:
    """Return what a subclassed model was first called on, with a batch of any size."""
    config = model.get_build_config() or {}
    several = config.get("shapes_dict")
    shapes = several or {"inputs_shape": config.get("input_shape")}
    if None in shapes.values():
        raise ValueError(
            f"Model {model.name!r} does not know the shapes of its inputs. Call it on some data "
            "first, or pass `input_signature=[InputSpec(shape=(None, ...), dtype='float32')]`."
        )

    def symbol(shape: Shape) -> Spec:
        return Spec((None, *shape[1:]), model.input_dtype)

    structures = tuple(map_shapes(symbol, shape) for shape in shapes.values())
    single = all(isinstance(structure, Spec) for structure in structures)
    return structures, [name.removesuffix("_shape") for name in shapes] if single else []
