"""`save_weights` and `load_weights`, by the ending of the file's name."""

import os
from typing import Any

from . import keras_file, safetensors_file, weights_h5, whole_h5
from .overwriting import may_write

_ENDINGS = (".weights.h5", ".safetensors")
_OLD = (".h5", ".hdf5")


def save_weights(
    model: Any,
    filepath: "str | os.PathLike[str]",
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights of a model to a file, which is replaced in one step.

    Args:
        model: A built model or layer.
        filepath: A file that ends in `.weights.h5` (Keras's format, which Keras reads too, with the
            state of the optimizer) or `.safetensors` (the `state_dict`, under torch's names).
        overwrite: Whether a file that exists is replaced without asking.
        max_shard_size: Not available yet; only `None`.
        **kwargs: `objects_to_skip`, a list of layers whose weights a `.weights.h5` leaves out.

    Raises:
        ValueError: If the ending is another one, or the model is not built.

    Example:
        >>> import torchkeras, tempfile
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> path = tempfile.mkdtemp() + "/model.weights.h5"
        >>> torchkeras.saving.save_weights(model, path)
        >>> torchkeras.saving.load_weights(model, path)
    """
    name = _checked(filepath, "saving")
    if max_shard_size is not None:
        raise ValueError(
            "Weights cannot be split over several files yet. "
            f"Received: max_shard_size={max_shard_size}. Leave it out."
        )
    _require_built(model, "saving")
    if may_write(name, overwrite):
        _format_of(name).save(model, filepath, **kwargs)


def load_weights(
    model: Any, filepath: "str | os.PathLike[str]", skip_mismatch: bool = False, **kwargs: Any
) -> None:
    """Read the weights of a model from a file that `save_weights` or Keras has written.

    Names and shapes are compared first: a file that does not fit changes nothing.

    Args:
        model: A built model or layer of the same architecture.
        filepath: A file that ends in `.weights.h5` or `.safetensors`; or `.keras` or `.h5`, of
            which only the weights are read.
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
    if not os.path.isfile(filepath):
        raise FileNotFoundError(f"There is no such file: filepath={name!r}.")
    if name.endswith(".keras"):
        keras_file.load_weights(model, filepath, skip_mismatch)
    elif name.endswith(_OLD) and not name.endswith(".weights.h5"):
        whole_h5.load_weights(model, filepath, skip_mismatch, **kwargs)
    else:
        _format_of(name).load(model, filepath, skip_mismatch, **kwargs)


def _format_of(name: str) -> Any:
    return weights_h5 if name.endswith(".h5") else safetensors_file


def _checked(filepath: "str | os.PathLike[str]", what: str) -> str:
    name = os.fspath(filepath)
    if name.endswith(_ENDINGS) or (what == "loading" and name.endswith((".keras", *_OLD))):
        return name
    whole = (
        " `model.save` and `load_model` keep whole models, in `.keras` files."
        if name.endswith((".keras", ".h5", ".hdf5"))
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
