"""Programs as ONNX files, which run in onnxruntime and most other runtimes."""

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import TensorArgument

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import missing_extra
from torchkeras._base.naming import free_name

from .onnx_forms import in_onnx_forms

_PACKAGES = ("onnx", "onnxscript")


def write(
    program: ExportedProgram,
    filepath: str,
    output_names: Sequence[str] = (),
    opset_version: int | None = None,
    **options: Any,
) -> None:
    """Write a program to an `.onnx` file, which is replaced in one step.

    Weights of more than 2 GB lie beside it, in a file that ends in `.onnx.data`.

    Args:
        program: The program; its inputs keep their names.
        filepath: The file.
        output_names: The names of the outputs.
        opset_version: The version of ONNX's operators; torch's choice by default.
        **options: Passed to `torch.onnx.export`.

    Raises:
        ImportError: If `onnx` or `onnxscript` is not installed.
        RuntimeError: If ONNX has no form of an operation.
    """
    made = converted(program, output_names, opset_version, **options)
    target = Path(filepath)
    with replacing(target) as temporary, tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made.save(str(Path(folder, target.name)))
        for part in Path(folder).iterdir():
            if part.name != target.name:  # the weights, where they are large
                with replacing(target.with_name(part.name)) as beside:
                    os.replace(part, beside)
        os.replace(Path(folder, target.name), temporary)


def converted(
    program: ExportedProgram,
    output_names: Sequence[str] = (),
    opset_version: int | None = None,
    **options: Any,
) -> Any:
    """Return a program as torch's `ONNXProgram`.

    Args:
        program: The program.
        output_names: The names of the outputs.
        opset_version: The version of ONNX's operators.
        **options: Passed to `torch.onnx.export`.

    Raises:
        ImportError: If `onnx` or `onnxscript` is not installed.
        RuntimeError: If ONNX has no form of an operation.
    """
    require()
    inputs = _tensors(program.graph_signature.input_specs)
    count = len(_tensors(program.graph_signature.output_specs))
    given = {
        "input_names": inputs,
        "output_names": _free(output_names or [f"output_{i}" for i in range(count)], inputs),
        "dynamic_shapes": _axis_names(program, inputs),
        "opset_version": opset_version,
        "verbose": False,
        **options,
    }
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch says to itself
            return torch.onnx.export(in_onnx_forms(program), dynamo=True, **given)
    except torch.onnx.OnnxExporterError as error:
        raise RuntimeError(
            "The model cannot be written as ONNX, which has no form of one of its operations. "
            f'`format="torch"` takes it. torch says: {_reason(error)}'
        ) from error


def require() -> None:
    """Raise if a package that writes ONNX is not installed."""
    for package in _PACKAGES:
        try:
            __import__(package)
        except ImportError as error:
            raise missing_extra(package, "onnx", "Writing ONNX files") from error


def _reason(error: BaseException) -> str:
    """Return the line that says which operation it is, out of a page."""
    while error.__cause__ is not None and not str(error).startswith("Error when translating"):
        error = error.__cause__
    return str(error).partition("\n")[0].removesuffix(" See the stack trace for more information.")


def _tensors(specs: Sequence[Any]) -> list[str]:
    """Return the names of the tensors that the user gives or gets."""
    found = [spec.arg for spec in specs if spec.kind.name in ("USER_INPUT", "USER_OUTPUT")]
    return [arg.name for arg in found if isinstance(arg, TensorArgument)]


def _free(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        found.append(free_name(name, [*taken, *found]))
    return found


def _axis_names(program: ExportedProgram, inputs: list[str]) -> list[list[str | None]] | None:
    """Return a name for every unknown size, once; sizes that must be equal have one name."""
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    known: set[str] = set()
    found: list[list[str | None]] = []
    for name in inputs:
        names: list[str | None] = []
        for axis, size in enumerate(nodes[name].meta["val"].shape):
            new = isinstance(size, torch.SymInt) and str(size) not in known
            known.add(str(size))
            names.append(None if not new else f"{name}_{axis}" if axis else "batch")
        found.append(names)
    return found if any(name for names in found for name in names) else None
