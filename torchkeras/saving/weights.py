"""`save_weights` and `load_weights`, by the ending of the file's name."""

import os
from typing import Any

from . import keras_file, safetensors_file, sharded_h5, weights_h5, whole_h5
from .overwriting import may_write

_ENDINGS = (".weights.h5", safetensors_file.ENDING)
_INDICES = (sharded_h5.ENDING, safetensors_file.ENDING + safetensors_file.INDEX)
_OLD = (".h5", ".hdf5")


def save_weights(
    model: Any,
    filepath: "str | os.PathLike[str]",
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights of a model to a file, which is replaced in one step.

    With a largest size, weights that need more lie in several files beside an index, which is
    `NAME.weights.json` (as Keras has it) or `NAME.safetensors.index.json` (as Hugging Face has it).

    Args:
        model: A built model or layer.
        filepath: A file that ends in `.weights.h5` (Keras's format, which Keras reads too, with the
            state of the optimizer), `.weights.json` (the same in several files; with
            `max_shard_size` only) or `.safetensors` (the `state_dict`, under torch's names).
        overwrite: Whether a file that exists is replaced without asking.
        max_shard_size: The largest size of one file in GB; there is one file if not given.
        **kwargs: `objects_to_skip`, a list of layers whose weights a `.weights.h5` leaves out.

    Raises:
        ValueError: If the ending is another one, the model is not built, or a variable alone is
            larger than a file may be.

    Example:
        >>> import torchkeras, tempfile
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> path = tempfile.mkdtemp() + "/model.weights.h5"
        >>> torchkeras.saving.save_weights(model, path)
        >>> torchkeras.saving.load_weights(model, path)
    """
    name = _checked(filepath, "saving", max_shard_size)
    _require_built(model, "saving")
    if max_shard_size is not None and name.endswith((".weights.h5", sharded_h5.ENDING)):
        name = sharded_h5.index_of(name, "Saving")
    if not may_write(name, overwrite):
        return
    if name.endswith(sharded_h5.ENDING):
        sharded_h5.save(model, name, max_shard_size or 0, **kwargs)
    elif name.endswith(".h5"):
        weights_h5.save(model, name, **kwargs)
    else:
        safetensors_file.save(model, name, max_shard_size, **kwargs)


def load_weights(
    model: Any, filepath: "str | os.PathLike[str]", skip_mismatch: bool = False, **kwargs: Any
) -> None:
    """Read the weights of a model from a file that `save_weights` or Keras has written.

    Names and shapes are compared first: a file that does not fit changes nothing.

    Args:
        model: A built model or layer of the same architecture.
        filepath: A file that ends in `.weights.h5` or `.safetensors`, or the index of several;
            or `.keras` or `.h5`, of which only the weights are read.
        skip_mismatch: Whether layers that do not fit keep their weights, with a warning, in place
            of an error.
        **kwargs: `objects_to_skip`, a list of layers that a `.weights.h5` file leaves alone;
            `by_name`, whether layers of an older `.h5` file are found by name, not by order.

    Raises:
        ValueError: If the ending is another one, the model is not built, the file does not fit the
            model, or it links to anything outside itself.
    """
    name = _checked(filepath, "loading")
    _require_built(model, "loading")
    found = safetensors_file.find(name) if _is_safetensors(name) else name
    if found is None or not os.path.isfile(found):
        raise FileNotFoundError(f"There is no such file: filepath={name!r}.")
    if _is_safetensors(name):
        safetensors_file.load(model, found, skip_mismatch, **kwargs)
    elif name.endswith(".keras"):
        keras_file.load_weights(model, name, skip_mismatch, **kwargs)
    elif name.endswith(sharded_h5.ENDING):
        sharded_h5.load(model, name, skip_mismatch, **kwargs)
    elif name.endswith(".weights.h5") and not whole_h5.is_older(name):
        weights_h5.load(model, name, skip_mismatch, **kwargs)
    else:
        whole_h5.load_weights(model, name, skip_mismatch, **kwargs)


def _is_safetensors(name: str) -> bool:
    return name.endswith(
        (safetensors_file.ENDING, safetensors_file.ENDING + safetensors_file.INDEX)
    )


def _checked(
    filepath: "str | os.PathLike[str]", what: str, max_shard_size: float | None = None
) -> str:
    name = os.fspath(filepath)
    allowed: tuple[str, ...] = _ENDINGS
    if what == "loading":
        allowed = (*_ENDINGS, *_INDICES, ".keras", *_OLD)
    elif max_shard_size is not None:
        allowed = (*_ENDINGS, sharded_h5.ENDING)
    if name.endswith(allowed):
        return name
    whole = (
        " `model.save` and `load_model` keep whole models, in `.keras` files."
        if name.endswith((".keras", ".h5", ".hdf5"))
        else " Give `max_shard_size`, the largest size of one file in GB."
        if name.endswith(sharded_h5.ENDING)
        else ""
    )
    raise ValueError(
        "The filename must end in `.weights.h5` or `.safetensors`. "
        f"Received: filepath={name} (for {what} weights).{whole}"
    )


def _require_built(model: Any, what: str) -> None:
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} has not yet been built, so it has no weights for {what}. Call "
            "it on some data or `build(input_shape)` first."
        )
