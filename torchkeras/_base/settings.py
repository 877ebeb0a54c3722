"""The process-wide settings of Keras: `floatx`, `epsilon` and `image_data_format`."""

from dataclasses import dataclass

from .messages import one_of


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"


_SETTINGS = _Settings()
_FLOATS = ("bfloat16", "float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")


def floatx() -> str:
    """Return the default float dtype, as a string such as `"float32"`."""
    return _SETTINGS.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype.

    Args:
        value: One of `"bfloat16"`, `"float16"`, `"float32"` and `"float64"`.
    """
    _SETTINGS.floatx = one_of("value", value, _FLOATS)


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite."""
    return _SETTINGS.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisions and logarithms finite.

    Args:
        value: A positive float.
    """
    _SETTINGS.epsilon = float(value)


def image_data_format() -> str:
    """Return the default image layout, `"channels_last"` or `"channels_first"`."""
    return _SETTINGS.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default image layout.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
    """
    _SETTINGS.image_data_format = one_of("data_format", data_format, _FORMATS)


def standardize_data_format(data_format: str | None) -> str:
    """Return `data_format`, or the default image layout when it is `None`."""
    if data_format is None:
        return image_data_format()
    return one_of("data_format", str(data_format).lower(), _FORMATS)
