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
_ALIASES = {
    "constraints": {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"},
    "initializers": {
        "normal": "RandomNormal",
        "one": "Ones",
        "uniform": "RandomUniform",
        "zero": "Zeros",
    },
    "losses": {
        "cosine": "cosine_similarity",
        "cosine_proximity": "cosine_similarity",
        "huber_loss": "huber",
    },
}
_CLASSES = {
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
}


class Reduction:
    """The names that reductions of losses had; a loss takes the strings."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"


_OLD_WAYS = {
    "image.ImageDataGenerator": "use layers such as `keras.layers.RandomFlip`",
    "sequence.TimeseriesGenerator": "use a `keras.utils.PyDataset`",
    "text.Tokenizer": "use `keras.layers.TextVectorization`",
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
    for namespace, names in _ALIASES.items():
        home = getattr(package, namespace)
        for old, new in names.items():
            patches.add(home, old, getattr(home, new))
    patches.add(package.losses, "Reduction", Reduction)
    patches.add(package.models, "model_from_config", package.saving.deserialize_keras_object)
    for old, new in _CLASSES.items():
        patches.add(package.layers, old, _renamed(old, getattr(package.layers, new)))
    for path, way in _OLD_WAYS.items():
        module, _, name = path.partition(".")
        cls = getattr(getattr(package.preprocessing, module), name)
        patches.set(cls, "__init__", _telling(cls.__init__, name, way))


def _telling(init: Callable[..., None], name: str, way: str) -> Callable[..., None]:
    @functools.wraps(init)
    def telling(*args: Any, **kwargs: Any) -> None:
        tell(f"`{name}`", way)
        init(*args, **kwargs)

    return telling


def _renamed(old: str, cls: type) -> Callable[..., Any]:
    @functools.wraps(cls, updated=())
    def make(*args: Any, **kwargs: Any) -> Any:
        tell(f"`{old}`", f"use `{cls.__name__}`")
        return cls(*args, **kwargs)

    make.__name__ = make.__qualname__ = old
    return make
