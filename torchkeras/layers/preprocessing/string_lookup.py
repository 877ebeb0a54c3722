"""`StringLookup`: strings to numbers, and back."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from .fingerprint import hasher
from .index_lookup import IndexLookup
from .reading import as_integers
from .text import as_bytes, is_text, placed, rows_of
from .vocabulary import Token


class StringLookup(IndexLookup):
    """Look strings up in a vocabulary: each becomes its place there.

    The vocabulary is given, or `adapt` learns it from data. Before its tokens come a place for the
    mask token, if there is one and `output_mode` is "int", and the places of unknown tokens.

    Args:
        max_tokens: The largest size of the vocabulary, places of special tokens included.
        num_oov_indices: How many places unknown tokens share, by their hash; with 0 they are
            refused.
        mask_token: The token that becomes 0, or counts nowhere in other modes than "int".
        oov_token: What unknown places become if `invert` is true.
        vocabulary: The tokens, or the path of a file with one token a line.
        idf_weights: The weight of each token, for "tf_idf" with a given vocabulary.
        invert: Whether numbers are turned into strings.
        output_mode: "int" for numbers, "one_hot", or for each sample "multi_hot", "count" or
            "tf_idf".
        pad_to_max_tokens: Whether vectors have `max_tokens` entries in any case.
        sparse: Not possible on torch.
        encoding: How bytes are read as tokens of `get_vocabulary`.
        name: The layer's name.
        salt: One integer or two, with which the hash of unknown tokens is SipHash.
        **kwargs: What configs hold besides.

    Input shape:
        Any: a string, or an array or nested list of strings.

    Output shape:
        The input's; with "one_hot" another axis, otherwise the vector in place of the samples'.

    Raises:
        ValueError: If arguments do not fit together.

    Differs from Keras:
        TensorFlow is not needed. A config never names a vocabulary file. Inverted arrays of more
        than one axis are NumPy arrays of strings (of one axis: a list, as in Keras).

    Example:
        >>> import torchkeras
        >>> layer = torchkeras.layers.StringLookup(vocabulary=["a", "b", "c"])
        >>> layer([["a", "c"], ["b", "z"]])
        tensor([[1, 3],
                [2, 0]])
    """

    vocabulary_dtype: ClassVar[str] = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        arguments = {
            "max_tokens": max_tokens,
            "num_oov_indices": num_oov_indices,
            "mask_token": mask_token,
            "oov_token": oov_token,
            "vocabulary": vocabulary,
            "idf_weights": idf_weights,
            "invert": invert,
            "output_mode": output_mode,
            "pad_to_max_tokens": pad_to_max_tokens,
            "sparse": sparse,
            "encoding": encoding,
            "salt": salt,
        }
        self._set_up(arguments, kwargs)

    def to_token(self, value: Any) -> Token:
        if not isinstance(value, (str, bytes)):
            raise TypeError(f"Tokens of layer {self.name!r} must be strings. Received: {value!r}.")
        return value.encode() if isinstance(value, str) else value

    def from_token(self, token: Token) -> Any:
        assert isinstance(token, bytes)
        return token.decode(self.encoding)

    def rows(self, data: Any) -> list[list[Token]]:
        return rows_of(data)  # type: ignore[return-value]

    def index_tokens(self, tokens: Sequence[Token]) -> None:
        object.__setattr__(self, "_hash", hasher(self.salt))
        if self.invert:
            names = [self.mask_token] * self.oov_start + [self.oov_token] * self.num_oov_indices
            names += [self.from_token(token) for token in tokens]
            object.__setattr__(self, "_names", np.array([*names, self.oov_token], dtype=object))

    def read(self, inputs: Any) -> Any:
        return as_integers(inputs) if self.invert else as_bytes(inputs)

    def call(self, inputs: Any) -> Any:
        """Look strings up, or numbers if `invert` is true.

        Args:
            inputs: A string, or an array or nested list of strings.
        """
        if not self.invert and not is_text(inputs):
            raise TypeError(f"Layer {self.name!r} takes strings. Received: {inputs!r}.")
        return super().call(inputs)

    def look_up(self, inputs: Any) -> Tensor:
        tokens = as_bytes(inputs)
        numbers = self.numbers_of(tokens.reshape(-1).tolist())
        return placed(numbers.reshape(tokens.shape))

    def numbers_of(self, tokens: list[bytes]) -> "np.ndarray[Any, Any]":
        """Return the numbers of tokens in a row.

        Args:
            tokens: The tokens.
        """
        found = map(self._table.__getitem__, tokens)
        numbers = np.fromiter(found, dtype=np.int64, count=len(tokens))
        if self.num_oov_indices > 1:
            for place in np.flatnonzero(numbers == self.unknown_number):
                bucket = self._hash(tokens[place]) % self.num_oov_indices
                numbers[place] = self.oov_start + bucket
        return numbers

    def look_back(self, indices: Tensor) -> Any:
        places = as_integers(indices).cpu().numpy()
        last = len(self._names) - 1
        known = (places >= 0) & (places < last)
        found = self._names[np.where(known, places, last)]
        if places.ndim == 1:
            return found.tolist()
        return found.astype(str) if places.ndim else str(found)

    def attribute_config(self) -> dict[str, Any]:
        config = super().attribute_config()
        del config["vocabulary_dtype"]
        return {**config, "encoding": self.encoding}
