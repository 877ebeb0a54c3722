"""Images as arrays of bytes, and figures that are shown or saved."""

import importlib
import os
from typing import Any

import numpy as np

from torchkeras._base.messages import missing_extra, show
from torchkeras._base.settings import standardize_data_format
from torchkeras._state.convert import tensor


def array(x: Any) -> np.ndarray:
    """Return anything that holds numbers as an array on the host."""
    found: np.ndarray = tensor(x).detach().cpu().numpy()
    return found


def batch(images: Any, data_format: str | None, name: str = "images") -> np.ndarray:
    """Return a batch of images as an array with the channels last.

    Args:
        images: The images.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        name: The argument's name.

    Raises:
        ValueError: If they do not have 4 axes.
    """
    found = array(images)
    if found.ndim != 4:
        raise ValueError(
            f"`{name}` must be a batch with 4 axes; `{name}[None]` is one of a single image. "
            f"Received: {name}={show(images)}."
        )
    first = standardize_data_format(data_format) == "channels_first"
    return np.moveaxis(found, 1, -1) if first else found


def unit_or_bytes(images: np.ndarray) -> np.ndarray:
    """Return bytes for images of bytes, of floats up to 255, or of floats up to 1."""
    if images.dtype.kind == "f":
        factor = 255 if images.size and images.max() <= 1.0 else 1
        images = np.clip(images * factor, 0, 255)
    return images.astype("uint8")


def ranged(images: np.ndarray, value_range: Any) -> np.ndarray:
    """Return bytes for images whose lowest and highest values are known."""
    low, high = value_range
    found: np.ndarray = np.clip((images - low) / (high - low) * 255.0, 0, 255)
    return found.round(3).astype("uint8")


def new_figure(purpose: str, **options: Any) -> Any:
    """Return pyplot's figure.

    Args:
        purpose: What needs it, for the error without matplotlib.
        **options: Arguments of `plt.figure`.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        raise missing_extra("matplotlib", "plot", purpose) from error
    return pyplot.figure(**options)


def check_ends(path: Any, show: bool | None) -> None:
    """Raise an error if a picture is to be saved and shown at once."""
    if path is not None and show:
        raise ValueError(
            f"Give `path` to save the picture or `show=True` to show it. Received: path={path!r}, "
            f"show={show!r}."
        )


def finish(figure: Any, path: Any, show: bool | None, **options: Any) -> None:
    """Save or show a figure, and close it.

    Args:
        figure: What `new_figure` returned.
        path: The file; shown if there is none.
        show: Whether it is shown; if not given, if there is no `path`.
        **options: Arguments of `savefig`.
    """
    pyplot = importlib.import_module("matplotlib.pyplot")
    if path is not None:
        figure.savefig(os.fspath(path), **options)
        pyplot.close(figure)
    elif show is None or show:
        pyplot.show()
        pyplot.close(figure)
