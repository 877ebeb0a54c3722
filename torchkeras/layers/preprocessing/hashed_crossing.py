"""`HashedCrossing`: several features as one, in the bins of a hash."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._base.nested import map_leaves
from torchkeras._symbolic.tensor import KerasTensor

from .categories import encode
from .fingerprint import cross, fingerprint
from .lookup_arguments import refuse_sparse
from .reading import Reading
from .text import as_bytes, is_text, placed


class HashedCrossing(Reading):
    """Put combinations of categories into bins: `hash(features) % num_bins`, order counts.

    Args:
        num_bins: The number of bins.
        output_mode: "int" for bins, or "one_hot".
        sparse: Not possible on torch.
        name: The layer's name.
        dtype: The dtype of the outputs; by default int64 for bins.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list or tuple of at least two features, all of shape `(batch,)`, `(batch, 1)` or `()`,
        each of strings or integers.

    Output shape:
        That of a feature; with "one_hot" `(batch, num_bins)`.

    Raises:
        ValueError: If an argument is out of range, or the features are not alike in shape.

    Differs from Keras:
        TensorFlow is not needed. `num_bins` must be positive.

    Example:
        >>> import torchkeras
        >>> layer = torchkeras.layers.HashedCrossing(num_bins=5)
        >>> layer((["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]))
        tensor([1, 4, 1, 1, 3])
    """

    takes_text = True

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if dtype is None:
            dtype = "int64" if output_mode == "int" else settings.floatx()
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.num_bins = positive_int("num_bins", num_bins)
        self.output_mode = one_of("output_mode", output_mode, ("int", "one_hot"))
        refuse_sparse(sparse)
        self.sparse = sparse

    def read(self, inputs: Any) -> Any:
        """Return features as arrays of bytes and tensors of integers.

        Args:
            inputs: The features.
        """
        self._check_count(inputs)
        return [self._feature(feature) for feature in inputs]

    def _feature(self, feature: Any) -> Any:
        if is_text(feature):
            return as_bytes(feature)
        found = feature if isinstance(feature, Tensor) else placed(np.asarray(feature))
        if found.is_floating_point() or found.is_complex():
            raise ValueError(
                "All features must be strings or integers. Received: "
                f"{show(feature)} (of type {type(feature).__name__})."
            )
        return found

    def _check_count(self, inputs: Any) -> None:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                f"Layer {self.name!r} must be called on a list or tuple of at least two features. "
                f"Received: {show(inputs)}."
            )

    def call(self, inputs: Any) -> Tensor:
        """Put combinations into bins.

        Args:
            inputs: The features.
        """
        features = self.read(inputs)
        shape = self._common_shape([tuple(feature.shape) for feature in features])
        columns = [_hashes(feature) for feature in features]
        found = [cross(row) % self.num_bins for row in zip(*columns, strict=True)]
        bins = placed(np.array(found, dtype=np.int64).reshape(shape))
        bins = next((bins.to(x.device) for x in features if isinstance(x, Tensor)), bins)
        return encode(bins, self.output_mode, self.num_bins, to_torch(self.dtype))

    def _common_shape(self, shapes: list[tuple[int | None, ...]]) -> Any:
        first = shapes[0]
        if len(first) > 2 or (len(first) == 2 and first[1] != 1):
            raise ValueError(
                "All features must have the shape (), (batch,) or (batch, 1). "
                f"Received: features of shapes {shapes}."
            )
        if any(shape != first for shape in shapes):
            raise ValueError(
                f"All features must have one shape. Received: features of shapes {shapes}."
            )
        return first

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shapes of the features.
        """
        self._check_count(input_shape)
        shape = self._common_shape([tuple(shape) for shape in input_shape])
        if self.output_mode == "int":
            return shape
        return (*shape, self.num_bins) if len(shape) == 1 else (*shape[:1], self.num_bins)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol for each feature.
        """
        self._check_count(inputs)
        shapes = map_leaves(lambda symbol: symbol.shape, list(inputs))
        return KerasTensor(self.compute_output_shape(shapes), self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        names = ("num_bins", "output_mode", "sparse", "name", "dtype")
        return {name: getattr(self, name) for name in names}


def _hashes(feature: Any) -> list[int]:
    """Return the fingerprints of strings, and integers as they are."""
    if isinstance(feature, Tensor):
        found: list[int] = feature.detach().to(torch.int64).reshape(-1).tolist()
        return found
    known = {text: fingerprint(text) for text in set(feature.reshape(-1).tolist())}
    return [known[text] for text in feature.reshape(-1)]
