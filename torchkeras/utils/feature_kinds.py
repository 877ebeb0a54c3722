"""The kinds of features that `FeatureSpace` knows by name."""

import builtins
from collections.abc import Sequence
from typing import Any

from torchkeras import layers
from torchkeras._base.naming import auto_name

from .feature import Cross, Feature, TFDIdentity

KINDS = (
    "float",
    "float_normalized",
    "float_rescaled",
    "float_discretized",
    "integer_categorical",
    "string_categorical",
    "integer_hashed",
    "string_hashed",
)


class FeatureKinds:
    """Makes features and crosses; one method for each kind."""

    @classmethod
    def cross(
        cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Return several features that count as one.

        Args:
            feature_names: Their names.
            crossing_dim: The number of bins of their hash.
            output_mode: "one_hot", or "int" for bins.
        """
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a feature that a layer of your own prepares.

        Args:
            dtype: The dtype of the column.
            preprocessor: The layer.
            output_mode: "float" for what the layer returns, "int" or "one_hot" for categories.
        """
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a feature of numbers as they are.

        Args:
            name: The feature's name.
        """
        made = TFDIdentity(dtype="float32", name=f"{name or auto_name('float')}_preprocessor")
        return Feature("float32", made, "float")

    @classmethod
    def float_rescaled(
        cls, scale: builtins.float = 1.0, offset: builtins.float = 0.0, name: str | None = None
    ) -> Feature:
        """Return a feature of numbers that are scaled and shifted.

        Args:
            scale: What they are multiplied by.
            offset: What is added then.
            name: The feature's name.
        """
        name = f"{name or auto_name('float_rescaled')}_preprocessor"
        return Feature("float32", layers.Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a feature of numbers that get mean 0 and variance 1.

        Args:
            name: The feature's name.
        """
        name = f"{name or auto_name('float_normalized')}_preprocessor"
        return Feature("float32", layers.Normalization(axis=-1, name=name), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of numbers of which the range counts.

        Args:
            num_bins: The number of ranges that `adapt` finds, or `None`.
            bin_boundaries: Their boundaries, if `num_bins` is not given.
            output_mode: "one_hot" or "int".
            name: The feature's name.
        """
        name = f"{name or auto_name('float_discretized')}_preprocessor"
        made = layers.Discretization(bin_boundaries, num_bins, name=name)
        return Feature("float32", made, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of integers that stand for categories.

        Args:
            max_tokens: The largest number of categories, unknown ones included.
            num_oov_indices: How many places unknown ones share.
            output_mode: "one_hot" or "int".
            name: The feature's name.
        """
        name = f"{name or auto_name('integer_categorical')}_preprocessor"
        made = layers.IntegerLookup(max_tokens, num_oov_indices, name=name)
        return Feature("int32", made, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a feature of strings that stand for categories.

        Args:
            max_tokens: The largest number of categories, unknown ones included.
            num_oov_indices: How many places unknown ones share.
            output_mode: "one_hot" or "int".
            name: The feature's name.
        """
        name = f"{name or auto_name('string_categorical')}_preprocessor"
        made = layers.StringLookup(max_tokens, num_oov_indices, name=name)
        return Feature("string", made, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a feature of strings of which the hash counts.

        Args:
            num_bins: The number of bins.
            output_mode: "one_hot" or "int".
            name: The feature's name.
        """
        name = f"{name or auto_name('string_hashed')}_preprocessor"
        return Feature("string", layers.Hashing(num_bins, name=name), output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a feature of integers of which the hash counts.

        Args:
            num_bins: The number of bins.
            output_mode: "one_hot" or "int".
            name: The feature's name.
        """
        name = f"{name or auto_name('integer_hashed')}_preprocessor"
        return Feature("int32", layers.Hashing(num_bins, name=name), output_mode)
