"""The tensors of a model, grouped by the module that holds them, in words that all sides share.

Torch packs into one module what Keras keeps in several layers (stacked LSTMs) or in several
variables (the projections of attention). A piece is a tensor of a `state_dict`, or rows of one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from torchkeras._state.collect import weights
from torchkeras.layers.layer import Layer

_STACKED = re.compile(r"((?:weight|bias)_[ih]h)_l(\d+)(_reverse)?")
_PROJECTIONS = ("query_dense", "key_dense", "value_dense")
_UNUSED = ("num_batches_tracked", "seed_generator_state", "_text", "_extra_state")
FOLDED = "bias_hh"  # Keras keeps the sum of torch's two biases, except in GRUs


@dataclass(frozen=True)
class Piece:
    """A tensor, or rows of one.

    Args:
        key: Its name in the `state_dict`.
        tensor: The tensor itself.
        rows: Which rows; all of them if not given.
    """

    key: str
    tensor: Tensor
    rows: slice | None = None

    @property
    def value(self) -> Tensor:
        """The rows, in the memory of the tensor."""
        return self.tensor if self.rows is None else self.tensor[self.rows]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rows."""
        return tuple(self.value.shape)

    @property
    def label(self) -> str:
        """Name and rows, for a report."""
        part = "" if self.rows is None else f"[{self.rows.start}:{self.rows.stop}]"
        return f"{self.key}{part}"


@dataclass
class Unit:
    """The pieces of one module, by role.

    Args:
        name: The path of the module, or of the layer that it computes for.
        pieces: The pieces by role (`weight`, `bias` and so on).
    """

    name: str
    pieces: dict[str, Piece] = field(default_factory=dict)

    @property
    def signature(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Roles and shapes; two units can only belong together if theirs are equal."""
        return tuple(
            sorted((role, piece.shape) for role, piece in self.pieces.items() if role != FOLDED)
        )

    @property
    def plain_name(self) -> str:
        """The name, with one sign between its parts."""
        return re.sub(r"[./]", "_", self.name).lower()


def units_of(module: nn.Module, as_target: bool) -> list[Unit]:
    """Return the units of a model.

    Args:
        module: A model of torchkeras or any torch module.
        as_target: Whether they are to be filled: then only what its variables show counts.
    """
    state = dict(module.state_dict())
    if isinstance(module, Layer) and as_target:
        shown = _shown(module)
        state = {key: tensor for key, tensor in state.items() if key in shown}
    return units_in(state, layer_paths(module))


def units_in(state: Mapping[str, Tensor], layer_paths: Mapping[str, str]) -> list[Unit]:
    """Return the units of a `state_dict`.

    Args:
        state: Tensors by name.
        layer_paths: For modules inside of layers, the paths of the layers.
    """
    found: dict[str, Unit] = {}
    for key, tensor in state.items():
        prefix, _, role = key.rpartition(".")
        if role in _UNUSED or not isinstance(tensor, Tensor):
            continue
        for name, part, piece in _pieces(layer_paths.get(prefix, prefix), role, key, tensor):
            name = _shared_name(name)
            found.setdefault(name, Unit(name)).pieces[part] = piece
    return list(found.values())


def _pieces(place: str, role: str, key: str, tensor: Tensor) -> Iterator[tuple[str, str, Piece]]:
    """Yield units' names, roles and pieces for one tensor."""
    stacked = _STACKED.fullmatch(role)
    if stacked:
        part, number, reverse = stacked.groups()
        level = "" if number == "0" else f".l{number}"
        yield f"{place}{level}{'.reverse' if reverse else ''}", part, Piece(key, tensor)
    elif role in ("in_proj_weight", "in_proj_bias"):
        size = len(tensor) // 3
        for index, name in enumerate(_PROJECTIONS):
            rows = slice(index * size, (index + 1) * size)
            yield f"{place}.{name}", role.removeprefix("in_proj_"), Piece(key, tensor, rows)
    elif role in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
        name = _PROJECTIONS["qkv".index(role[0])]
        yield f"{place}.{name}", "weight", Piece(key, tensor)
    elif place.rpartition(".")[2] == "out_proj":
        yield f"{place.removesuffix('out_proj')}output_dense", role, Piece(key, tensor)
    elif role == "alpha":  # of PReLU, which torch calls weight
        yield place, "weight", Piece(key, tensor.reshape(-1) if tensor.ndim > 1 else tensor)
    else:
        yield place, role, Piece(key, tensor)


def _shared_name(name: str) -> str:
    """Return a name without what only torchkeras puts into it."""
    name = name.replace(".forward_layer", "").replace(".backward_layer.cell", ".reverse")
    return name.replace(".backward_layer", ".reverse").removesuffix(".cell").removeprefix(".")


def _shown(module: Layer) -> set[str]:
    """Return the names in the `state_dict` of what the model's variables show."""
    paths = {id(each): path for path, each in module.named_modules(remove_duplicate=True)}
    parts = [part for variable in weights(module) for part in variable.parts]
    return {f"{paths[id(m)]}.{key}".removeprefix(".") for m, key in parts if id(m) in paths}


def layer_paths(module: nn.Module) -> dict[str, str]:
    """Return the paths of layers by those of the torch modules that compute for them.

    Args:
        module: A model.
    """
    found = {}
    for path, each in module.named_modules(remove_duplicate=False):
        if isinstance(each, Layer):
            stock = [(p, m) for p, m in each.named_modules() if p and not isinstance(m, Layer)]
            owned = {id(owner) for variable in each.own_variables() for owner, _ in variable.parts}
            inner = [p for p, m in stock if id(m) in owned]
            if len(inner) == 1:
                found[f"{path}.{inner[0]}".removeprefix(".")] = path
    return found
