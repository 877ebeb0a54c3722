"""`TextVectorization`; the numbers are those of Keras 3.15.1 with TensorFlow."""

import collections
import re
import string

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import torchkeras
from torchkeras.layers import TextVectorization

TEXTS = ["foo bar foo", "baz Bar, qux!", "foo"]
LOG = np.log([2.0, 2.5])
ROWS = [
    ({}, [[2, 3, 2], [5, 3, 4], [2, 0, 0]], [[1, 2]]),
    ({"output_sequence_length": 2}, [[2, 3], [5, 3], [2, 0]], [[1, 2]]),
    ({"output_sequence_length": 4}, [[2, 3, 2, 0], [5, 3, 4, 0], [2, 0, 0, 0]], [[1, 2, 0, 0]]),
    ({"max_tokens": 4}, [[2, 3, 2], [1, 3, 1], [2, 0, 0]], [[1, 2]]),
    ({"standardize": None}, [[2, 5, 2], [4, 6, 3], [2, 0, 0]], [[1, 2]]),
    ({"standardize": "lower"}, [[2, 6, 2], [4, 5, 3], [2, 0, 0]], [[1, 2]]),
    ({"standardize": "strip_punctuation"}, [[2, 5, 2], [4, 6, 3], [2, 0, 0]], [[1, 2]]),
    ({"ngrams": 2}, [[2, 3, 2, 5, 9], [7, 3, 4, 6, 8], [2, 0, 0, 0, 0]], [[1, 2, 1]]),
    ({"ngrams": (2,)}, [[2, 5], [3, 4], [0, 0]], [[1]]),
    ({"split": None}, [2, 4, 3], [1]),
    ({"split": None, "ngrams": 2}, [2, 4, 3, 1, 1], [1]),
    (
        {"split": "character"},
        [
            [4, 2, 2, 3, 5, 6, 7, 3, 4, 2, 2],
            [5, 6, 8, 3, 5, 6, 7, 3, 11, 10, 9],
            [4, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
        [[8, 8, 8, 3, 4, 2, 2]],
    ),
    (
        {"output_mode": "multi_hot"},
        [[0, 1, 1, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 0, 0]],
        [[1, 1, 0, 0, 0]],
    ),
    (
        {"output_mode": "count"},
        [[0, 2, 1, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 0, 0]],
        [[1, 1, 0, 0, 0]],
    ),
    (
        {"output_mode": "tf_idf", "pad_to_max_tokens": True, "max_tokens": 6},
        [
            [0, 2 * LOG[0], LOG[0], 0, 0, 0],
            [0, 0, LOG[0], LOG[1], LOG[1], 0],
            [0, LOG[0], 0, 0, 0, 0],
        ],
        [[0.804719, LOG[0], 0, 0, 0, 0]],
    ),
    ({"split": None, "output_mode": "multi_hot"}, [0, 1, 1, 1], [1, 0, 0, 0]),
]


def adapted(**kwargs):
    layer = TextVectorization(**kwargs)
    layer.adapt(TEXTS)
    return layer


@pytest.mark.parametrize(("kwargs", "expected", "unseen"), ROWS, ids=[str(row[0]) for row in ROWS])
def test_numbers(kwargs, expected, unseen):
    layer = adapted(**kwargs)
    found = layer(TEXTS)
    np.testing.assert_allclose(found.cpu(), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(["zzz foo"]).cpu(), unseen, rtol=1e-6)
    symbol = layer(torchkeras.KerasTensor((3,), "string"))
    assert symbol.dtype == str(found.dtype)[6:]
    sizes = zip(symbol.shape, found.shape, strict=True)
    assert all(size is None or size == real for size, real in sizes)


def test_vocabulary_is_ordered_by_count_and_then_backwards():
    layer = adapted()
    assert layer.get_vocabulary() == ["", "[UNK]", "foo", "bar", "qux", "baz"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["foo", "bar", "qux", "baz"]
    assert layer.vocabulary_size() == 6


def test_one_hot_gives_each_token_a_vector():
    layer = TextVectorization(output_mode="one_hot", vocabulary=["foo", "bar"])
    assert layer(["foo bar", "x"]).tolist() == [[[0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("foo bar", [2, 3]),
        (["foo bar", ""], [[2, 3], [0, 0]]),
        ([["foo bar"], ["qux"]], [[2, 3], [4, 0]]),
        (np.array(["foo"]), [[2]]),
        (np.array([b"foo"]), [[2]]),
        (["foo\t\n bar "], [[2, 3]]),
        (["FOO-bar's, f.o.o"], [[1, 2]]),
    ],
)
def test_forms(texts, expected):
    assert adapted()(texts).tolist() == expected


def test_only_ascii_has_a_lower_case():
    layer = TextVectorization(vocabulary=["École", "école"])
    assert layer(["École ÉCOLE école"]).tolist() == [[2, 2, 3]]


@pytest.mark.parametrize(
    "data",
    [
        TEXTS,
        np.array(TEXTS),
        [[text] for text in TEXTS],
        iter([TEXTS[:1], TEXTS[1:]]),
        DataLoader(TEXTS, batch_size=2),
        DataLoader([(text, 1) for text in TEXTS], batch_size=2),
    ],
    ids=range(6),
)
def test_adapts_to_every_form(data):
    layer = TextVectorization()
    layer.adapt(data)
    assert layer.get_vocabulary() == ["", "[UNK]", "foo", "bar", "qux", "baz"]


def test_adapts_to_torch_data_sets():
    class Reviews(torch.utils.data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return TEXTS[index], index

    layer = TextVectorization()
    layer.adapt(Reviews())
    assert layer.vocabulary_size() == 6


def test_adapts_to_some_steps():
    layer = TextVectorization()
    layer.adapt((["a"] for _ in iter(int, 1)), steps=2)
    assert layer.get_vocabulary() == ["", "[UNK]", "a"]


@pytest.mark.parametrize(
    "found",
    [
        [["a", "b"], []],
        [[b"a", "b"], ()],
        [np.array(["a", "b"]), np.array([], dtype=object)],
        np.array([["a", "b"], []], dtype=object),
        [[["a"], ["b"]], []],
    ],
    ids=["lists", "bytes", "arrays", "array of lists", "nested"],
)
def test_what_a_split_function_may_return(found):
    layer = TextVectorization(split=lambda texts: found, vocabulary=["a", "b"])
    assert layer(["A B", ""]).tolist() == [[2, 3], [0, 0]]


def test_tokens_that_are_no_strings_are_named():
    layer = TextVectorization(split=lambda texts: [[1, 2]], vocabulary=["a"])
    with pytest.raises(TypeError, match="string"):
        layer(["1 2"])


def test_split_functions_get_the_texts_whatever_these_hold():
    given = []

    def split(texts):
        given.extend(texts.tolist())
        return np.char.split(texts)

    layer = TextVectorization(split=split, vocabulary=["a"])
    odd = ["".join(map(chr, range(12))) + "A!", "É"]
    layer(odd)
    assert given == ["".join(map(chr, range(12))) + "a", "É"]


def test_functions_take_arrays_of_strings():
    def standardize(texts):
        assert texts.dtype.kind == "U"
        return np.char.replace(np.char.lower(texts), "-", " ")

    layer = TextVectorization(standardize=standardize, vocabulary=["foo", "bar"])
    assert layer(["FOO-bar"]).tolist() == [[2, 3]]

    def split_at_bars(texts):
        return np.char.split(texts, "|")

    split = TextVectorization(standardize=None, split=split_at_bars, vocabulary=["a b"])
    assert split(["a b|c", "a b"]).tolist() == [[2, 1], [2, 0]]


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_the_vocabulary_is_in_state_dict_and_assets(mode, tmp_path):
    layer = adapted(output_mode=mode)
    restored = TextVectorization(output_mode=mode)
    restored.load_state_dict(layer.state_dict())
    loaded = TextVectorization.from_config(layer.get_config())
    store = {}
    layer.save_own_variables(store)
    layer.save_assets(tmp_path)
    loaded.load_own_variables(store)
    loaded.load_assets(tmp_path)
    for copy in (restored, loaded):
        assert copy.get_vocabulary() == layer.get_vocabulary()
        assert torch.equal(copy(TEXTS), layer(TEXTS))


def test_config_round_trip():
    layer = TextVectorization(ngrams=(1, 2), vocabulary=["a"], name="text")
    config = layer.get_config()
    assert config == {
        "name": "text",
        "trainable": True,
        "dtype": config["dtype"],
        "max_tokens": None,
        "standardize": "lower_and_strip_punctuation",
        "split": "whitespace",
        "ngrams": (1, 2),
        "output_mode": "int",
        "output_sequence_length": None,
        "pad_to_max_tokens": False,
        "sparse": False,
        "ragged": False,
        "vocabulary": ["a"],
        "idf_weights": None,
        "encoding": "utf-8",
        "vocabulary_size": 3,
    }
    copy = TextVectorization.from_config({**config, "ngrams": [1, 2]})
    assert copy.get_config() == config
    assert copy(["a"]).tolist() == [[2]]


def test_a_config_names_no_file(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    config = {**TextVectorization().get_config(), "vocabulary": str(path)}
    with pytest.raises(ValueError, match="may not name a vocabulary file"):
        TextVectorization.from_config(config)
    assert TextVectorization(vocabulary=str(path)).get_vocabulary()[2:] == ["secret"]


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"standardize": "upper"}, "standardize='upper'"),
        ({"split": "words"}, "split='words'"),
        ({"ngrams": "two"}, "ngrams='two'"),
        ({"ngrams": 0}, "ngrams=0"),
        ({"output_mode": "hot"}, "output_mode='hot'"),
        ({"output_sequence_length": 3, "output_mode": "count"}, "output_sequence_length=3"),
        ({"output_sequence_length": 3.5}, "output_sequence_length=3.5"),
        ({"ragged": True}, "ragged=True"),
        ({"sparse": True, "output_mode": "count"}, "sparse=True"),
    ],
    ids=str,
)
def test_refuses(kwargs, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        TextVectorization(**kwargs)


def test_refuses_at_the_call():
    with pytest.raises(ValueError, match=re.escape("(1, 2)")):
        adapted()([["a", "b"]])
    with pytest.raises(TypeError, match="strings"):
        adapted()([1, 2])
    with pytest.raises(RuntimeError, match="call `adapt`"):
        TextVectorization(output_mode="count")(["a"])


def test_in_the_workers_of_a_loader():
    loader = DataLoader(TEXTS, batch_size=2, num_workers=1, collate_fn=adapted())
    assert [batch.tolist() for batch in loader] == [[[2, 3, 2], [5, 3, 4]], [[2]]]


def test_in_models_of_strings():
    inputs = torchkeras.Input((1,), dtype="string")
    layer = adapted(output_sequence_length=4)
    numbers = torchkeras.layers.Embedding(6, 3)(layer(inputs))
    model = torchkeras.Model(inputs, numbers)
    texts = np.array([["foo"], ["bar baz"]])
    assert torch.equal(model(texts), model.layers[-1](layer(texts)))
    assert model.output_shape == (None, 4, 3)
    chain = torchkeras.Sequential([torchkeras.Input((), dtype="string"), layer])
    assert chain(np.array(["foo"], dtype=object)).tolist() == [[2, 0, 0, 0]]


# All at once: the same as text by text in plain Python


ODD = ["foo bar  foo", "", "Bär bar", "qux", "foo\tbar\nfoo bar", " , ", "bar foo bar foo bar"]
LONG = "z" * 23
SETS = {
    "odd": ODD,
    "bytes": [text.encode() for text in ODD],
    "mixed": [text.encode() if place % 2 else text for place, text in enumerate(ODD)],
    "long words": [f"{LONG} {LONG}z {LONG[:-1]}", f"{LONG * 9} {LONG}z a", f"{LONG * 9} 1234567"],
    "one differs": ["abcdefg abcdefgh abcdefghijklmnop", "abcdefh abcdefgi abcdefghijklmnoq"],
    "control characters": ["a\x00b a\x00 a", "a a\x01 \x1fa", "".join(map(chr, range(9))) + " a"],
    "order": ["a\x01 b a b", "a b a\x01 b", "a! a b", "é e f", "e é f"],
    "special": ["[UNK] foo", "[UNK] foo foo", ""],
}
WAYS = [
    {},
    {"output_sequence_length": 3},
    {"ngrams": 2},
    {"ngrams": 3, "output_sequence_length": 4},
    {"ngrams": (2, 4)},
    {"ngrams": (3,), "output_mode": "multi_hot"},
    {"output_mode": "count"},
    {"output_mode": "tf_idf", "ngrams": 2},
    {"output_mode": "tf_idf", "max_tokens": None},
    {"split": "character"},
    {"split": "character", "ngrams": 2},
    {"split": "character", "output_mode": "count", "standardize": None},
    {"standardize": "lower", "ngrams": 2, "max_tokens": None},
    {"standardize": np.char.upper},
    {"split": lambda texts: np.char.split(texts, "o"), "ngrams": 2},
]


class Plain:
    """The layer in plain Python."""

    def __init__(self, standardize="lower_and_strip_punctuation", split="whitespace", **rest):
        self.how, self.split = standardize, split
        self.widths = rest.get("ngrams") or (1,)
        self.widths = range(1, self.widths + 1) if isinstance(self.widths, int) else self.widths
        self.mode, self.most = rest.get("output_mode", "int"), rest["max_tokens"]
        self.length = rest.get("output_sequence_length")

    def tokens(self, text):
        text = text.decode() if isinstance(text, bytes) else text
        if callable(self.how):
            text = str(self.how(np.array([text]))[0])
        if self.how == "lower" or self.how == "lower_and_strip_punctuation":
            text = "".join(c.lower() if c.isascii() else c for c in text)
        if self.how == "lower_and_strip_punctuation":
            text = "".join(c for c in text if c not in string.punctuation)
        if callable(self.split):
            words = self.split(np.array([text]))[0]
        else:
            words = re.split("[ \t\n\r\x0b\x0c]+", text) if self.split == "whitespace" else text
            words = [word for word in words if word]
        return [
            " ".join(words[at : at + width])
            for width in self.widths
            for at in range(len(words) - width + 1)
        ]

    def adapt(self, texts):
        rows = [self.tokens(text) for text in texts]
        counts = collections.Counter(token for row in rows for token in row)
        del counts[""], counts["[UNK]"]
        special = 2 if self.mode == "int" else 1
        order = sorted(counts, key=lambda token: (counts[token], token.encode()), reverse=True)
        self.vocabulary = order[: self.most and self.most - special]
        self.numbers = {token: at for at, token in enumerate(self.vocabulary, special)}
        documents = collections.Counter(token for row in rows for token in set(row))
        idf = [np.log(1 + len(texts) / (1 + documents[token])) for token in self.vocabulary]
        self.idf = np.float32([np.mean(np.float32(idf)), *idf])

    def __call__(self, texts):
        rows = [self.tokens(text) for text in texts]
        if self.mode == "int":
            found = [[self.numbers.get(token, int(token != "")) for token in row] for row in rows]
            width = self.length or max(map(len, found))
            return np.array([row[:width] + [0] * (width - len(row)) for row in found])
        made = np.zeros((len(texts), len(self.numbers) + 1), dtype=np.float32)
        for row, tokens in zip(made, rows, strict=True):
            for token in filter(None, tokens):
                row[self.numbers.get(token, 0)] += 1
        made = np.minimum(made, 1) if self.mode == "multi_hot" else made
        return made * self.idf if self.mode == "tf_idf" else made


def _words(kwargs):
    return "-".join(f"{key}={getattr(value, '__name__', value)}" for key, value in kwargs.items())


@pytest.mark.parametrize("kwargs", WAYS, ids=_words)
@pytest.mark.parametrize("name", SETS)
def test_same_as_text_by_text(name, kwargs):
    kwargs, texts = {"max_tokens": 12, **kwargs}, SETS[name]
    layer, plain = TextVectorization(**kwargs), Plain(**kwargs)
    layer.adapt(iter([texts[:2], texts[2:]]) if len(texts) > 2 else texts)
    plain.adapt(texts)
    assert layer.get_vocabulary(include_special_tokens=False) == plain.vocabulary
    for asked in (texts, ["a foo zzz", *texts[::-1]]):
        np.testing.assert_allclose(layer(asked).cpu(), plain(asked), rtol=1e-6)


def test_many_words_are_counted_and_found():
    rng = np.random.default_rng(0)
    words = [f"w{n:x}" * int(size) for n, size in enumerate(rng.integers(1, 7, 9000))]
    texts = [" ".join(rng.choice(words, 200)) for _ in range(60)]
    layer, plain = TextVectorization(max_tokens=5000), Plain(max_tokens=5000)
    layer.adapt(iter([texts[:40], texts[40:]]))
    plain.adapt(texts)
    assert layer.get_vocabulary(include_special_tokens=False) == plain.vocabulary
    np.testing.assert_array_equal(layer(texts).cpu(), plain(texts))


def test_bytes_that_are_no_text_are_looked_up():
    layer = TextVectorization(vocabulary=[b"a", b"b"])
    assert layer(np.array([b"a \xff b", b"b"])).tolist() == [[2, 1, 3], [3, 0, 0]]


def test_no_texts():
    layer = adapted(output_mode="multi_hot")
    assert layer(np.array([], dtype=str)).shape[0] == 0


def test_a_new_vocabulary_counts_at_once():
    layer = TextVectorization(vocabulary=["a"])
    assert layer(["a b"]).tolist() == [[2, 1]]
    layer.set_vocabulary(["b", "a"])
    assert layer(["a b"]).tolist() == [[3, 2]]
