"""`compare`: where the outputs of two models begin to differ, layer by layer."""

import copy
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor, nn

from torchkeras import saving
from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer

from .aligning import align, as_like
from .recording import Output, is_keras, record

_WHOLE = (".keras", ".h5", ".hdf5", ".safetensors", ".safetensors.index.json")
_HEAD = ("model", "other", "shape", "difference", "largest", "")


@dataclass(frozen=True)
class ComparedLayer:
    """The outputs of one layer, beside those of its partner.

    Args:
        name: The layer.
        other: The layer of the other model, or `None` if none was found.
        shape: The shape of its outputs.
        difference: The largest difference of two numbers; `None` without a partner.
        largest: The largest of its numbers.
        same: Whether the difference is within the tolerance.
    """

    name: str
    other: str | None
    shape: tuple[int, ...]
    difference: float | None
    largest: float
    same: bool


@dataclass
class Comparison:
    """Layer by layer, how far the outputs of two models are apart; it prints as a table.

    Args:
        layers: The layers in the order in which they ran, the outputs of the whole last.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.Comparison().same
        True
    """

    layers: list[ComparedLayer] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether the outputs of the whole agree."""
        return all(row.same for row in self.layers if row.name.startswith("(outputs"))

    @property
    def first(self) -> ComparedLayer | None:
        """The first layer whose outputs differ."""
        return next((r for r in self.layers if not r.same and r.difference is not None), None)

    def __repr__(self) -> str:
        first = self.first
        title = "The models agree" if self.same else "The models differ"
        title += f"; first at {first.name!r}" if first else ""
        lines = [_HEAD, *(_cells(row, row is first) for row in self.layers)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([title, *table])


def _cells(row: ComparedLayer, is_first: bool) -> tuple[str, ...]:
    distance = "-" if row.difference is None else f"{row.difference:.2g}"
    mark = "not compared" if row.difference is None else "" if row.same else "differs"
    mark = f"{mark} <- first" if is_first else mark
    return row.name, row.other or "-", str(row.shape), distance, f"{row.largest:.2g}", mark


def compare(
    model: Any,
    other: Any,
    x: Any,
    other_x: Any = None,
    atol: float = 1e-5,
    rtol: float = 1e-4,
) -> Comparison:
    """Show layer by layer where the outputs of two models first differ, in inference.

    Layers are paired by name, or in their order; those of plain torch by order, shape and
    closeness, wherever their channels are. Between a `Flatten` and the next layer that mixes
    features nothing is compared with plain torch, which has another order there.

    Args:
        model: A model of torchkeras.
        other: Another one, a plain torch module, a model of Keras, or a file: a whole model, or
            weights for this model.
        x: A batch for the model.
        other_x: The same batch for the other model. If not given it is `x`, with channels moved
            first for a torch module whose convolutions want them there.
        atol: How far numbers may be apart.
        rtol: How far they may be apart besides, in parts of the layer's largest number.

    Returns:
        A comparison that prints as a table.

    Raises:
        TypeError: If one of the two is no model.
        ValueError: If a file is not read.

    Example:
        >>> import numpy as np, torch, torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3, "relu")])
        >>> twin = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
        >>> report = torchkeras.saving.load_torch_weights(model, twin)
        >>> torchkeras.utils.compare(model, twin, np.ones((2, 4))).same
        True
    """
    if not isinstance(model, Layer):
        raise TypeError(
            "`model` must be a model of torchkeras. Received: "
            f"model={show(model)} (of type {type(model).__name__})."
        )
    other = _opened(model, other)
    plain = isinstance(other, nn.Module) and not isinstance(other, Layer) and not is_keras(other)
    if other_x is None:
        other_x = _for_torch(other, x) if plain else x
    ours, theirs = record(model, x), record(other, other_x)
    pairs = align(ours, theirs) if plain else _paired(ours, theirs)
    rows = [_row(mine, their, atol, rtol, plain) for mine, their in pairs]
    return Comparison(rows)


def _opened(model: Any, other: Any) -> Any:
    if isinstance(other, (str, os.PathLike)):
        return _from_file(model, os.fspath(other))
    if not isinstance(other, nn.Module) and not is_keras(other):
        raise TypeError(
            "`other` must be a model of torchkeras or Keras, a torch module, or a file. Received: "
            f"other={show(other)} (of type {type(other).__name__})."
        )
    return other


def _from_file(model: Any, name: str) -> Any:
    """Return the model in a file, or a copy of the model with the weights in it."""
    if name.endswith(_WHOLE) and not name.endswith(".weights.h5"):
        try:
            return saving.load_model(name, compile=False)
        except ValueError as error:
            if "weights alone" not in str(error) and "no whole model" not in str(error):
                raise
    clone = copy.deepcopy(model)
    saving.load_weights(clone, name)
    return clone


def _for_torch(module: nn.Module, x: Any) -> Any:
    """Return inputs with the channels where the first convolution wants them."""
    conv = next((m for m in module.modules() if isinstance(m, nn.modules.conv._ConvNd)), None)
    shape = tuple(getattr(x, "shape", ()))
    if conv is None or len(shape) != conv.weight.ndim or shape[1] == conv.in_channels:
        return x
    return x.movedim(-1, 1) if isinstance(x, Tensor) else np.moveaxis(np.asarray(x), -1, 1)


def _paired(ours: list[Output], theirs: list[Output]) -> list[tuple[Output, Output | None]]:
    """Pair layers by name and, for a layer that runs more than once, by how often it ran."""
    by_name = dict(zip(_keys(theirs), theirs, strict=True))
    found = [by_name.get(key) for key in _keys(ours)]
    if None in found and len(ours) == len(theirs):
        found = list(theirs)
    return list(zip(ours, found, strict=True))


def _keys(outputs: list[Output]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    keys = []
    for output in outputs:
        keys.append((output.name, counts[output.name]))
        counts[output.name] += 1
    return keys


def _row(
    mine: Output, their: Output | None, atol: float, rtol: float, plain: bool
) -> ComparedLayer:
    largest = float(np.abs(mine.value).max(initial=0))
    if their is None:
        return ComparedLayer(mine.name, None, mine.value.shape, None, largest, False)
    value = as_like(their.value, mine.value.shape) if plain else their.value
    if value is None or value.shape != mine.value.shape:
        return ComparedLayer(mine.name, their.name, mine.value.shape, float("inf"), largest, False)
    apart = np.abs(mine.value.astype("float64") - value.astype("float64"))
    distance = float(apart.max(initial=0))
    same = distance <= atol + rtol * largest
    return ComparedLayer(mine.name, their.name, mine.value.shape, distance, largest, same)
