"""Pictures of models: boxes for layers, arrows for tensors, drawn by Graphviz."""

import importlib
import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from torchkeras import tree
from torchkeras._base.messages import missing_extra, one_of
from torchkeras._base.nested import leaves_of
from torchkeras._symbolic.program import Ref, Step
from torchkeras.models import Sequential

from .model_text import has_program, text_of

_DIRECTIONS = ("TB", "LR", "BT", "RL")


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Return a model as a graph of pydot.

    Args:
        model: A built model. One with a `call` of its own is a single box.
        show_shapes: Whether shapes are shown.
        show_dtype: Whether dtypes of outputs are shown.
        show_layer_names: Whether names are shown beside classes.
        rankdir: The direction: `"TB"` goes from top to bottom, `"LR"` from left to right.
        expand_nested: Whether models among the layers are shown from the inside.
        dpi: Dots per inch.
        subgraph: Whether a `pydot.Cluster` is returned, for a larger graph.
        show_layer_activations: Whether activations are shown.
        show_trainable: Whether it is shown if a layer is trained.
        splines: The form of the arrows: `"ortho"`, `"curved"`, `"polyline"`, `"spline"` or
            `"line"`.
        **kwargs: Nothing else.

    Raises:
        ValueError: If the model is not built.
        ImportError: If pydot is not installed.

    Example:
        >>> import torchkeras
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> graph = torchkeras.utils.model_to_dot(model)  # doctest: +SKIP
    """
    if kwargs:
        raise ValueError(f"`model_to_dot` does not take {', '.join(sorted(kwargs))}.")
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} is not built, so its layers have no shapes. Call `build()`, or "
            "the model on a batch of data."
        )
    shown = _Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
    )
    pydot = _pydot()
    if subgraph:
        graph = _cluster(pydot, model.name, model.name)
    else:
        graph = pydot.Dot()
        options = {"rankdir": one_of("rankdir", rankdir, _DIRECTIONS), "concentrate": True}
        for key, value in {**options, "dpi": dpi, "splines": splines}.items():
            graph.set(key, value)
        graph.set_node_defaults(shape="plain", fontname="Helvetica")
    drawing = _Drawing(pydot, shown, expand_nested)
    if has_program(model):
        drawing.draw(model, graph, "", None)
    else:
        drawing.box(graph, model.name, model, None, None)
    drawing.add_edges(graph)
    return graph


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model into a file, as PNG, SVG, PDF or whatever Graphviz writes.

    Args:
        model: A built model. One with a `call` of its own is a single box.
        to_file: The file, whose ending says what kind of picture it is; `.txt` is a line for each
            layer, which needs no Graphviz.
        show_shapes: Whether shapes are shown.
        show_dtype: Whether dtypes of outputs are shown.
        show_layer_names: Whether names are shown beside classes.
        rankdir: The direction: `"TB"` goes from top to bottom, `"LR"` from left to right.
        expand_nested: Whether models among the layers are shown from the inside.
        dpi: Dots per inch.
        show_layer_activations: Whether activations are shown.
        show_trainable: Whether it is shown if a layer is trained.
        splines: The form of the arrows: `"ortho"`, `"curved"`, `"polyline"`, `"spline"` or
            `"line"`.
        **kwargs: Nothing else.

    Returns:
        The picture in a notebook, `None` elsewhere.

    Raises:
        ValueError: If the model is not built.
        ImportError: If pydot or Graphviz is not installed.

    Example:
        >>> import torchkeras
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> torchkeras.utils.plot_model(model, "model.svg", show_shapes=True)  # doctest: +SKIP
    """
    path = os.fspath(to_file)
    if path.endswith(".txt") and model.built and not kwargs:
        lines = text_of(model, show_shapes, show_dtype, expand_nested)
        Path(path).write_text("\n".join(lines) + "\n", "utf-8")
        return None
    graph = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, False,
        show_layer_activations, show_trainable, splines, **kwargs,
    )  # fmt: skip
    if shutil.which("dot") is None:
        raise ImportError(
            "`plot_model` needs the program `dot` of Graphviz, which is not installed. Get it with "
            "your system's packages (`apt install graphviz`, `brew install graphviz`) or from "
            "https://graphviz.org/download. `model_to_dot` works without it."
        )
    ending = os.path.splitext(path)[1][1:] or "png"
    graph.write(path, format=ending)
    if "IPython" not in sys.modules or ending not in ("png", "jpg", "jpeg", "svg"):
        return None
    display = importlib.import_module("IPython.display")
    return (display.SVG if ending == "svg" else display.Image)(filename=path)


def _pydot() -> Any:
    try:
        return importlib.import_module("pydot")
    except ImportError as error:
        raise missing_extra("pydot", "plot", "A picture of a model") from error


@dataclass(frozen=True)
class _Shown:
    """What the boxes show."""

    shapes: bool
    dtype: bool
    names: bool
    activations: bool
    trainable: bool


@dataclass
class _Drawing:
    """The boxes and arrows so far."""

    pydot: Any
    shown: _Shown
    expands: bool
    boxes: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)

    def draw(self, model: Any, graph: Any, prefix: str, feeds: Any) -> list[Any]:
        """Draw a model, into which arrows from `feeds` go, and return where its outputs begin."""
        model._ensure_program()
        program = model._program
        sources: dict[Ref, Any] = {}
        order = [ref.step for ref in leaves_of(program.inputs)]
        for index, step in enumerate(program.steps):
            if step.is_input:
                feed = feeds[order.index(index)] if feeds and index in order else None
                sources[Ref(index, 0)] = self._entry(model, graph, prefix, step, feed)
                continue
            origins = [sources[ref] for ref in step.refs]
            ends = self._step(model, graph, prefix, index, origins)
            for leaf in range(len(tree.flatten(step.outputs))):
                sources[Ref(index, leaf)] = ends[leaf if len(ends) > 1 else 0]
        return [sources[ref] for ref in leaves_of(program.outputs)]

    def _entry(self, model: Any, graph: Any, prefix: str, step: Step, feed: Any) -> Any:
        """Draw an input, and return where arrows from it begin; a Sequential shows none."""
        if isinstance(model, Sequential):
            return feed
        name = f"{prefix}{step.name}"
        self.box(graph, name, model._layer_called(step.target), None, step.outputs)
        self._connect(feed, name)
        return name

    def _step(
        self, model: Any, graph: Any, prefix: str, index: int, origins: list[Any]
    ) -> list[Any]:
        program = model._program
        step = program.steps[index]
        target = model._layer_called(step.target) if step.is_layer else step.target
        name = f"{prefix}{step.name}"
        if self.expands and has_program(target):
            cluster = _cluster(self.pydot, name, target.name)
            is_new = name not in self.boxes
            self.boxes.add(name)
            ends = self.draw(target, cluster, f"{name}/", origins)
            if is_new:
                graph.add_subgraph(cluster)
            return ends
        given = [tree.flatten(program.steps[ref.step].outputs)[ref.leaf] for ref in step.refs]
        self.box(graph, name, target, given, step.outputs)
        for origin in origins:
            self._connect(origin, name)
        return [name]

    def _connect(self, origin: Any, name: str) -> None:
        if origin is not None:
            self.edges[origin, name] = None

    def add_edges(self, graph: Any) -> None:
        """Draw the arrows."""
        for origin, name in self.edges:
            graph.add_edge(self.pydot.Edge(_quoted(origin), _quoted(name), penwidth=2))

    def box(self, graph: Any, name: str, target: Any, given: Any, outputs: Any) -> None:
        """Draw a box, unless it is there already."""
        if name in self.boxes:
            return
        self.boxes.add(name)
        label = _label(target, name.rpartition("/")[2], given, outputs, self.shown)
        graph.add_node(self.pydot.Node(_quoted(name), label=label))


def _cluster(pydot: Any, name: str, label: str) -> Any:
    return pydot.Cluster(
        re.sub(r"\W", "_", name),
        label=_quoted(label),
        labeljust="l",
        style="dashed",
        fontname="Helvetica",
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _label(target: Any, name: str, given: Any, outputs: Any, shown: _Shown) -> str:
    """Return the table that stands in a box, in Graphviz's HTML."""
    kind = getattr(target, "__name__", None) or type(target).__name__
    is_layer = hasattr(target, "trainable")
    kind = type(target).__name__ if is_layer else kind
    title = f"<b>{escape(name)}</b> ({escape(kind)})" if shown.names else f"<b>{escape(kind)}</b>"
    rows = [_cells([(title, "black", "white")])]
    activation = getattr(target, "activation", None)
    if shown.activations and activation is not None:
        text = getattr(activation, "__name__", None) or type(activation).__name__
        rows.append(_cells([(f"Activation: <b>{escape(text)}</b>", "white", "black")]))
    cells = []
    if shown.shapes:
        if given is not None:
            cells.append((f"Input shape: <b>{_of(given, 'shape')}</b>", "white", "black"))
        cells.append((f"Output shape: <b>{_of(outputs, 'shape')}</b>", "white", "black"))
    if shown.dtype:
        cells.append((f"Output dtype: <b>{_of(outputs, 'dtype')}</b>", "white", "black"))
    if shown.trainable and is_layer and getattr(target, "weights", None):
        trained = bool(target.trainable)
        text = "<b>Trainable</b>" if trained else "<b>Non-trainable</b>"
        cells.append((text, "forestgreen" if trained else "firebrick", "white"))
    rows += [_cells(cells)] if cells else []
    spread = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    return f'<<table border="1" cellborder="0" cellspacing="0" cellpadding="0">{spread}</table>>'


def _cells(cells: list[tuple[str, str, str]]) -> str:
    """Return a row as a table of its own, so that rows may have different columns."""
    shown = "".join(
        f'<td bgcolor="{back}"><font color="{front}">{text}</font></td>'
        for text, back, front in cells
    )
    style = 'border="0" cellborder="1" cellspacing="0" cellpadding="8"'
    return f"<table {style}><tr>{shown}</tr></table>"


def _of(specs: Any, attribute: str) -> str:
    """Return a shape or dtype, or several, as text."""
    found = [getattr(spec, attribute, "?") for spec in tree.flatten(specs)] if specs else ["?"]
    return escape(", ".join(str(item) for item in found))
