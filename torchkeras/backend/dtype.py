"""Questions about dtypes."""

from typing import Any

from torchkeras._base.dtypes import standardize_dtype


def is_float_dtype(dtype: Any) -> bool:
    """Say whether a dtype is one of floats; complex ones are not.

    Args:
        dtype: A dtype or its name.

    Example:
        >>> import torchkeras
        >>> torchkeras.backend.is_float_dtype("bfloat16")
        True
    """
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype: Any) -> bool:
    """Say whether a dtype is one of whole numbers; `"bool"` is not.

    Args:
        dtype: A dtype or its name.

    Example:
        >>> import torchkeras
        >>> torchkeras.backend.is_int_dtype("uint8")
        True
    """
    return standardize_dtype(dtype).startswith(("int", "uint"))
