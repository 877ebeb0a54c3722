"""The table that `model.summary()` prints."""

import itertools
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torchkeras._base.dtypes import to_torch
from torchkeras._base.rng import kept_rng
from torchkeras._symbolic.program import Program, Step
from torchkeras._symbolic.spec import Spec, specs_in
from torchkeras.saving.saveables import class_name

from .functional_config import CLASS_BY_OPERATOR

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_NUMBER, _UNKNOWN, _CLASS, _YES, _NO = (
    "color(34)",
    "color(45)",
    "color(33)",
    "color(34)",
    "color(9)",
)
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


@dataclass
class Entry:
    """One row of the table.

    Attributes:
        name: The name of the layer or of the step.
        kind: The name of its class or function.
        layer: The layer, or `None` for a function.
        outputs: A structure of specs, or `None` if unknown.
        sources: Where its inputs come from: names, and numbers of calls and of outputs.
    """

    name: str
    kind: str
    layer: Any
    outputs: Any
    sources: list[tuple[str, int, int]] = field(default_factory=list)


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[..., Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print a table of a model's layers; `Model.summary` describes the arguments."""
    with kept_rng():  # rich numbers its styles at random when it is imported
        from rich.console import Console

    program = getattr(model, "program", None)
    connected = program is not None and not _is_chain(program)
    width, columns = _widths(line_length, positions, connected, show_trainable)
    table = _table(width, columns, connected, show_trainable)
    entries = _entries(model)
    first, last = _bounds(entries, layer_range)
    for entry in entries[first:last]:
        for row in _expanded(entry, 0, expand_nested):
            table.add_row(*_cells(*row, connected, show_trainable))
    if print_fn is None:
        _print(Console(highlight=False), width, model, table)
        return
    console = Console(highlight=False, force_terminal=False, color_system=None)
    with console.capture() as captured:
        _print(console, width, model, table)
    print_fn(captured.get())


def _print(console: "Console", width: int, model: Any, table: "Table") -> None:
    # Where there is no terminal, rich takes 80 columns for granted and would cut the table.
    console.width = max(console.width, width)
    console.print(_text((f'Model: "{model.name}"', "bold")))
    console.print(table)
    for line in _totals(model):
        console.print(line)


# Rows


def _entries(model: Any) -> list[Entry]:
    """Return the rows of a model: its layers and, in a functional one, the functions between."""
    program: Program | None = getattr(model, "program", None)
    layers = list(model.layers)
    if program is None:
        return [Entry(x.name, class_name(x), x, _outputs_of(x)) for x in layers]
    layer_by_name = {layer.name: layer for layer in layers}
    calls: dict[str, list[int]] = {}
    for index, step in enumerate(program.steps):
        if not step.is_layer or step.name in layer_by_name:
            calls.setdefault(step.name, []).append(index)
    return [
        _entry(program, layer_by_name.get(name), calls, indices) for name, indices in calls.items()
    ]


def _entry(program: Program, layer: Any, calls: dict[str, list[int]], indices: list[int]) -> Entry:
    steps = [program.steps[index] for index in indices]
    kind = _kind(steps[0].target) if layer is None else class_name(layer)
    sources = [source for step in steps for source in _sources(program, step, calls)]
    return Entry(steps[-1].name, kind, layer, specs_in(steps[-1].outputs), sources)


def _kind(function: Any) -> str:
    """Return the name that Keras gives to an operation, or a torch function's own."""
    known = CLASS_BY_OPERATOR.get(function)
    if known is not None:
        return known
    name = str(function.__name__)
    own = str(function.__module__).startswith(__name__.partition(".")[0])
    return "".join(part.capitalize() for part in name.split("_")) if own else name


def _sources(
    program: Program, step: Step, calls: dict[str, list[int]]
) -> Iterator[tuple[str, int, int]]:
    for ref in step.refs:
        name = program.steps[ref.step].name
        known = calls.get(name, [ref.step])
        yield name, known.index(ref.step), ref.leaf


def _is_chain(program: Program) -> bool:
    """Say whether each step takes just what the step before it gives, and no layer comes twice."""
    names = [step.name for step in program.steps]
    links = [[ref.step for ref in step.refs] for step in program.steps]
    return len(set(names)) == len(names) and links == [[], *([i] for i in range(len(links) - 1))]


def _outputs_of(layer: Any) -> Any:
    """Return the specs of a layer's outputs as far as its last symbolic call or its build tells."""
    nodes = getattr(layer, "_nodes", ())
    if nodes:
        return specs_in(nodes[-1].outputs)
    shapes = layer.get_build_config() if hasattr(layer, "get_build_config") else None
    if not shapes or not layer.built:
        return specs_in(layer.outputs) if getattr(layer, "program", None) is not None else None
    try:
        named = shapes.get("shapes_dict")
        found = (
            layer.compute_output_shape(**named)
            if named
            else layer.compute_output_shape(shapes["input_shape"])
        )
        return _as_specs(found, layer)
    except NotImplementedError:
        return None


def _as_specs(shapes: Any, layer: Any) -> Any:
    if isinstance(shapes, dict):
        return {key: _as_specs(shape, layer) for key, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return Spec(shapes, layer.compute_dtype)
    return [_as_specs(shape, layer) for shape in shapes]


def _expanded(entry: Entry, level: int, expand: bool) -> Iterator[tuple[Entry, int]]:
    """Yield a row and, if asked for, those of the layers inside, each with its depth."""
    yield entry, level
    if expand and getattr(entry.layer, "layers", None):
        for inner in _entries(entry.layer):
            if inner.layer is not None:
                inner.sources.clear()
                yield from _expanded(inner, level + 1, expand)


def _bounds(entries: list[Entry], layer_range: Sequence[str] | None) -> tuple[int, int]:
    if layer_range is None:
        return 0, len(entries)
    if len(layer_range) != 2 or not all(isinstance(name, str) for name in layer_range):
        raise ValueError(
            "`layer_range` must hold two strings: the names (or patterns) of the first and the "
            f"last layer. Received: layer_range={layer_range!r}."
        )
    matches = [
        [index for index, entry in enumerate(entries) if re.match(pattern, entry.name)]
        for pattern in layer_range
    ]
    if not all(matches):
        raise ValueError(
            f"`layer_range` must match names among {[entry.name for entry in entries]}. "
            f"Received: layer_range={layer_range!r}."
        )
    first, last = matches
    if min(first) > max(last):
        first, last = last, first
    return min(first), max(last) + 1


# Cells


def _table(width: int, widths: list[int], connected: bool, show_trainable: bool) -> "Table":
    from rich.table import Column, Table

    columns: list[tuple[str, Any]] = [
        ("Layer (type)", "left"),
        ("Output Shape", "left"),
        ("Param #", "right"),
    ]
    if connected:
        columns.append(("Connected to", "left"))
    if show_trainable:
        columns.append(("Trainable", "center"))
    made = [
        Column(header, justify=justify, width=column_width)
        for (header, justify), column_width in zip(columns, widths, strict=False)
    ]
    return Table(*made, width=width, show_lines=True)


def _widths(
    line_length: int | None, positions: Sequence[float] | None, connected: bool, trainable: bool
) -> tuple[int, list[int]]:
    """Return the width of the table and of its columns."""
    default = 108 if connected else 88
    ends = list(positions or ([0.3, 0.56, 0.74, 1.0] if connected else [0.45, 0.8, 1.0]))
    if trainable:
        default += 12
        ends = [end * 0.9 for end in ends] + [1.0]
    width = line_length or min(default, shutil.get_terminal_size().columns - 4)
    stops = [0, *(int(end * width) for end in ends)]
    widths = [end - start for start, end in itertools.pairwise(stops)]
    if min(widths) < 4:
        raise ValueError(
            f"`line_length` leaves less than 4 characters for a column. Received: line_length="
            f"{line_length}, positions={positions}. Insufficient console width to print summary."
        )
    return width, widths


def _cells(entry: Entry, level: int, connected: bool, show_trainable: bool) -> list["Text"]:
    prefix = f"{'   ' * level}└ " if level else ""
    name = _text(f"{prefix}{entry.name} (", (entry.kind, _CLASS), ")")
    cells = [name, _shape_cell(entry.outputs), _count_cell(entry.layer)]
    if connected:
        cells.append(_sources_cell(entry.sources))
    if show_trainable:
        cells.append(_trainable_cell(entry.layer))
    return cells


def _shape_cell(outputs: Any) -> "Text":
    found = specs_in(outputs)
    if not found:
        return _text("?")
    return _text(*_pieces(found[0] if len(found) == 1 else outputs))


def _pieces(outputs: Any) -> list[Any]:
    """Return the pieces of text that show a structure of shapes."""
    if isinstance(outputs, Spec):
        sizes = [[(str(n), _UNKNOWN if n is None else _NUMBER)] for n in outputs.shape]
        return ["(", *_joined(sizes), ")"]
    if isinstance(outputs, dict):
        items = [[f"{key}: ", *_pieces(value)] for key, value in outputs.items()]
        return ["{", *_joined(items), "}"]
    if isinstance(outputs, (list, tuple)):
        left, right = "()" if isinstance(outputs, tuple) else "[]"
        return [left, *_joined([_pieces(value) for value in outputs]), right]
    return [str(outputs)]


def _joined(groups: Sequence[list[Any]]) -> list[Any]:
    return [piece for group in groups for piece in (", ", *group)][1:]


def _count_cell(layer: Any) -> "Text":
    if not hasattr(layer, "built"):
        return _text(("0", _NUMBER))
    if not layer.built:
        return _text(("0", _NUMBER), " (unbuilt)")
    return _text((f"{layer.count_params():,}", _NUMBER))


def _sources_cell(sources: list[tuple[str, int, int]]) -> "Text":
    groups: list[list[Any]] = [
        [name, "[", (str(call), _NUMBER), "][", (str(leaf), _NUMBER), "]"]
        for name, call, leaf in sources
    ]
    return _text(*_joined(groups)) if groups else _text("-")


def _trainable_cell(layer: Any) -> "Text":
    if not getattr(layer, "weights", None):
        return _text(("-", "bold"))
    return _text(("Y", _YES) if layer.trainable else ("N", _NO))


def _text(*pieces: Any) -> "Text":
    from rich.text import Text

    return Text.assemble(*pieces)


# Totals


def _totals(model: Any) -> list["Text"]:
    trained, fixed = model.trainable_weights, model.non_trainable_weights
    optimizer: Any = getattr(model, "optimizer", None)
    built = bool(getattr(model, "compiled", False) and optimizer and optimizer.built)
    extra = list(optimizer.variables) if built else []
    lines = [
        _total("Total", [*trained, *fixed], extra),
        _total("Trainable", trained),
        _total("Non-trainable", fixed),
    ]
    return [*lines, _total("Optimizer", extra)] if built else lines


def _total(what: str, variables: Sequence[Any], more: Sequence[Any] = ()) -> "Text":
    both = [*variables, *more]
    count = sum(math.prod(variable.shape) for variable in both)
    size = _readable(sum(_bits(variable) for variable in both) / 8)
    return _text((f" {what} params: ", "bold"), (f"{count:,}", _NUMBER), f" ({size})")


def _bits(variable: Any) -> int:
    dtype = to_torch(variable.dtype)
    return math.prod(variable.shape) * (1 if str(variable.dtype) == "bool" else dtype.itemsize * 8)


def _readable(size: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} {_UNITS[-1]}"
