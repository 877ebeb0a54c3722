"""Losses by name, config or value."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from .focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from .loss import Loss
from .margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from .probabilistic import (
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
)
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from .segmentation import Dice, Tversky, dice, tversky
from .sequence import CTC, ctc
from .similarity import Circle, circle
from .wrapper import LossFunctionWrapper

# Functions come last: of a class and a function, a name in snake case means the function.
_TABLE = names_of(
    *(Loss, LossFunctionWrapper),
    *(BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
    *(BinaryFocalCrossentropy, CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy),
    *(MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError),
    *(MeanSquaredLogarithmicError, CosineSimilarity, Huber, LogCosh, KLDivergence, Poisson),
    *(Hinge, SquaredHinge, CategoricalHinge, Dice, Tversky, Circle, CTC),
    *(binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy),
    *(binary_focal_crossentropy, categorical_focal_crossentropy),
    *(categorical_generalized_cross_entropy, mean_squared_error, mean_absolute_error),
    *(mean_absolute_percentage_error, mean_squared_logarithmic_error, cosine_similarity, huber),
    *(log_cosh, kl_divergence, poisson, hinge, squared_hinge, categorical_hinge),
    *(dice, tversky, circle, ctc),
    bce=binary_crossentropy,
    BCE=binary_crossentropy,
    kld=kl_divergence,
    KLD=kl_divergence,
    mae=mean_absolute_error,
    MAE=mean_absolute_error,
    mse=mean_squared_error,
    MSE=mean_squared_error,
    mape=mean_absolute_percentage_error,
    MAPE=mean_absolute_percentage_error,
    msle=mean_squared_logarithmic_error,
    MSLE=mean_squared_logarithmic_error,
)


def serialize(loss: Any) -> Any:
    """Return the config of a loss.

    Args:
        loss: A `Loss`, or a public or registered function.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.serialize(torchkeras.losses.Huber(delta=2.0))["config"]["delta"]
        2.0
    """
    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss that a config or a name stands for.

    Args:
        name: What `serialize` returned, or the name of a function or class.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "Huber", "config": {"delta": 2.0}}
        >>> torchkeras.losses.deserialize(config).delta
        2.0
    """
    if isinstance(name, str):
        return find_named("loss", name, {**_TABLE, **(custom_objects or {})})
    return deserialize_keras_object(name, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the loss that a name, config, class or callable stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"mse"` or `"Huber"`; a config; a
            class, which is called without arguments; or a callable, returned as it is.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.get("mse").__name__
        'mean_squared_error'
    """
    if identifier is None:
        return None
    return instance(resolve("loss", identifier, _TABLE, deserialize))
