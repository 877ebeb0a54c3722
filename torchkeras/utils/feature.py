"""`Feature` and `Cross`: what `FeatureSpace` is told about its columns, and two small layers."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, positive_int
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras.layers.layer import Layer

_KERAS_MODULE = "keras.src.layers.preprocessing.feature_space"


class Feature:
    """One column of structured data, and the layer that prepares it.

    Args:
        dtype: The dtype of the column: "float32", "int32", "string" or another.
        preprocessor: The layer, or its config.
        output_mode: "float" for what the layer returns, "int" for numbers of categories, "one_hot"
            for vectors of them.
    """

    _keras_module = _KERAS_MODULE

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        self.dtype = dtype
        self.output_mode = one_of("output_mode", output_mode, ("int", "one_hot", "float"))
        if isinstance(preprocessor, dict):
            preprocessor = deserialize_keras_object(preprocessor)
        self.preprocessor = preprocessor

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the feature that a config describes.

        Args:
            config: What `get_config()` returned.
        """
        return cls(**config)


class Cross:
    """Several features that count as one.

    Args:
        feature_names: Their names.
        crossing_dim: The number of bins of their hash.
        output_mode: "one_hot", or "int" for bins.
    """

    _keras_module = _KERAS_MODULE

    def __init__(
        self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        self.feature_names = tuple(feature_names)
        self.crossing_dim = positive_int("crossing_dim", crossing_dim)
        self.output_mode = one_of("output_mode", output_mode, ("int", "one_hot"))

    @property
    def name(self) -> str:
        """The names of the features, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the cross that a config describes.

        Args:
            config: What `get_config()` returned.
        """
        return cls(**config)


class TFDIdentity(Layer):
    """The inputs as they are; named as in Keras's files."""

    _keras_module = _KERAS_MODULE
    computes_in_floats = True

    def call(self, x: Tensor) -> Tensor:
        return x


class TFDConcat(Layer):
    """All inputs beside each other; named as in Keras's files.

    Args:
        axis: The axis along which they lie.
        **kwargs: The keyword arguments of `Layer`.
    """

    _keras_module = _KERAS_MODULE

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs: Sequence[Tensor]) -> Tensor:
        # Text is looked up where models run, numbers may lie where weights were made.
        where = next((x.device for x in xs if x.device.type != "cpu"), xs[0].device)
        return torch.cat([x.to(where) for x in xs], dim=self.axis)
