"""`IntegerLookup`: integers to their places in a vocabulary, and back."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from .fingerprint import hasher
from .index_lookup import IndexLookup
from .reading import as_integers
from .vocabulary import Token


class IntegerLookup(IndexLookup):
    """Look integers up in a vocabulary: each becomes its place there.

    The vocabulary is given, or `adapt` learns it from data. Before its tokens come a place for the
    mask token, if there is one and `output_mode` is "int", and the places of unknown tokens.

    Args:
        max_tokens: The largest size of the vocabulary, places of special tokens included.
        num_oov_indices: How many places unknown integers share; with 0 they are refused.
        mask_token: The integer that becomes 0, or counts nowhere in other modes than "int".
        oov_token: What unknown places become if `invert` is true.
        vocabulary: The integers, or the path of a file with one a line.
        vocabulary_dtype: "int64".
        idf_weights: The weight of each token, for "tf_idf" with a given vocabulary.
        invert: Whether places are turned back into integers.
        output_mode: "int" for places, "one_hot", or for each sample "multi_hot", "count" or
            "tf_idf".
        sparse: Not possible on torch.
        pad_to_max_tokens: Whether vectors have `max_tokens` entries in any case.
        oov_method: Whether unknown integers share places by their remainder ("floormod") or by
            their hash ("farmhash").
        salt: One integer or two, with which the hash is SipHash.
        name: The layer's name.
        **kwargs: What configs hold besides.

    Input shape:
        Any.

    Output shape:
        The input's; with "one_hot" another axis, otherwise the vector in place of the samples'.

    Raises:
        ValueError: If arguments do not fit together.

    Differs from Keras:
        TensorFlow is not needed, and tensors are looked up where they are. A config never names a
        vocabulary file.

    Example:
        >>> import torchkeras
        >>> layer = torchkeras.layers.IntegerLookup(vocabulary=[12, 36, 1138])
        >>> layer([[12, 1138], [36, 5]])
        tensor([[1, 3],
                [2, 0]])
    """

    vocabulary_dtype: ClassVar[str] = "int64"
    _keys: Tensor
    _places: Tensor
    _back: Tensor

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        if vocabulary_dtype != "int64":
            raise ValueError(
                f"`vocabulary_dtype` must be 'int64'. Received: {vocabulary_dtype=!r}."
            )
        for part in ("_keys", "_places", "_back"):
            self.register_buffer(part, torch.zeros(0, dtype=torch.int64), persistent=False)
        arguments = {
            "max_tokens": max_tokens,
            "num_oov_indices": num_oov_indices,
            "mask_token": mask_token,
            "oov_token": oov_token,
            "vocabulary": vocabulary,
            "idf_weights": idf_weights,
            "invert": invert,
            "output_mode": output_mode,
            "sparse": sparse,
            "pad_to_max_tokens": pad_to_max_tokens,
            "oov_method": oov_method,
            "salt": salt,
        }
        self._set_up(arguments, kwargs)

    def to_token(self, value: Any) -> Token:
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"Tokens of layer {self.name!r} must be integers. Received: {value!r}."
            ) from error

    def from_token(self, token: Token) -> Any:
        return int(token)

    def rows(self, data: Any) -> list[list[Token]]:
        array = data.cpu().numpy() if isinstance(data, Tensor) else np.asarray(data)
        table = array.astype(np.int64)
        table = table.reshape(1, -1) if table.ndim < 2 else table.reshape(len(table), -1)
        return [list(row) for row in table.tolist()]

    def index_tokens(self, tokens: Sequence[Token]) -> None:
        keys = torch.tensor([int(key) for key in self._table], dtype=torch.int64)
        places = torch.tensor(list(self._table.values()), dtype=torch.int64)
        order = keys.argsort()
        where = self._text.device
        self._keys, self._places = keys[order].to(where), places[order].to(where)
        special = [self.oov_token if token is None else token for token in self.special_tokens()]
        back = [*special, *(int(token) for token in tokens)]
        self._back = torch.tensor([*back, self.oov_token], dtype=torch.int64, device=where)

    def read(self, inputs: Any) -> Any:
        return as_integers(inputs)

    def call(self, inputs: Any) -> Any:
        """Look integers up.

        Args:
            inputs: Integers.
        """
        return super().call(as_integers(inputs))

    def look_up(self, inputs: Tensor) -> Tensor:
        unknown = self._unknown_places(inputs)
        if not len(self._keys):
            return torch.zeros_like(inputs) + unknown
        keys, places = self._keys.to(inputs.device), self._places.to(inputs.device)
        position = torch.searchsorted(keys, inputs).clamp(max=len(keys) - 1)
        return torch.where(keys[position] == inputs, places[position], unknown)

    def _unknown_places(self, inputs: Tensor) -> Any:
        count = self.num_oov_indices
        if count < 2:
            return self.unknown_number
        if self.oov_method == "floormod":
            return inputs.remainder(count) + self.oov_start
        hashed = hasher(self.salt)
        buckets = [hashed(b"%d" % x) % count for x in inputs.reshape(-1).tolist()]
        made = torch.tensor(buckets, dtype=torch.int64, device=inputs.device)
        return made.reshape(inputs.shape) + self.oov_start

    def look_back(self, indices: Tensor) -> Tensor:
        back = self._back.to(indices.device)
        last = len(back) - 1
        known = (indices >= 0) & (indices < last)
        return back[torch.where(known, indices, last)]
