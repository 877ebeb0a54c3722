"""Weights as a `.safetensors` file: the `state_dict`, under torch's names."""

import os
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import did_you_mean

_LISTED = 10


def save(model: nn.Module, filepath: "str | os.PathLike[str]") -> None:
    """Write the `state_dict`; tensors that are tied are written once, as safetensors does it."""
    from safetensors.torch import save_file

    tensors, tied = _unique(model)
    with replacing(filepath) as path:
        save_file(tensors, path, metadata={"format": "pt", **tied})


def _unique(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors by name, each once, and for the other names of a tensor its first one."""
    tensors: dict[str, Tensor] = {}
    tied: dict[str, str] = {}
    name_by_place: dict[tuple[Any, ...], str] = {}
    for name, tensor in model.state_dict().items():
        if not isinstance(tensor, Tensor):
            raise ValueError(
                f"A .safetensors file only holds tensors. Received: {name!r} of type "
                f"{type(tensor).__name__} in the `state_dict` (`get_extra_state`)."
            )
        place = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        known = name_by_place.setdefault(place, name) if tensor.numel() else name
        if known == name:
            tensors[name] = tensor.detach().contiguous()
        else:
            tied[name] = known
    return tensors, tied


def load(model: nn.Module, filepath: "str | os.PathLike[str]", skip_mismatch: bool = False) -> None:
    """Read tensors into the ones that the model has; names and shapes are compared first."""
    wanted, tied = _unique_targets(model)
    with _opened(filepath) as file:
        names = set(file.keys())
        found = {name: tuple(file.get_slice(name).get_shape()) for name in names & set(wanted)}
        problems = _problems(wanted, tied, names, found)
        if problems and not skip_mismatch:
            raise ValueError(_message(filepath, problems))
        if problems:
            warnings.warn(_message(filepath, problems), stacklevel=4)
        with torch.no_grad():
            for name, shape in found.items():
                if shape == tuple(wanted[name].shape):
                    wanted[name].copy_(file.get_tensor(name))


def _opened(filepath: "str | os.PathLike[str]") -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(os.fspath(filepath), framework="pt", device="cpu")
    except SafetensorError as error:
        name = os.fspath(filepath)
        raise ValueError(f"{name!r} is no whole safetensors file: {error}.") from error


def _unique_targets(model: nn.Module) -> tuple[dict[str, Tensor], set[str]]:
    """Return the model's tensors by name, and the names of those that another name stands for."""
    state: dict[str, Tensor] = dict(model.state_dict())
    return state, set(_unique(model)[1])


def _problems(
    wanted: dict[str, Tensor], tied: set[str], names: set[str], found: dict[str, tuple[int, ...]]
) -> list[str]:
    missing = [name for name in wanted if name not in names and name not in tied]
    unknown = sorted(names - set(wanted))
    return [
        *(f"{name!r} is missing in the file.{did_you_mean(name, unknown)}" for name in missing),
        *(f"{name!r} is not in the model." for name in unknown),
        *(
            f"{name!r} has the shape {shape} in the file, and {tuple(wanted[name].shape)} in the "
            "model."
            for name, shape in found.items()
            if shape != tuple(wanted[name].shape)
        ),
    ]


def _message(filepath: "str | os.PathLike[str]", problems: list[str]) -> str:
    shown = "\n".join(problems[:_LISTED])
    more = f"\n... and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
    return f"{os.fspath(filepath)!r} does not fit the model:\n{shown}{more}"
