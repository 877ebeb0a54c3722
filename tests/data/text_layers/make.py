"""What Keras's layers that need TensorFlow make of the rows here: `python make.py`.

It writes `expected.json`, with which tests/contract/test_text_layers.py compares ours.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FILE = Path(__file__).with_name("expected.json")
LETTERS = [["A", "B"], ["", "C"], ["long word, longer than sixteen bytes", "ü"], ["A", "A"]]
NUMBERS = [[0, 1], [-7, 1_000_000], [2**31 - 1, 12], [3, 3]]
CITIES, YEARS, SIGNS = ["Bern", "Oslo", "Bern", ""], [1999, 2000, 2000, -1], ["+", "-", "-", "+"]
WORDS = [["red", "blue", "red"], ["green", "red", "??"], ["blue", "red", ""]]
CODES = [[4, 7, 4], [9, 4, -1], [7, 4, 0]]
TEXTS = [
    "The cat sat; the CAT ran!",
    "A dog\tsat, a dog\nran.",
    "",
    "naïve Äpfel über-all",
    "the the the ran cat",
]


class Row(NamedTuple):
    """A layer to make, what it adapts to, and what it is called on."""

    make: Callable[[Any], Any]
    inputs: Any
    adapts_to: Any = None


def column(values: list[Any]) -> list[list[Any]]:
    """Return values as a column."""
    return [[value] for value in values]


def _hashing(inputs: Any, *args: Any, **kwargs: Any) -> Row:
    return Row(lambda layers: layers.Hashing(*args, **kwargs), inputs)


def _crossing(inputs: Any, *args: Any, **kwargs: Any) -> Row:
    return Row(lambda layers: layers.HashedCrossing(*args, **kwargs), inputs)


def _words(data: Any = WORDS, inputs: Any = WORDS, **kwargs: Any) -> Row:
    return Row(lambda layers: layers.StringLookup(**kwargs), inputs, data)


def _codes(data: Any = CODES, inputs: Any = CODES, **kwargs: Any) -> Row:
    return Row(lambda layers: layers.IntegerLookup(**kwargs), inputs, data)


def _texts(**kwargs: Any) -> Row:
    return Row(lambda layers: layers.TextVectorization(**kwargs), [*TEXTS, "zebra cat"], TEXTS)


ROWS: dict[str, Row] = {
    "Hashing": _hashing(LETTERS, 5),
    "Hashing-row": _hashing(["A", "B", "A"], 7),
    "Hashing-mask": _hashing(LETTERS, 5, mask_value=""),
    "Hashing-mask_that_never_comes": _hashing(LETTERS, 5, mask_value="Z"),
    "Hashing-one_bin": _hashing(LETTERS, 1),
    "Hashing-many_bins": _hashing(LETTERS, 2**31 - 1),
    "Hashing-salt": _hashing(LETTERS, 6, salt=[133, 137]),
    "Hashing-one_salt": _hashing(LETTERS, 6, salt=99),
    "Hashing-salt_and_mask": _hashing(LETTERS, 6, salt=99, mask_value="A"),
    "Hashing-numbers": _hashing(NUMBERS, 6),
    "Hashing-numbers_mask": _hashing(NUMBERS, 6, mask_value=3),
    "Hashing-numbers_salt": _hashing(NUMBERS, 6, salt=[1, 2]),
    "Hashing-int32": _hashing(NUMBERS, 6, dtype="int32"),
    "Hashing-one_hot": _hashing(column(CITIES), 4, output_mode="one_hot"),
    "Hashing-multi_hot": _hashing(LETTERS, 4, output_mode="multi_hot"),
    "Hashing-multi_hot_numbers": _hashing(NUMBERS, 4, output_mode="multi_hot"),
    "Hashing-count": _hashing(LETTERS, 4, output_mode="count", mask_value=""),
    "Hashing-count_float64": _hashing(NUMBERS, 4, output_mode="count", dtype="float64"),
    "HashedCrossing": _crossing([CITIES, YEARS], 5),
    "HashedCrossing-columns": _crossing([column(CITIES), column(YEARS)], 5),
    "HashedCrossing-order": _crossing([YEARS, CITIES], 5),
    "HashedCrossing-three": _crossing([CITIES, YEARS, SIGNS], 11),
    "HashedCrossing-four": _crossing([SIGNS, YEARS, SIGNS, YEARS], 1000),
    "HashedCrossing-strings": _crossing([CITIES, SIGNS], 97),
    "HashedCrossing-numbers": _crossing([YEARS, [5, 6, 7, -8]], 97),
    "HashedCrossing-one_bin": _crossing([CITIES, YEARS], 1),
    "HashedCrossing-many_bins": _crossing([CITIES, YEARS], 2**31 - 1),
    "HashedCrossing-int32": _crossing([CITIES, YEARS], 5, dtype="int32"),
    "HashedCrossing-one_hot": _crossing([CITIES, YEARS], 5, output_mode="one_hot"),
    "HashedCrossing-one_hot_columns": _crossing(
        [column(CITIES), column(YEARS)], 5, output_mode="one_hot"
    ),
    "StringLookup": _words(),
    "StringLookup-given": _words(None, vocabulary=["red", "green"]),
    "StringLookup-most": _words(max_tokens=3),
    "StringLookup-mask": _words(mask_token=""),
    "StringLookup-three_unknown": _words(None, vocabulary=["red"], num_oov_indices=3),
    "StringLookup-one_hot": _words(WORDS, column(CITIES), output_mode="one_hot"),
    "StringLookup-multi_hot": _words(output_mode="multi_hot"),
    "StringLookup-count": _words(output_mode="count", max_tokens=6, pad_to_max_tokens=True),
    "StringLookup-tf_idf": _words(output_mode="tf_idf"),
    "StringLookup-tf_idf_given": _words(
        None, vocabulary=["red", "blue"], idf_weights=[0.5, 2.0], output_mode="tf_idf"
    ),
    "IntegerLookup": _codes(),
    "IntegerLookup-given": _codes(None, vocabulary=[4, 9]),
    "IntegerLookup-mask": _codes(mask_token=0),
    "IntegerLookup-three_unknown": _codes(None, vocabulary=[4], num_oov_indices=3),
    "IntegerLookup-inverse": _codes(None, [[1, 2, 0], [2, 1, 1]], vocabulary=[4, 9], invert=True),
    "IntegerLookup-multi_hot": _codes(output_mode="multi_hot"),
    "IntegerLookup-count": _codes(output_mode="count"),
    "IntegerLookup-tf_idf": _codes(output_mode="tf_idf"),
    "TextVectorization": _texts(),
    "TextVectorization-length": _texts(output_sequence_length=4, max_tokens=6),
    "TextVectorization-bigrams": _texts(ngrams=2),
    "TextVectorization-some_widths": _texts(ngrams=(1, 3), output_mode="count"),
    "TextVectorization-as_it_is": _texts(standardize=None),
    "TextVectorization-lower": _texts(standardize="lower"),
    "TextVectorization-no_punctuation": _texts(standardize="strip_punctuation"),
    "TextVectorization-characters": _texts(split="character", output_mode="multi_hot"),
    "TextVectorization-pairs_of_characters": _texts(split="character", ngrams=(2,)),
    "TextVectorization-whole": _texts(split=None),
    "TextVectorization-multi_hot": _texts(output_mode="multi_hot", max_tokens=7),
    "TextVectorization-count": _texts(output_mode="count", max_tokens=30, pad_to_max_tokens=True),
    "TextVectorization-tf_idf": _texts(output_mode="tf_idf"),
    "TextVectorization-tf_idf_bigrams": _texts(output_mode="tf_idf", ngrams=2),
}


def adapted(row: Row, layers: Any) -> Any:
    """Return the layer of a row, made with `keras.layers` or with ours."""
    layer = row.make(layers)
    if row.adapts_to is not None:
        layer.adapt(np.array(row.adapts_to))
    return layer


def said(row: Row, package: Any) -> dict[str, Any]:
    """Return what a layer gives, what it says of symbols, and its config and vocabulary."""
    layer = adapted(row, package.layers)
    layer.name = "layer"
    features = isinstance(row.inputs, list) and type(layer).__name__ == "HashedCrossing"
    inputs = [np.array(x) for x in row.inputs] if features else np.array(row.inputs)
    found = layer(inputs)
    symbols = [_symbol(x, package) for x in (inputs if features else [inputs])]
    # Of three features Keras makes no symbol.
    symbol = None if len(symbols) > 2 else layer(symbols if features else symbols[0])
    config = layer.get_config()
    config["name"] = "layer"
    return {
        "values": found.tolist(),
        "dtype": package.backend.standardize_dtype(found.dtype),
        "symbol": None if symbol is None else [list(symbol.shape), symbol.dtype],
        "config": config,
        "vocabulary": getattr(layer, "get_vocabulary", list)(),
    }


def _symbol(array: Any, package: Any) -> Any:
    dtype = "string" if array.dtype.kind == "U" else "int64"
    return package.KerasTensor((None, *array.shape[1:]), dtype)


def main() -> None:
    import keras

    lines = {name: json.dumps(said(row, keras), default=int) for name, row in ROWS.items()}
    text = ",\n".join(f" {json.dumps(name)}: {line}" for name, line in lines.items())
    FILE.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
