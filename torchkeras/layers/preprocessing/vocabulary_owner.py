"""`VocabularyOwner`: a layer with a vocabulary, and the files that keep it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.messages import show

from .learned import Learned
from .lookup_arguments import check_vocabulary, plain_list
from .reading import Reading
from .vocabulary import Table, Token, read_lines

_MASKED = -2  # counted nowhere
_UNKNOWN = -1
_ASSET, _ASSET_OF_ODD_TOKENS = "vocabulary.txt", "vocabulary.json"


class VocabularyOwner(Reading, Learned):
    """A layer that numbers tokens; the final classes say what a token is."""

    takes_text = True
    learned_key = "_text"
    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    output_mode: str
    pad_to_max_tokens: bool
    input_vocabulary: Any
    vocabulary_dtype: ClassVar[str]
    _tokens: list[Token]
    _table: Table
    _vocabulary_size: int | None
    _idf: Tensor | None
    _text: Tensor

    # What the final classes say

    def to_token(self, value: Any) -> Token:
        """Return a token of the vocabulary as it is kept."""
        raise NotImplementedError

    def from_token(self, token: Token) -> Any:
        """Return a token as the user sees it."""
        raise NotImplementedError

    def index_tokens(self, tokens: Sequence[Token]) -> None:
        """Get ready to look tokens up."""

    # The places of tokens

    @property
    def oov_start(self) -> int:
        """The number of the first unknown token."""
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def token_start(self) -> int:
        """The number of the first token of the vocabulary."""
        return self.oov_start + int(self.num_oov_indices)

    @property
    def masked_number(self) -> int:
        """The number of the mask token."""
        return 0 if self.output_mode == "int" else _MASKED

    @property
    def unknown_number(self) -> int:
        """The number of unknown tokens, or a negative one if each has its own."""
        return self.oov_start if self.num_oov_indices == 1 else _UNKNOWN

    def special_tokens(self) -> list[Any]:
        """Return the tokens before those of the vocabulary."""
        return [self.mask_token] * self.oov_start + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens, each at the place of its number.

        Args:
            include_special_tokens: Whether the places of masked and unknown tokens are included.
        """
        special = self.special_tokens() if include_special_tokens else []
        return special + [self.from_token(token) for token in self._tokens]

    def vocabulary_size(self) -> int:
        """Return the number of tokens, places of masked and unknown ones included."""
        return self.token_start + len(self._tokens)

    @property
    def depth(self) -> int | None:
        """The size of the vectors that are not plain numbers, `None` before it is known."""
        size: int | None = self.max_tokens if self.pad_to_max_tokens else self._vocabulary_size
        return size

    # Setting the vocabulary

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use a vocabulary that is known already.

        Args:
            vocabulary: The tokens in an array, list or tensor, with or without the special ones at
                their beginning; or torchtext's `Vocab`, whose unknown token is left out; or the
                path of a file with one token a line.
            idf_weights: A weight for each token, if `output_mode` is "tf_idf".

        Raises:
            ValueError: If tokens repeat or are too many, or the weights do not fit.
        """
        if (idf_weights is not None) != (self.output_mode == "tf_idf"):
            raise ValueError(
                "`idf_weights` must be given if `output_mode` is 'tf_idf', and only then. "
                f"Received: output_mode={self.output_mode!r} and idf_weights={show(idf_weights)}."
            )
        if isinstance(vocabulary, str):
            if self.output_mode == "tf_idf":
                raise ValueError("A vocabulary file has no weights: give tokens for 'tf_idf'.")
            tokens = [self.to_token(line) for line in read_lines(vocabulary)]
            check_vocabulary(self, tokens)
            self._install(tokens, None)
            self._record_size()
            return
        given = [self.to_token(token) for token in plain_list(vocabulary)]
        special = [self.to_token(token) for token in self.special_tokens()]
        found = bool(special) and given[: len(special)] == special
        tokens = given[len(special) :] if found else given
        check_vocabulary(self, tokens)
        idf = None
        if idf_weights is not None:
            idf = self._idf_of(plain_list(idf_weights), len(given), 0 if found else len(special))
        self._refuse_new_size(len(tokens))
        self._install(tokens, idf)
        self._record_size()

    def _idf_of(self, weights: list[float], count: int, front: int) -> "np.ndarray[Any, Any]":
        """Return a weight for each number; unknown tokens get the mean."""
        numbers = np.asarray(weights, dtype=np.float32)
        if numbers.shape != (count,):
            raise ValueError(
                f"`idf_weights` must have one weight for each of the {count} tokens. Received: "
                f"weights of shape {numbers.shape}."
            )
        filled = np.concatenate([np.full(front, np.mean(numbers)), numbers])
        missing = (self.max_tokens or 0) - len(filled) if self.pad_to_max_tokens else 0
        return np.pad(filled, (0, max(missing, 0))).astype(np.float32)

    def _install(self, tokens: list[Token], idf: "np.ndarray[Any, Any] | None") -> None:
        # Past the search for layers among the values: they are many, and tokens.
        object.__setattr__(self, "_tokens", tokens)
        object.__setattr__(self, "_table", Table(tokens, self.token_start, self.unknown_number))
        if self.mask_token is not None:
            self._table[self.to_token(self.mask_token)] = self.masked_number
        self._idf = None if idf is None else torch.from_numpy(idf).to(self._text.device)
        self._text = self._text[:0]
        self.index_tokens(tokens)

    def _written(self) -> Tensor:
        """Return the vocabulary as a tensor of bytes; it is made where it is asked for."""
        if not self._text.numel():
            state: dict[str, Any] = {"tokens": [_as_json(token) for token in self._tokens]}
            if self._idf is not None:
                state["idf_weights"] = self._idf.tolist()
            text = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
            self._text = torch.from_numpy(text.copy()).to(self._text.device)
        return self._text

    def _refuse_new_size(self, count: int) -> None:
        free = self.output_mode == "int" or self.pad_to_max_tokens or self._vocabulary_size is None
        if not free and self.token_start + count != self._vocabulary_size:
            raise RuntimeError(
                f"With output_mode={self.output_mode!r} and `pad_to_max_tokens=False` the size of "
                f"the vocabulary cannot change: it is {self._vocabulary_size}, and the new one has "
                f"{self.token_start + count}. Make a new layer, or set `pad_to_max_tokens`."
            )

    def _record_size(self) -> None:
        self._vocabulary_size = self.vocabulary_size()

    # Files

    def save_own_variables(self, store: Any) -> None:
        """Write a learned vocabulary and the weights of "tf_idf" into a mapping.

        Args:
            store: A mapping of names to arrays.
        """
        if self.input_vocabulary is None:
            store["_text"] = self._written().cpu().numpy()
        if self._idf is not None:
            store["idf_weights"] = self._idf.cpu().numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read a learned vocabulary and the weights of "tf_idf" from a mapping.

        Args:
            store: What `save_own_variables` wrote; our files hold the vocabulary too.
        """
        if self.input_vocabulary is None and "_text" in store:
            self.take_learned(torch.from_numpy(np.array(store["_text"])))
        if self.output_mode == "tf_idf":
            self._idf = torch.tensor(np.asarray(store["idf_weights"], dtype=np.float32))
            self._install(self._tokens, self._idf.numpy())

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder, unless it is part of the config.

        Args:
            dir_path: The folder.
        """
        if self.input_vocabulary is not None:
            return
        tokens = [str(token) for token in self.get_vocabulary()]
        Path(dir_path, _ASSET).write_text("\n".join(tokens), encoding="utf-8", newline="")
        ends_empty = not tokens or not tokens[-1]  # which a file of lines cannot say
        if ends_empty or any(token.splitlines() not in ([token], []) for token in tokens):
            Path(dir_path, _ASSET_OF_ODD_TOKENS).write_text(json.dumps(tokens), encoding="utf-8")

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder.

        Args:
            dir_path: A folder that `save_assets`, or Keras, wrote.
        """
        if self.input_vocabulary is not None:
            return
        odd = Path(dir_path, _ASSET_OF_ODD_TOKENS)
        lines = json.loads(odd.read_text("utf-8")) if odd.is_file() else _lines(dir_path)
        idf = None if self._idf is None else self._idf.cpu().numpy()
        special = [str(token) for token in self.special_tokens()]
        found = lines[: len(special)] == special
        tokens = [self.to_token(line) for line in (lines[len(special) :] if found else lines)]
        check_vocabulary(self, tokens)
        self._install(tokens, idf)
        self._record_size()

    def learned(self) -> Tensor | None:
        return self._written()

    def take_learned(self, value: Tensor) -> None:
        state = json.loads(value.cpu().numpy().tobytes())
        idf = state.get("idf_weights")
        tokens = [self._from_json(token) for token in state["tokens"]]
        check_vocabulary(self, tokens)
        self._install(tokens, None if idf is None else np.asarray(idf, dtype=np.float32))
        self._record_size()

    def _from_json(self, value: Any) -> Token:
        return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else int(value)


def _as_json(token: Token) -> Any:
    return token.decode("utf-8", "surrogateescape") if isinstance(token, bytes) else token


def _lines(folder: Any) -> list[str]:
    lines = Path(folder, _ASSET).read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
