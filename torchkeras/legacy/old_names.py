"""Names that older Keras had in namespaces of today."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .notice import tell
from .patches import Patches

# What `tf.keras` has beside the names of Keras 3 until today: said without a warning.
_SHORT = {
    "KLD": "kl_divergence",
    "MAE": "mean_absolute_error",
    "MAPE": "mean_absolute_percentage_error",
    "MSE": "mean_squared_error",
    "MSLE": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
_CLASSES = {
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
}


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the old names.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    for old, new in _SHORT.items():
        patches.add(package.losses, old, getattr(package.losses, new))
        patches.add(package.metrics, old, getattr(package.losses, new))
    for old, new in _CLASSES.items():
        patches.add(package.layers, old, _renamed(old, getattr(package.layers, new)))


def _renamed(old: str, cls: type) -> Callable[..., Any]:
    @functools.wraps(cls, updated=())
    def make(*args: Any, **kwargs: Any) -> Any:
        tell(f"`{old}`", f"use `{cls.__name__}`")
        return cls(*args, **kwargs)

    make.__name__ = make.__qualname__ = old
    return make
