"""Whole models in one file: not here yet, and said so."""

from typing import Any, NoReturn


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> NoReturn:
    """Refuse: a whole model cannot be written into one file yet.

    Args:
        model: The model.
        filepath: The file.
        overwrite: Whether a file that exists is replaced.
        zipped: Whether the file is one archive.
        **kwargs: `include_optimizer`.

    Raises:
        NotImplementedError: Always; it says what can be saved.
    """
    raise NotImplementedError(
        f"A whole model cannot be saved to one file yet. Received: filepath={str(filepath)!r}. "
        "Keep its two halves: `model.to_json()`, which `torchkeras.models.model_from_json` reads, "
        "and `model.save_weights('model.weights.h5')` (or 'model.safetensors')."
    )


def load_model(
    filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> NoReturn:
    """Refuse: a whole model cannot be read from one file yet.

    Args:
        filepath: The file.
        custom_objects: Classes and functions by name.
        compile: Whether the model is compiled as it was.
        safe_mode: Whether configs that carry code are refused.

    Raises:
        NotImplementedError: Always; it says what can be loaded.
    """
    raise NotImplementedError(
        f"A whole model cannot be loaded from one file yet. Received: filepath={str(filepath)!r}. "
        "Make the model in code or with `torchkeras.models.model_from_json`, then "
        "`model.load_weights(...)` from a '.weights.h5' or '.safetensors' file."
    )
