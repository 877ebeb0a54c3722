"""`FeatureSpace`: structured data, of all kinds of columns, as one vector for each row."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

from torch import Tensor

from torchkeras import layers
from torchkeras._base.messages import one_of, show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._symbolic.spec import Spec, has_spec
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.layer import Layer
from torchkeras.saving import save_model

from .feature import Cross, Feature, TFDConcat
from .feature_columns import adapt_all, column_of, is_adaptable, is_table
from .feature_kinds import KINDS, FeatureKinds
from .feature_sizes import cardinality


class FeatureSpace(FeatureKinds, Layer):  # type: ignore[misc]  # `float` is Keras's here
    """Encode the columns of structured data, each in its own way.

    Args:
        features: What each column is, by name: "float", "float_normalized", "float_rescaled",
            "float_discretized", "integer_categorical", "string_categorical", "integer_hashed",
            "string_hashed"; or what the methods of these names, or `feature`, return.
        output_mode: "concat" for one vector for each row, or "dict" for columns by name.
        crosses: Names of features that count together, or what `cross` returns.
        crossing_dim: The number of bins of crosses.
        hashing_dim: The number of bins of hashed features given by name.
        num_discretization_bins: The number of bins of discretized features given by name.
        name: The layer's name.

    Input shape:
        A dictionary of columns, each `(batch,)` or `(batch, 1)`; or of single values.

    Output shape:
        `(batch, numbers)`, or a dictionary of `(batch, numbers)`; without the batch for single
        values.

    Raises:
        ValueError: If an argument is unknown, or names a feature that is not there.

    Differs from Keras:
        TensorFlow is not needed. `adapt` takes loaders and iterables of dictionaries too, and reads
        them once. Layers that were given what they need are not adapted. Columns that are no
        features are left out.

    Example:
        >>> import torchkeras
        >>> space = torchkeras.utils.FeatureSpace(
        ...     {"size": "float_rescaled", "color": "string_hashed"}, hashing_dim=3
        ... )
        >>> space({"size": [0.5, 2.0], "color": ["red", "blue"]}).shape
        torch.Size([2, 4])
    """

    takes_text = True
    preprocessors: dict[str, Any]
    crossers: dict[str, Any]
    one_hot_encoders: dict[str, Any]
    concat: Any

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError(
                f"`features` must hold at least one feature. Received: features={features!r}."
            )
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = one_of("output_mode", output_mode, ("concat", "dict"))
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(value) for value in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.preprocessors = {key: value.preprocessor for key, value in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self._forget_encoding()
        object.__setattr__(self, "_is_adapted", False)
        object.__setattr__(self, "_inputs", None)

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        if isinstance(value, dict):
            made: Feature = deserialize_keras_object(value)
            return made
        kind = one_of(f"features[{name!r}]", value, KINDS)
        sizes = {"float_discretized": self.num_discretization_bins}
        sizes |= dict.fromkeys(("integer_hashed", "string_hashed"), self.hashing_dim)
        arguments = [sizes[kind]] if kind in sizes else []
        found: Feature = getattr(type(self), kind)(*arguments, name=name)
        return found

    def _cross(self, value: Any) -> Cross:
        if isinstance(value, dict):
            value = deserialize_keras_object(value)
        cross = value if isinstance(value, Cross) else Cross(value, self.crossing_dim)
        unknown = [name for name in cross.feature_names if name not in self.features]
        if unknown:
            raise ValueError(
                f"`crosses` may only name features. Received: {unknown}, which are none of "
                f"{list(self.features)}."
            )
        return cross

    def _forget_encoding(self) -> None:
        self.one_hot_encoders = {}
        self.concat = None
        object.__setattr__(self, "_encoded", None)

    # Adapting

    def _adaptable(self) -> list[str]:
        return [name for name, layer in self.preprocessors.items() if is_adaptable(layer)]

    def adapt(self, dataset: Any) -> None:
        """Let the features that need it learn from data, in one pass.

        Args:
            dataset: A dictionary of columns or a table of pandas; or batches or samples of them: a
                torch `Dataset` or `DataLoader`, a `PyDataset`, a data set that is chained, or any
                iterable. Of tuples the first part is read.

        Raises:
            ValueError: If the data are no dictionaries, or have not all features.
        """
        if not is_table(dataset) and (isinstance(dataset, str) or not _is_iterable(dataset)):
            raise ValueError(
                "`adapt` takes a dictionary of columns, or batches or samples of them. Received: "
                f"{show(dataset)} (of type {type(dataset).__name__})."
            )
        adapt_all({name: self.preprocessors[name] for name in self._adaptable()}, dataset)
        self._forget_encoding()
        object.__setattr__(self, "_is_adapted", True)
        self._make_encoders()

    def _make_encoders(self) -> None:
        """Find the sizes of all categories, now that they are known."""
        if not self._is_adapted and self._adaptable():
            raise ValueError(
                f"`FeatureSpace` must see data before it is used: {self._adaptable()} have to "
                "learn. Call `adapt(dataset)` first."
            )
        specs: dict[str, Feature | Cross] = {**self.features, **self.crosses_by_name}
        for name, spec in specs.items():
            if spec.output_mode == "one_hot" and name not in self.one_hot_encoders:
                layer = self.preprocessors.get(name) or self.crossers.get(name)
                tokens = cardinality(name, layer)
                self.one_hot_encoders[name] = layers.CategoryEncoding(tokens, "multi_hot")
        if self.output_mode == "concat" and self.concat is None:
            self.concat = TFDConcat(axis=-1)
        self.built = True

    # Symbols

    @property
    def inputs(self) -> dict[str, KerasTensor]:
        """A symbol for each feature."""
        if self._inputs is None:
            made = {
                name: layers.Input(shape=(1,), dtype=feature.dtype, name=name)
                for name, feature in self.features.items()
            }
            object.__setattr__(self, "_inputs", made)
        found: dict[str, KerasTensor] = self._inputs
        return found

    @property
    def encoded_features(self) -> Any:
        """What comes out for `inputs`, or `None` before it was asked for."""
        return self._encoded

    def get_inputs(self) -> dict[str, KerasTensor]:
        """Return a symbol for each feature, with which a functional model may begin."""
        self.get_encoded_features()
        return self.inputs

    def get_preprocessed_features(self) -> dict[str, Any]:
        """Return what comes out of the layer of each feature, as symbols."""
        self._make_encoders()
        return self._preprocessed(self.inputs)

    def get_encoded_features(self) -> Any:
        """Return what comes out for `get_inputs()`: a symbol, or a dictionary of symbols."""
        self._make_encoders()
        if self._encoded is None:
            object.__setattr__(self, "_encoded", self._encode(self.inputs))
        return self._encoded

    def compute_output_spec(self, data: Any) -> Any:
        """Return the shapes and dtypes of the outputs as symbols.

        Args:
            data: A symbol for each feature.
        """
        self._make_encoders()
        found = self._encode(self._checked(data))
        if isinstance(found, dict):
            return {name: KerasTensor(x.shape, x.dtype) for name, x in found.items()}
        return KerasTensor(found.shape, found.dtype)

    # Calling

    def __call__(self, data: Any) -> Any:
        """Encode a dictionary of columns, of single values or of symbols."""
        self._make_encoders()
        columns = self._checked(data)
        if has_spec((columns,), {}):
            return super().__call__(columns)
        single = any(column.ndim == 0 for column in columns.values())
        found = self._encode({name: _as_column(value) for name, value in columns.items()})
        if not single:
            return found
        if isinstance(found, dict):
            return {name: _first_row(x) for name, x in found.items()}
        return found.squeeze(0)

    def call(self, data: Any) -> Any:
        """Encode a dictionary of columns.

        Args:
            data: The columns.
        """
        return self._encode(data)

    def _checked(self, data: Any) -> dict[str, Any]:
        if not is_table(data):
            raise ValueError(
                "A FeatureSpace can only be called with a dictionary of columns. Received: "
                f"{show(data)} (of type {type(data).__name__})."
            )
        missing = [name for name in self.features if name not in data]
        if missing:
            raise ValueError(f"The data must have all features. Missing: {missing}.")
        return {
            name: data[name] if isinstance(data[name], Spec) else column_of(data, name)
            for name in self.features
        }

    def _preprocessed(self, columns: dict[str, Any]) -> dict[str, Any]:
        return {name: self.preprocessors[name](columns[name]) for name in self.features}

    def _encode(self, columns: dict[str, Any]) -> Any:
        found = self._preprocessed(columns)
        crossed = {
            cross.name: self.crossers[cross.name]([found[name] for name in cross.feature_names])
            for cross in self.crosses
        }
        encoded = {}
        for name in (*sorted(found), *sorted(crossed)):
            value = found[name] if name in found else crossed[name]
            encoder = self.one_hot_encoders.get(name)
            encoded[name] = value if encoder is None else encoder(value)
        if self.output_mode == "dict":
            return encoded
        for name, value in encoded.items():
            _check_float(name, value)
        return self.concat(list(encoded.values()))

    # Config and files

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {
            "features": serialize_keras_object(self.features),
            "output_mode": self.output_mode,
            "crosses": serialize_keras_object(list(self.crosses)),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the feature space that a config describes.

        Args:
            config: What `get_config()` returned.
        """
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        """Return what the layers of the features were built with."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layers of the features; what they learned comes from a file.

        Args:
            config: What `get_build_config()` returned.
        """
        for name, inner in config.items():
            layer = self.preprocessors[name]
            if inner and not layer.built:
                layer.build_from_config(inner)
        object.__setattr__(self, "_is_adapted", True)
        self.built = True

    def save(self, filepath: "str | os.PathLike[str]") -> None:
        """Write everything into a `.keras` file, which `torchkeras.models.load_model` reads.

        Args:
            filepath: The file.
        """
        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Write nothing: all variables are those of the features' layers.

        Args:
            store: A mapping of names to arrays.
        """

    def load_own_variables(self, store: Any) -> None:
        """Read nothing.

        Args:
            store: A mapping of names to arrays.
        """

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_inputs": None, "_encoded": None}


def _is_iterable(data: Any) -> bool:
    return hasattr(data, "__iter__") or hasattr(data, "__getitem__")


def _as_column(value: Any) -> Any:
    """Return single values and rows of them as columns."""
    if value.ndim == 0:
        return value.reshape(1, 1)
    return value[:, None] if value.ndim == 1 else value


def _first_row(x: Tensor) -> Tensor:
    return x.squeeze(0) if x.dim() == 2 and x.shape[0] == 1 else x


def _check_float(name: str, value: Any) -> None:
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype.startswith("int") or dtype == "string":
        raise ValueError(
            f"Feature {name!r} cannot be joined with others, as it is not encoded (its dtype is "
            f"{dtype}). Give it `output_mode='one_hot'`, or the FeatureSpace `output_mode='dict'`."
        )
