"""Images as they are, for networks that scale them themselves."""

from typing import Any


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Return images as they are: the network itself scales pixels from 0 to 255.

    Args:
        x: Images.
        data_format: Without effect.
    """
    return x
