"""`IndexLookup`: what looking up strings and integers has in common."""

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import to_torch
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor

from .batches import adapt_counter
from .categories import encode, encoded_shape
from .lookup_arguments import check_arguments, checked_salt, plain_list
from .vocabulary import Counts, Ranked, Token, refuse_path
from .vocabulary_owner import VocabularyOwner

_UNKNOWN = -1


class IndexLookup(VocabularyOwner):
    """Tokens to numbers by a vocabulary, or back; `StringLookup` and `IntegerLookup` are final."""

    invert: bool

    def _set_up(self, arguments: dict[str, Any], options: dict[str, Any]) -> None:
        """Take the arguments of a final class's `__init__`, and its `**kwargs`."""
        self.oov_method = options.pop("oov_method", arguments.pop("oov_method", "floormod"))
        vocabulary, idf_weights = arguments.pop("vocabulary"), arguments.pop("idf_weights")
        if hasattr(vocabulary, "get_itos"):
            vocabulary = plain_list(vocabulary)
        salt = arguments.pop("salt")
        self._vocabulary_size = options.pop("vocabulary_size", None)
        self._has_input_vocabulary = options.pop("has_input_vocabulary", vocabulary is not None)
        for unused in ("trainable", "dtype"):
            options.pop(unused, None)
        if options:
            raise ValueError(f"Unrecognized keyword argument(s): {options}")
        for name, value in arguments.items():
            setattr(self, name, value)
        self.output_mode = check_arguments(self, vocabulary, idf_weights)
        self.salt = checked_salt(self, salt)
        self.input_vocabulary = None if isinstance(vocabulary, str) else vocabulary
        self.input_idf_weights = idf_weights
        self._counts = Counts()
        self.register_buffer("_idf", None, persistent=False)
        self.register_buffer("_text", torch.zeros(0, dtype=torch.uint8), persistent=False)
        self._install([], None)
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # What the final classes say

    def rows(self, data: Any) -> list[list[Token]]:
        """Return the tokens of each document of a batch."""
        raise NotImplementedError

    def look_up(self, inputs: Any) -> Tensor:
        """Return the numbers of tokens, unknown and masked ones included."""
        raise NotImplementedError

    def look_back(self, indices: Tensor) -> Any:
        """Return the tokens of numbers."""
        raise NotImplementedError

    # Adapting

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: tokens by how often they come, the greater of two equals first.

        Args:
            data: An array, list or tensor of tokens; or batches of them: a torch `Dataset` or
                `DataLoader`, a `PyDataset`, or any iterable. Of tuples the first part is read.
            steps: How many batches are read; all if not given.

        Raises:
            ValueError: If the vocabulary was given when the layer was made.
        """
        adapt_counter(self, data, _as_column, steps)

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch; one row is one document.

        Args:
            data: The batch.
        """
        self.update_rows(self.rows(data))

    def update_rows(self, rows: Any) -> None:
        """Count the tokens of documents.

        Args:
            rows: The tokens of each document.
        """
        self.refuse_to_adapt()
        self._counts.add(rows, self.output_mode == "tf_idf")

    def refuse_to_adapt(self) -> None:
        """Refuse to learn a vocabulary if one was given."""
        if self._has_input_vocabulary:
            raise ValueError(
                f"Layer {self.name!r} was made with a `vocabulary`, so it cannot adapt. Leave the "
                "argument out."
            )

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self.learn(self._counts)

    def learn(self, counts: Ranked) -> None:
        """Make the vocabulary of tokens that were counted.

        Args:
            counts: How often they came.
        """
        if not self._has_input_vocabulary and len(counts):
            special = (self.mask_token, self.oov_token)
            without = [None if token is None else self.to_token(token) for token in special]
            most = self.max_tokens - self.token_start if self.max_tokens else None
            tokens, idf = (ranking := counts.ranked(without, most)).tokens, None
            if self.output_mode == "tf_idf":
                weights = ranking.inverse_frequencies()
                idf = self._idf_of(weights.tolist(), len(tokens), self.token_start)
            self._refuse_new_size(len(tokens))
            self._install(tokens, idf)
            self.reset_state()
        self._record_size()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts = Counts()

    # Calling

    def call(self, inputs: Any) -> Any:
        if self.invert:
            return self.look_back(inputs)
        self.check_ready()
        return self.encode(self.look_up(inputs))

    def check_ready(self) -> None:
        """Refuse to make vectors whose size is not known."""
        if self.output_mode == "int" or self.depth is not None:
            return
        raise RuntimeError(
            f"With output_mode={self.output_mode!r} layer {self.name!r} needs its vocabulary "
            "first. Give `vocabulary`, or call `adapt` on data."
        )

    def encode(self, numbers: Tensor) -> Tensor:
        """Return looked-up numbers in the output mode of the layer."""
        if self.num_oov_indices == 0 and bool((numbers == _UNKNOWN).any()):
            raise ValueError(
                f"With `num_oov_indices=0` all inputs of layer {self.name!r} must be in its "
                "vocabulary, but some are not. Set `num_oov_indices=1`."
            )
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return self.weighted(encode(numbers, mode, self.depth or 0, torch.int64))

    def weighted(self, encoded: Tensor) -> Tensor:
        """Return counts with the weights of "tf_idf", and anything else as it is."""
        if self.output_mode != "tf_idf":
            return encoded
        weights = self.weights_of_tokens().to(encoded.device)
        return encoded.to(to_torch(settings.floatx())) * weights

    def weights_of_tokens(self) -> Tensor:
        """Return the weights of "tf_idf"."""
        if self._idf is None:
            raise RuntimeError(f"Layer {self.name!r} has no vocabulary. Call `adapt` on data.")
        return self._idf

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the inputs.
        """
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return encoded_shape(tuple(input_shape), mode, self.depth)

    def compute_output_spec(self, inputs: Spec) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol.
        """
        dtype = settings.floatx() if self.output_mode == "tf_idf" else "int64"
        dtype = self.vocabulary_dtype if self.invert else dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    @property
    def compute_dtype(self) -> str:
        """The dtype of the tokens."""
        return self.vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the tokens."""
        return self.vocabulary_dtype

    # Config and files

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`; a learned vocabulary is no part of them."""
        names = (
            "invert max_tokens num_oov_indices oov_token mask_token output_mode sparse "
            "pad_to_max_tokens vocabulary_dtype oov_method salt"
        ).split()
        return {
            **{name: getattr(self, name) for name in names},
            "idf_weights": _listed(self.input_idf_weights),
            "vocabulary": _listed(self.input_vocabulary),
            "vocabulary_size": self._vocabulary_size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the layer that a config describes; it may not name a file.

        Args:
            config: What `get_config()` returned.
        """
        refuse_path(config)
        return super().from_config(config)

    def get_build_config(self) -> dict[str, Any]:
        """Return nothing: the layer needs no shapes."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Be built.

        Args:
            config: What `get_build_config()` returned.
        """
        self.built = True


def _listed(value: Any) -> Any:
    if isinstance(value, (Tensor, np.ndarray)):
        return value.tolist()
    return list(value) if isinstance(value, list) else value


def _as_column(data: Any) -> Any:
    """Return tokens in a row as documents of one token each."""
    if isinstance(data, Tensor):
        return data.unsqueeze(-1) if data.dim() == 1 else data
    array = data if isinstance(data, (list, tuple)) else np.asarray(data)
    if isinstance(array, np.ndarray):
        return array[:, None] if array.ndim == 1 else array
    nested = len(array) > 0 and isinstance(array[0], (list, tuple, np.ndarray, Tensor))
    return array if nested else [[token] for token in array]
