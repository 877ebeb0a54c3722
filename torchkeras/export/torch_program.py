"""A model as a `torch.export` program, which runs where only torch is."""

import os
from typing import Any

import torch

from torchkeras import tree
from torchkeras._base.atomic import replacing
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of
from torchkeras._symbolic.spec import Spec

_EXAMPLE_SIZE = 2


def export_model(
    model: Any,
    filepath: "str | os.PathLike[str]",
    format: str = "torch",
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write a model's forward pass to a `.pt2` file; unknown sizes stay free.

    `torch.export.load(filepath).module()` runs it, in a process that has only torch.

    Args:
        model: A built model.
        filepath: A file that ends in `.pt2`.
        format: `"torch"`.
        verbose: Whether a line says where the file is.
        input_signature: A list with one structure of symbols, for models that do not know their
            inputs; `None` for functional and sequential ones.
        **kwargs: Passed to `torch.export.export`.

    Raises:
        ValueError: If the ending or the format is another one, or the inputs are not known.

    Example:
        >>> import torch, torchkeras, tempfile
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> path = tempfile.mkdtemp() + "/model.pt2"
        >>> torchkeras.export.export_model(model, path)
        >>> tuple(torch.export.load(path).module()(torch.ones(5, 3)).shape)
        (5, 2)
    """
    one_of("format", format, ("torch",))
    name = os.fspath(filepath)
    if not name.endswith(".pt2"):
        raise ValueError(f"`filepath` must end in `.pt2`. Received: filepath={name!r}.")
    signature = _signature(model, input_signature)
    device = next(model.parameters(), torch.empty(0)).device
    example = tree.map_structure(lambda spec: _example(spec, device), signature)
    free = tree.map_structure(_free_sizes, signature)
    training = model.training
    model.eval()
    try:
        program = torch.export.export(model, (example,), dynamic_shapes=(free,), **kwargs)
    finally:
        model.train(training)
    with replacing(name) as temporary, open(temporary, "wb") as file:
        torch.export.save(program, file)
    if verbose:
        print(f"Saved the exported program to {name}.")  # noqa: T201 - asked for by the user


def _signature(model: Any, given: Any) -> Any:
    if given is not None:
        return given[0] if isinstance(given, list) and len(given) == 1 else given
    if not getattr(model, "input_names", None):
        raise ValueError(
            f"Model {model.name!r} does not know the shapes of its inputs. Pass "
            "`input_signature=[KerasTensor((None, ...))]`."
        )
    return model.input


def _example(spec: Spec, device: torch.device) -> torch.Tensor:
    sizes = [_EXAMPLE_SIZE if size is None else size for size in spec.shape]
    return torch.zeros(sizes, dtype=to_torch(spec.dtype), device=device)


def _free_sizes(spec: Spec) -> dict[int, Any]:
    automatic = torch.export.Dim.AUTO
    return {axis: automatic for axis, size in enumerate(spec.shape) if size is None}
