"""Metrics by name, config or value."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .auc import AUC
from .confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from .correlation import ConcordanceCorrelation, PearsonCorrelation
from .f_score import F1Score, FBetaScore
from .iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from .margin import CategoricalHinge, Hinge, SquaredHinge
from .mean import Mean, MeanMetricWrapper, Sum
from .metric import Metric
from .probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
)
from .r2_score import R2Score
from .regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
)
from .sensitivity import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)

_TABLE = names_of(
    *(Metric, Mean, Sum, MeanMetricWrapper),
    *(Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
    *(TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy),
    *(MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError),
    *(MeanSquaredLogarithmicError, CosineSimilarity, LogCoshError, R2Score),
    *(KLDivergence, Poisson, Hinge, SquaredHinge, CategoricalHinge),
    *(BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
    *(AUC, FalseNegatives, FalsePositives, TrueNegatives, TruePositives, Precision, Recall),
    *(SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision),
    *(ConcordanceCorrelation, PearsonCorrelation, F1Score, FBetaScore),
    *(IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU),
    bce=BinaryCrossentropy,
    BCE=BinaryCrossentropy,
    mse=MeanSquaredError,
    MSE=MeanSquaredError,
    mae=MeanAbsoluteError,
    MAE=MeanAbsoluteError,
    mape=MeanAbsolutePercentageError,
    MAPE=MeanAbsolutePercentageError,
    msle=MeanSquaredLogarithmicError,
    MSLE=MeanSquaredLogarithmicError,
)


def serialize(metric: Any) -> Any:
    """Return the config of a metric.

    Args:
        metric: A `Metric`, or a public or registered function.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.serialize(torchkeras.metrics.Mean())["config"]["name"]
        'mean'
    """
    return serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the metric that a config or a name stands for.

    Args:
        config: What `serialize` returned, or the name of a class.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "BinaryAccuracy", "config": {"threshold": 0.3}}
        >>> torchkeras.metrics.deserialize(config).threshold
        0.3
    """
    if isinstance(config, str):
        return find_named("metric", config, {**_TABLE, **(custom_objects or {})})
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the metric that a name, config, class or callable stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"mse"` or `"BinaryAccuracy"`; a
            config; a class, which is called without arguments; or a callable, returned as it is.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.get("mse").name
        'mean_squared_error'
    """
    if identifier is None:
        return None
    return instance(resolve("metric", identifier, _TABLE, deserialize))
