"""Words and their numbers, as older Keras made them; `layers.TextVectorization` is the new way."""

import hashlib
import json
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from torchkeras._base.messages import one_of

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "freq", "tfidf")
_Array = np.ndarray[Any, Any]


def text_to_word_sequence(
    input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text.

    Args:
        input_text: The text.
        filters: Characters that stand between words, as `split` does.
        lower: Whether the text is put into lower case.
        split: What stands between words.

    Example:
        >>> from torchkeras.preprocessing.text import text_to_word_sequence
        >>> text_to_word_sequence("Yes, we can!")
        ['yes', 'we', 'can']
    """
    text = input_text.lower() if lower else input_text
    table: dict[str, str | int | None] = dict.fromkeys(filters, split)
    text = text.translate(str.maketrans(table))
    return [word for word in text.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Return a number from 1 to `n` - 1 for each word, by Python's `hash`.

    Args:
        input_text: The text.
        n: How many numbers there are, 0 included.
        filters: Characters that stand between words.
        lower: Whether the text is put into lower case.
        split: What stands between words.
        analyzer: A function that takes the text to pieces in place of all this.

    Example:
        >>> from torchkeras.preprocessing.text import one_hot
        >>> first, _, last = one_hot("so and so", 50)
        >>> first == last
        True
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Return a number for each word, `hash(word) % (n - 1) + 1`; words may share one.

    Args:
        text: The text.
        n: How many numbers there are, 0 included.
        hash_function: A function of a word, or `"md5"`; Python's `hash`, which differs from run to
            run, if not given.
        filters: Characters that stand between words.
        lower: Whether the text is put into lower case.
        split: What stands between words.
        analyzer: A function that takes the text to pieces in place of all this.

    Example:
        >>> from torchkeras.preprocessing.text import hashing_trick
        >>> hashing_trick("so and so", 50, "md5")
        [31, 14, 31]
    """
    number = _md5 if hash_function == "md5" else hash_function or hash
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [number(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Numbers words by how often they occur, the most frequent first; 0 is no word.

    Args:
        num_words: The numbers from this one on are left out of sequences.
        filters: Characters that stand between words.
        lower: Whether texts are put into lower case.
        split: What stands between words.
        char_level: Whether each character is a word.
        oov_token: A word, the first, in the place of those that are not known.
        analyzer: A function that takes a text to pieces in place of all this.
        **kwargs: `document_count`, or `nb_words`, the old name of `num_words`.

    Example:
        >>> from torchkeras.preprocessing.text import Tokenizer
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["a rose is a rose"])
        >>> tokenizer.texts_to_sequences(["is a rose"])
        [[3, 1, 2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn(
                "The argument `nb_words` is of an older Keras: write `num_words`.",
                FutureWarning,
                stacklevel=2,
            )
            num_words = kwargs.pop("nb_words")
        self.document_count = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"`Tokenizer` has no arguments {', '.join(map(repr, kwargs))}.")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number them.

        Args:
            texts: Texts, or lists of words.
        """
        for text in texts:
            self.document_count += 1
            words = list(self._words(text))
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        by_count = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate([*first, *by_count], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Count in how many sequences each number is, for tf-idf.

        Args:
            sequences: Lists of numbers.
        """
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] += 1

    def _words(self, text: Any) -> Iterable[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return text
            return [word.lower() for word in text] if isinstance(text, list) else text.lower()
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return the numbers of the words of texts; words that are not known are left out.

        Args:
            texts: Texts, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield the numbers of the words of each text.

        Args:
            texts: Texts, or lists of words.
        """
        unknown = self._unknown()
        for text in texts:
            found = (self.word_index.get(word) for word in self._words(text))
            yield [i for i in (self._kept(i, unknown) for i in found) if i is not None]

    def _unknown(self) -> int | None:
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def _kept(self, number: int | None, unknown: int | None) -> int | None:
        """Return the number, or that of what is not known if it is beyond `num_words`."""
        if number is None or (self.num_words and number >= self.num_words):
            return unknown
        return number

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Return the words of sequences of numbers, with spaces between them.

        Args:
            sequences: Lists of numbers.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Yield the words of each sequence of numbers.

        Args:
            sequences: Lists of numbers.
        """
        unknown = self._unknown()
        for sequence in sequences:
            known = (number if number in self.index_word else None for number in sequence)
            kept = (self._kept(number, unknown) for number in known)
            yield " ".join(self.index_word[number] for number in kept if number is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> _Array:
        """Return a row for each text with a column for each number.

        Args:
            texts: Texts, or lists of words.
            mode: `"binary"`, `"count"`, `"freq"` or `"tfidf"`.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: list[list[int]], mode: str = "binary") -> _Array:
        """Return a row for each sequence with a column for each number.

        Args:
            sequences: Lists of numbers.
            mode: `"binary"`, `"count"`, `"freq"` (of all in the row), or `"tfidf"`,
                `(1 + ln count) * ln(1 + documents / (1 + documents with it))`.

        Raises:
            ValueError: If the number of columns or of documents is not known yet.
        """
        one_of("mode", mode, _MODES)
        if not self.num_words and not self.word_index:
            raise ValueError("Pass `num_words` to the `Tokenizer`, or call `fit_on_texts` first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Call `fit_on_texts` before `mode='tfidf'`, which needs its counts.")
        columns = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in Counter(i for i in sequence if i < columns).items():
                row[number] = self._entry(mode, number, count, len(sequence))
        return matrix

    def _entry(self, mode: str, number: int, count: int, length: int) -> float:
        if mode == "tfidf":
            documents = 1 + self.index_docs.get(number, 0)
            idf = np.log(1 + self.document_count / documents)
            return float((1 + np.log(count)) * idf)
        return {"binary": 1, "count": count, "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments and the counts, these as JSON."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return the config as JSON.

        Args:
            **kwargs: Arguments of `json.dumps`.
        """
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the tokenizer that `to_json` wrote.

    Args:
        json_string: What it wrote.

    Example:
        >>> from torchkeras.preprocessing.text import Tokenizer, tokenizer_from_json
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["so and so"])
        >>> tokenizer_from_json(tokenizer.to_json()).word_index
        {'so': 1, 'and': 2}
    """
    config = json.loads(json_string)["config"]
    names = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    counted = {name: json.loads(config.pop(name)) for name in names}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(counted["word_counts"])
    tokenizer.word_docs.update(counted["word_docs"])
    tokenizer.index_docs.update({int(i): count for i, count in counted["index_docs"].items()})
    tokenizer.index_word = {int(i): word for i, word in counted["index_word"].items()}
    tokenizer.word_index = counted["word_index"]
    return tokenizer
