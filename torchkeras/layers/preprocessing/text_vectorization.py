"""`TextVectorization`: texts to numbers of their words."""

from collections.abc import Callable
from itertools import chain
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.messages import one_of
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.config import encode

from .batches import adapt_counter
from .categories import encode as encode_categories
from .flat_counts import FlatCounts
from .flat_text import Flat, FlatLookup, vectors
from .lookup_arguments import checked_mode, refuse_sparse
from .reading import Reading
from .run_table import RunTable
from .string_lookup import StringLookup
from .text import Strings, as_bytes, as_strings, placed, rows_of
from .token_batch import Text, WordBatch
from .tokenizing import SPLITS, STANDARDIZATIONS, ngrams_of, standardized, tokens_of, widths_of
from .vocabulary import Table, refuse_path

_Size = int | None


class TextVectorization(Reading):
    """Turn texts into the numbers of their words, or into one vector for each text.

    Texts are standardized, split into tokens (and runs of them), and the tokens looked up in a
    vocabulary that is given, or that `adapt` learns. In "int" mode 0 fills shorter texts up and 1
    stands for unknown tokens.

    Args:
        max_tokens: The largest size of the vocabulary, both special places included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", `None`, or a
            function of a NumPy array of strings.
        split: "whitespace", "character", `None`, or a function of a NumPy array of strings that
            returns the tokens of each; or a tokenizer of torchtext, which takes one text.
        ngrams: The longest run of tokens that counts as one, or a tuple of lengths.
        output_mode: "int", or for each text a vector "multi_hot", "count" or "tf_idf"; "one_hot"
            for a vector for each token.
        output_sequence_length: The length to which texts are cut and filled up in "int" mode.
        pad_to_max_tokens: Whether vectors have `max_tokens` entries in any case.
        vocabulary: The tokens, or the path of a file with one token a line.
        idf_weights: The weight of each token, for "tf_idf" with a given vocabulary.
        sparse: Not possible on torch.
        ragged: Not possible on torch.
        encoding: How bytes are read for functions and for `get_vocabulary`.
        name: The layer's name.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A string, or strings of shape `(batch,)` or `(batch, 1)`.

    Output shape:
        `(batch, tokens)` in "int" mode, otherwise `(batch, size of the vocabulary)`.

    Raises:
        ValueError: If arguments do not fit together.

    Differs from Keras:
        TensorFlow is not needed. Functions take NumPy arrays. The vocabulary is in `state_dict`
        too.

    Example:
        >>> import torchkeras
        >>> layer = torchkeras.layers.TextVectorization()
        >>> layer.adapt(["Foo bar, foo!", "baz"])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'foo', 'baz', 'bar']
        >>> layer(["foo qux", "Baz"])
        tensor([[2, 1],
                [3, 0]])
    """

    takes_text = True
    _lookup_layer: StringLookup
    _fast: tuple[Table, FlatLookup] | None = None
    _counts: FlatCounts | None = None

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[..., Any] | None = "lower_and_strip_punctuation",
        split: str | Callable[..., Any] | None = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        given = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        refuse_sparse(sparse)
        if ragged:
            raise ValueError("`ragged=True` is not possible on torch. Received: ragged=True.")
        self.output_mode = checked_mode(output_mode)
        self.standardize, self.split, self.ragged = standardize, split, ragged
        if not callable(standardize):
            one_of("standardize", standardize, STANDARDIZATIONS)
        if not callable(split):
            one_of("split", split, SPLITS)
        self.ngrams = ngrams
        self._widths = widths_of(ngrams)
        self.output_sequence_length = self._checked_length(output_sequence_length)
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=self.output_mode,
            encoding=encoding,
            has_input_vocabulary=given,
            vocabulary_size=size,
        )

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: what there is to learn, `adapt` learns.

        Args:
            input_shape: The shape of the texts.
        """

    def _checked_length(self, length: Any) -> int | None:
        if length is None:
            return None
        if self.output_mode != "int" or isinstance(length, bool) or not isinstance(length, int):
            raise ValueError(
                "`output_sequence_length` must be an integer, and `output_mode` 'int', or it must "
                f"be `None`. Received: output_sequence_length={length!r} and "
                f"output_mode={self.output_mode!r}."
            )
        return length

    # The vocabulary

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens, each at the place of its number.

        Args:
            include_special_tokens: Whether the places of padding and unknown tokens are included.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of tokens, special places included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use a vocabulary that is known already.

        Args:
            vocabulary: The tokens, or the path of a file with one token a line.
            idf_weights: A weight for each token, if `output_mode` is "tf_idf".
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary: tokens by how often they come, the greater of two equals first.

        Args:
            data: An array or list of texts; or batches of them: a torch `Dataset` or `DataLoader`,
                a `PyDataset`, or any iterable. Of tuples the first part is read.
            batch_size: Kept for Keras's signature.
            steps: How many batches are read; all if not given.

        Raises:
            ValueError: If the vocabulary was given when the layer was made.
        """
        adapt_counter(self, data, _as_column, steps)

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch of texts.

        Args:
            data: The texts.
        """
        given = as_strings(data, "data")
        if self.split is None:
            self._lookup_layer.update_state(self._unsplit(given))
            return
        self._lookup_layer.refuse_to_adapt()
        if self._counts is None:
            self._counts = FlatCounts(self._run_table(), self.output_mode == "tf_idf")
        self._counts.add(self._batch(self._in_a_row(given), self._counts.table, "data"))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._counts is None:
            self._lookup_layer.finalize_state()
        else:
            self._lookup_layer.learn(self._counts)
            self._counts = None

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts = None
        self._lookup_layer.reset_state()

    # Calling

    def read(self, inputs: Any) -> Any:
        return as_strings(inputs)

    def _run_table(self) -> RunTable:
        """Return a table that numbers the tokens of this layer; runs of a function's are tokens."""
        return RunTable(self.split == "character", None if callable(self.split) else self._widths)

    def _batch(self, texts: Strings, table: RunTable, argument: str) -> Any:
        """Return the tokens of texts."""
        try:
            how = self.standardize
            if callable(how):
                texts, how = standardized(texts.reshape(-1), how, self.encoding), None
            flat: list[Text] = texts.reshape(-1).tolist()
            if not callable(self.split):
                return table.split(flat, how)
            flat = standardized(texts, how, self.encoding).reshape(-1).tolist()
            rows = tokens_of(flat, self.split, self.encoding)
            rows = rows if self._widths is None else ngrams_of(rows_of(rows), self._widths)
            return WordBatch.listed(list(chain.from_iterable(rows)), [len(row) for row in rows])
        except TypeError:
            as_bytes(texts, argument)  # says what is wrong
            raise

    def _unsplit(self, texts: Strings) -> Strings:
        """Return texts that are tokens already, or n-grams of them."""
        texts = as_bytes(standardized(as_bytes(texts), self.standardize, self.encoding))
        if self._widths is None:
            return texts
        rows = ngrams_of(texts.reshape(-1, texts.shape[-1]).tolist(), self._widths)
        return as_bytes(rows).reshape(*texts.shape[:-1], -1)

    def _in_a_row(self, texts: Strings) -> Strings:
        """Return a column of texts without its last axis."""
        if texts.ndim < 2:
            return texts
        if texts.shape[-1] != 1:
            raise ValueError(
                "`inputs` must have one axis, or a last axis of size 1, to be split. Received: "
                f"strings of shape {texts.shape}."
            )
        return texts[..., 0]

    def call(self, inputs: Any) -> Tensor:
        """Turn texts into numbers.

        Args:
            inputs: A string, or an array or list of strings.
        """
        given = as_strings(inputs)
        if self.split is None:
            return self._of_tokens(self._unsplit(given))
        texts = self._in_a_row(given)
        flat = self._flat(texts)
        if self.output_mode not in ("int", "one_hot"):
            return self._vectors(flat, texts.shape)
        table = flat.table(*((self.output_sequence_length, 0) if self._is_int else (None, -1)))
        numbers = placed(table.reshape(*texts.shape, table.shape[-1]))
        return numbers if self._is_int else self._one_hot(numbers)

    @property
    def _is_int(self) -> bool:
        return self.output_mode == "int"

    def _flat(self, texts: Strings) -> Flat:
        """Look the tokens of texts up, all at once."""
        table = self._lookup_layer._table
        if self._fast is None or self._fast[0] is not table:
            made = FlatLookup(self._run_table(), table, self._lookup_layer.unknown_number)
            object.__setattr__(self, "_fast", (table, made))
        assert self._fast is not None
        lookup = self._fast[1]
        return lookup.look_up(self._batch(texts, lookup.table, "inputs"))

    def _of_tokens(self, tokens: Strings) -> Tensor:
        """Look up texts that are not split."""
        found: Tensor = self._lookup_layer(tokens)
        length = self.output_sequence_length
        if length is None:
            return found
        kept = found[..., :length]
        return torch.nn.functional.pad(kept, (0, length - kept.shape[-1]))

    def _one_hot(self, numbers: Tensor) -> Tensor:
        """Give every token a vector; shorter texts are filled up with zeros."""
        self._lookup_layer.check_ready()
        depth = self._lookup_layer.depth or 0
        return encode_categories(numbers.unsqueeze(-1), "one_hot", depth, torch.int64)

    def _vectors(self, flat: Flat, shape: tuple[int, ...]) -> Tensor:
        """Count the tokens of each text."""
        lookup = self._lookup_layer
        lookup.check_ready()
        idf = lookup.weights_of_tokens() if self.output_mode == "tf_idf" else None
        at_hand = idf is not None and idf.device.type == "cpu"
        found = vectors(flat, lookup.depth or 0, self.output_mode, idf if at_hand else None)
        found = placed(found).reshape(*shape, found.shape[-1])
        return found if at_hand else lookup.weighted(found)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the texts.
        """
        shape: tuple[_Size, ...] = tuple(input_shape)
        length = self.output_sequence_length
        if self.split is not None:
            shape = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
            if self.output_mode == "int":
                return (*shape, length)
            tokens = (None,) if self.output_mode == "one_hot" else ()
            return (*shape, *tokens, self._lookup_layer.depth)
        if self._widths is not None and shape:
            shape = (*shape[:-1], self._count_ngrams(shape[-1]))
        if self.output_mode == "int":
            return shape if length is None else (*shape[:-1], length)
        return self._lookup_layer.compute_output_shape(shape)

    def _count_ngrams(self, size: _Size) -> _Size:
        if size is None:
            return None
        return sum(max(size - width + 1, 0) for width in self._widths or ())

    def compute_output_spec(self, inputs: Spec) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol.
        """
        dtype = settings.floatx() if self.output_mode == "tf_idf" else "int64"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    @property
    def compute_dtype(self) -> str:
        """The dtype of the inputs."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """The dtype of the inputs."""
        return "string"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_fast": None}

    # Config and files

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`; a learned vocabulary is no part of them."""
        lookup = self._lookup_layer
        inner = lookup.attribute_config()
        shared = "max_tokens pad_to_max_tokens sparse vocabulary idf_weights".split()
        return {
            **{name: inner[name] for name in shared},
            "standardize": encode(self.standardize),
            "split": encode(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "ragged": self.ragged,
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the layer that a config describes; it may not name a file.

        Args:
            config: What `get_config()` returned.
        """
        refuse_path(config)
        if isinstance(config.get("ngrams"), list):
            config = {**config, "ngrams": tuple(config["ngrams"])}
        return super().from_config(config)

    def get_build_config(self) -> None:
        """Return nothing: the layer needs no shapes."""

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of "tf_idf" into a mapping.

        Args:
            store: A mapping of names to arrays.
        """
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read the weights of "tf_idf" from a mapping.

        Args:
            store: What `save_own_variables` wrote.
        """
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder, unless it is part of the config.

        Args:
            dir_path: The folder.
        """
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder.

        Args:
            dir_path: A folder that `save_assets`, or Keras, wrote.
        """
        self._lookup_layer.load_assets(dir_path)


def _as_column(texts: Any) -> Strings:
    """Return texts in a row as samples of one text each."""
    found = as_strings(texts, "data")
    return found[:, None] if found.ndim == 1 else found
