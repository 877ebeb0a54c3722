"""Models as plain text: a line for each layer, with what goes in and what comes out."""

from collections.abc import Iterator
from typing import Any

from torchkeras import tree
from torchkeras.models import Sequential
from torchkeras.models.programmed import Programmed


def has_program(thing: Any) -> bool:
    """Say whether something is a model whose layers are known."""
    if isinstance(thing, Sequential):
        return bool(thing.built)
    return isinstance(thing, Programmed) and thing._program is not None


def text_of(model: Any, shapes: bool, dtype: bool, expand: bool, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a model: name, class, inputs, shapes and dtypes.

    Args:
        model: A built model.
        shapes: Whether shapes are shown.
        dtype: Whether dtypes are shown.
        expand: Whether models among the layers are shown from the inside.
        depth: How far the lines are indented.
    """
    if not has_program(model):
        yield f"{'  ' * depth}{model.name} ({type(model).__name__})"
        return
    model._ensure_program()
    program = model._program
    for step in program.steps:
        target = step.target
        if step.is_layer or step.is_input:
            target = model._layer_called(step.target)
        kind = getattr(target, "__name__", None) or type(target).__name__
        kind = type(target).__name__ if hasattr(target, "trainable") else kind
        origins = ", ".join(program.steps[ref.step].name for ref in step.refs)
        line = f"{'  ' * depth}{step.name} ({kind})" + (f" <- {origins}" if origins else "")
        outputs = tree.flatten(step.outputs)
        for wanted, attribute in ((shapes, "shape"), (dtype, "dtype")):
            if wanted:
                line += " : " + ", ".join(str(getattr(x, attribute, "?")) for x in outputs)
        yield line
        if expand and has_program(target):
            yield from text_of(target, shapes, dtype, expand, depth + 1)
