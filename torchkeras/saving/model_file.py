"""`save_model` and `load_model`, by the ending of the file's name."""

import os
from collections.abc import Mapping
from typing import Any

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer

from . import architecture, keras_file, safetensors_file, safetensors_model, whole_h5
from .overwriting import may_write

_TENSORS = safetensors_file.ENDING
_TEXTS = (*architecture.JSON, *architecture.YAML)
_ENDINGS = (".keras", ".h5", ".hdf5", _TENSORS, *_TEXTS)


class MissingFileError(FileNotFoundError, ValueError):
    """There is no such file: a `FileNotFoundError`, and the `ValueError` that Keras raises."""


def save_model(
    model: Any,
    filepath: "str | os.PathLike[str]",
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Write a whole model to a file, which is replaced in one step.

    Architecture, weights, what `compile` was given and the state of the optimizer go into it, so
    that training goes on with the loaded model as if it had never been saved. Keras reads the file.

    Args:
        model: The model.
        filepath: A file that ends in `.keras`; in `.h5`, the older format of Keras; or in
            `.safetensors`, with weights under torch's names (the state of the optimizer lies beside
            it, in `NAME.state.safetensors`). In `.json`, `.yaml` or `.yml`, the architecture alone.
        overwrite: Whether a file that exists is replaced without asking.
        zipped: Whether the file is one archive; only `True` is possible.
        **kwargs: `include_optimizer`, whether a `.h5` or `.safetensors` file holds what `compile`
            was given; `max_shard_size`, from how many GB on a `.safetensors` file becomes several;
            `save_format`, which older programs pass, and which the ending of the name tells.

    Raises:
        ValueError: If the ending is another one, or something is no model.

    Example:
        >>> import torchkeras, tempfile
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> path = tempfile.mkdtemp() + "/model.keras"
        >>> torchkeras.saving.save_model(model, path)
        >>> torchkeras.saving.load_model(path).layers[0].units
        2
    """
    name = os.fspath(filepath)
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    shards = (
        {"max_shard_size": kwargs.pop("max_shard_size", None)} if name.endswith(_TENSORS) else {}
    )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if not isinstance(model, Layer):
        raise ValueError(
            f"`model` must be a model. Received: model={show(model)} (of type "
            f"{type(model).__name__})."
        )
    if zipped is False:
        raise ValueError(
            "A model is always saved as one archive. Received: zipped=False. Leave it out."
        )
    if name.endswith(".weights.h5") or not name.endswith(_ENDINGS):
        raise ValueError(_other_ending("saved", name))
    if not may_write(name, overwrite):
        return
    if name.endswith(_TEXTS):
        architecture.save(model, name)
    elif name.endswith(".keras"):
        keras_file.save(model, name)
    elif name.endswith(_TENSORS):
        safetensors_model.save(model, name, include_optimizer, **shards)
    else:
        whole_h5.save(model, name, include_optimizer)


def load_model(
    filepath: "str | os.PathLike[str]",
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Return the model that a file holds, written by `save_model` or by Keras.

    Nothing of the file is run, imported or looked up elsewhere, unless you say `safe_mode=False`:
    it may only name public classes of torchkeras and registered ones.

    Args:
        filepath: A file that ends in `.keras`; in `.h5` or `.hdf5`, written by Keras 1, 2 or 3; or
            in `.safetensors`, or the index of several such files; or in `.json`, `.yaml` or `.yml`,
            which hold no weights.
        custom_objects: Classes and functions by name, besides the registered ones.
        compile: Whether the model is compiled as it was.
        safe_mode: Whether code in the file is refused: the bytecode of a `Lambda` and the pickle of
            a `TorchModuleWrapper`, which can do whatever you can. A function or module in
            `custom_objects` under the layer's name takes their place in either mode.

    Raises:
        FileNotFoundError: If there is no such file; it is a `ValueError` too, as in Keras.
        ValueError: If the ending is another one, or the file is damaged, does not fit together, or
            holds what no model needs.
        TypeError: If it names a class that is neither public nor registered.
    """
    name = os.fspath(filepath)
    if name.endswith((_TENSORS, _TENSORS + safetensors_file.INDEX)):
        found = safetensors_file.find(name)
        if found is None:
            raise MissingFileError(f"File not found: filepath={name!r}.")
        return safetensors_model.load(found, custom_objects, compile, safe_mode)
    if name.endswith(".weights.h5") or not name.endswith(_ENDINGS):
        raise ValueError(_other_ending("loaded", name))
    if not os.path.isfile(name):
        raise MissingFileError(f"File not found: filepath={name!r}.")
    form: Any = keras_file if name.endswith(".keras") else whole_h5
    if name.endswith(_TEXTS):
        form = architecture
    return form.load(name, custom_objects, compile, safe_mode)


def _other_ending(what: str, name: str) -> str:
    return (
        f"Invalid filepath extension: a model is {what} as a `.keras`, (older) `.h5` or "
        "`.safetensors` file, its architecture alone as `.json` or `.yaml`. Received: "
        f"filepath={name!r}. Weights alone are kept in "
        "`.weights.h5` or `.safetensors` files by `model.save_weights` and `model.load_weights`."
    )
