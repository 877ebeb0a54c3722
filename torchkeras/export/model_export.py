"""`export_model`: a model's forward pass as a file, by format."""

import os
from typing import Any

from torchkeras._base.messages import one_of

from . import onnx_program, torch_program
from .signature import signature_of

_ENDING_BY_FORMAT = {"torch": ".pt2", "onnx": ".onnx"}
# Keras's other formats, and how to get there.
_ELSEWHERE = {
    "tf_saved_model": (
        "is written by TensorFlow. Save the model as a `.keras` file and export it where Keras and "
        'TensorFlow are, or take `format="onnx"`, which most servers run.'
    ),
    "openvino": (
        'is written by OpenVINO. Export with `format="onnx"`, then '
        '`openvino.save_model(openvino.convert_model("model.onnx"), "model.xml")`.'
    ),
    "litert": (
        "is written by the package litert-torch, which takes the model as it is, a torch module: "
        '`litert_torch.convert(model.eval(), (example,)).export("model.tflite")`.'
    ),
}


def export_model(
    model: Any,
    filepath: "str | os.PathLike[str]",
    format: str = "torch",
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write a model's forward pass to a file that runs without this library; the batch stays free.

    `torch.export.load("model.pt2").module()` runs the one format, and
    `onnxruntime.InferenceSession("model.onnx")` the other. Inputs keep the names of the model's.

    Args:
        model: A built model.
        filepath: A file that ends in `.pt2` or, for ONNX, in `.onnx`.
        format: `"torch"` or `"onnx"`.
        verbose: Whether a line says where the file is; by default, it does.
        input_signature: A list with one structure of symbols, `InputSpec`s or tensors for each
            argument of the call; `None` for models that know their inputs.
        **kwargs: Passed to `torch.export.export`, or to `torch.onnx.export`, which takes
            `opset_version` too.

    Raises:
        ValueError: If the ending or the format is another one, or the inputs are not known.
        RuntimeError: If the model cannot be written as one program, or ONNX lacks an operation.
        ImportError: If a package for ONNX is not installed.

    Example:
        >>> import torch, torchkeras, tempfile
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> path = tempfile.mkdtemp() + "/model.pt2"
        >>> torchkeras.export.export_model(model, path, verbose=False)
        >>> tuple(torch.export.load(path).module()(torch.ones(5, 3)).shape)
        (5, 2)
    """
    name = checked(filepath, format)
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} has not yet been built, so there is nothing to export. Call it "
            "on some data or `build(input_shape)` first."
        )
    signature = signature_of(model, input_signature)
    subject = f"Model {model.name!r}"
    if format == "torch":
        torch_program.write(torch_program.program_of(model, signature, subject, **kwargs), name)
    else:
        onnx_program.require()
        program = torch_program.program_of(model, signature, subject)
        outputs = getattr(model, "output_names", None) or ()
        onnx_program.write(program, name, outputs, **kwargs)
    if verbose is not False:
        print(f"Saved the exported program to {name}.")  # noqa: T201 - as Keras does


def checked(filepath: "str | os.PathLike[str]", format: str) -> str:
    """Return the name of a file, if a format is known and the name has its ending.

    Args:
        filepath: The file.
        format: The format.

    Raises:
        ValueError: If the format cannot be written here, or the ending is another one.
    """
    if format in _ELSEWHERE:
        raise ValueError(f"The format {format!r} {_ELSEWHERE[format]}")
    one_of("format", format, _ENDING_BY_FORMAT)
    name, ending = os.fspath(filepath), _ENDING_BY_FORMAT[format]
    if not name.endswith(ending):
        other = next((f for f, end in _ENDING_BY_FORMAT.items() if name.endswith(end)), None)
        hint = f' Pass `format="{other}"`.' if other else ""
        raise ValueError(
            f"`filepath` must end in `{ending}` for format={format!r}. Received: "
            f"filepath={name!r}.{hint}"
        )
    return name
