"""Models and functions as `torch.export` programs, which run where only torch is."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import did_you_mean

from .signature import Signature

_GIVEN_BY_US = ("mod", "args", "kwargs")


def write(program: ExportedProgram, filepath: str) -> None:
    """Write one program to a `.pt2` file, which is replaced in one step."""
    with replacing(filepath) as temporary, open(temporary, "wb") as file, quiet():
        torch.export.save(program, file)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep torch from doubting weights in channels_last, whose storage it writes whole."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No complete tensor found", UserWarning)
        yield


def program_of(model: Any, signature: Signature, name: str, **options: Any) -> ExportedProgram:
    """Trace a module in inference mode; unknown sizes stay free, and inputs keep their names.

    Args:
        model: A module.
        signature: What it is called on.
        name: What errors call it.
        **options: Passed to `torch.export.export`.

    Raises:
        ValueError: If there is no such option.
        RuntimeError: If the module cannot be traced.
    """
    options = {"strict": False, **_known(options)}
    given = options.get("dynamic_shapes")
    shapes = signature.free_sizes() if given is None else _wrapped(given, signature)
    options["dynamic_shapes"] = _bound(shapes, model)
    device = next(model.parameters(), torch.empty(0)).device
    with _inferring(model):
        program = _traced(model, signature, device, name, options)
    return _named(program, signature)


def _traced(
    model: Any, signature: Signature, device: torch.device, name: str, options: dict[str, Any]
) -> ExportedProgram:
    """Trace with small unknown sides first; nets with many strides only take larger ones."""
    first: Exception | None = None
    for side in signature.sides:
        try:
            return torch.export.export(model, signature.examples(side, device), **options)
        except Exception as error:  # noqa: BLE001 - torch raises whatever the model raises
            first = first or error
    raise RuntimeError(
        f"{name} cannot be traced as one program. What it does must not depend on the numbers in "
        "its inputs, and sizes that are unknown must be free: fixed ones go into "
        f"`input_signature`, bounds into `dynamic_shapes`. torch says: {first}"
    ) from first


@contextmanager
def _inferring(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _known(options: dict[str, Any]) -> dict[str, Any]:
    known = [n for n in inspect.signature(torch.export.export).parameters if n not in _GIVEN_BY_US]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(
            f"`torch.export.export` takes {', '.join(known)}. Received: {', '.join(unknown)}."
            f"{did_you_mean(unknown[0], known)}"
        )
    return options


def _wrapped(shapes: Any, signature: Signature) -> Any:
    """Return `dynamic_shapes` for the arguments, where the user gave those of the inputs alone."""
    arguments = signature.arguments
    if len(arguments) != 1:
        return shapes
    while _is_one(shapes) and not _is_one(arguments[0]):
        shapes = shapes[0]  # Keras wants one or two lists around them
    return (shapes,)


def _bound(shapes: Any, model: nn.Module) -> Any:
    """Return the shapes by parameter of `forward`, where one may take several arguments."""
    if not isinstance(shapes, (list, tuple)):
        return shapes
    return tuple(inspect.signature(model.forward).bind(*shapes).arguments.values())


def _is_one(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 1


def _named(program: ExportedProgram, signature: Signature) -> ExportedProgram:
    """Give the inputs of a program the names of the signature, instead of those of arguments."""
    specs = [s for s in program.graph_signature.input_specs if s.kind.name == "USER_INPUT"]
    leaves = pytree.tree_leaves(signature.arguments)
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    for spec, leaf in zip(specs, leaves, strict=True):
        node = nodes[spec.arg.name]
        if node.name != leaf.name:
            node._rename(leaf.name)
        node.target = node.name
        spec.arg.name = node.name
    program.graph_module.recompile()
    return program
