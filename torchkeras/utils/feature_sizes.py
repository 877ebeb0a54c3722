"""How many categories come out of a layer."""

from typing import Any

from torchkeras import layers
from torchkeras.layers.preprocessing.index_lookup import IndexLookup


def cardinality(name: str, layer: Any) -> int:
    """Return the number of categories of a feature.

    Args:
        name: The feature's name, for errors.
        layer: The layer that numbers them.

    Raises:
        ValueError: If it is not known, or the layer makes no categories.
    """
    if isinstance(layer, IndexLookup):
        _refuse_vectors(name, layer)
        return layer.vocabulary_size()
    if isinstance(layer, layers.CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, layers.Discretization):
        _refuse_vectors(name, layer)
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    if isinstance(layer, (layers.HashedCrossing, layers.Hashing)):
        _refuse_vectors(name, layer)
        return layer.num_bins
    raise ValueError(
        f"Feature {name!r} has `output_mode='one_hot'`, but how many categories its layer "
        f"{type(layer).__name__} makes is not known. Give it `output_mode='int'` or 'float'."
    )


def _refuse_vectors(name: str, layer: Any) -> None:
    if layer.output_mode != "int":
        raise ValueError(
            f"Feature {name!r} has `output_mode='one_hot'`, so its layer must return numbers of "
            f"categories. Received: a {type(layer).__name__} with output_mode="
            f"{layer.output_mode!r}. Give the feature `output_mode='float'`."
        )
