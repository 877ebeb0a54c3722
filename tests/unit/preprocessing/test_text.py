"""The tokenizer and its like give the numbers of Keras's."""

import json

import numpy as np
import pytest
from keras.src.legacy.preprocessing import text as oracle

from torchkeras.preprocessing import text

TEXTS = [
    "The cat sat on the mat.",
    "The dog, the DOG: sat!",
    "",
    "a-b\tc\nd the",
    ["Listed", "words", "the"],
]
SETTINGS = [
    {},
    {"num_words": 4},
    {"oov_token": "<OOV>"},
    {"num_words": 4, "oov_token": "<OOV>"},
    {"lower": False, "filters": ".", "split": " "},
    {"char_level": True},
    {"char_level": True, "num_words": 5, "oov_token": "?"},
    {"analyzer": lambda words: words.split("the")},
    {"document_count": 3},
]
NEW = ["the cat saw a bird", "mat", "", ["the", "unknown"]]


def both(settings):
    made = text.Tokenizer(**settings), oracle.Tokenizer(**settings)
    for tokenizer in made:
        tokenizer.fit_on_texts(TEXTS)
    return made


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(s) or "default")
def test_numbers_and_words(settings):
    ours, theirs = both(settings)
    assert ours.word_index == theirs.word_index
    assert ours.index_word == theirs.index_word
    assert ours.word_counts == theirs.word_counts
    assert ours.word_docs == theirs.word_docs
    assert ours.index_docs == theirs.index_docs
    assert ours.document_count == theirs.document_count
    sequences = ours.texts_to_sequences(NEW)
    assert sequences == theirs.texts_to_sequences(NEW)
    others = [*sequences, [99, 1], []]
    assert ours.sequences_to_texts(others) == theirs.sequences_to_texts(others)


@pytest.mark.parametrize("mode", ["binary", "count", "freq", "tfidf"])
@pytest.mark.parametrize("settings", SETTINGS[:5], ids=lambda s: "-".join(s) or "default")
def test_matrices(settings, mode):
    ours, theirs = both(settings)
    np.testing.assert_allclose(
        ours.texts_to_matrix(TEXTS, mode), theirs.texts_to_matrix(TEXTS, mode), rtol=1e-12
    )


def test_sequences_are_counted():
    ours, theirs = text.Tokenizer(9), oracle.Tokenizer(9)
    for tokenizer in (ours, theirs):
        tokenizer.fit_on_sequences([[1, 2, 2], [2, 3]])
    matrices = [t.sequences_to_matrix([[1, 2, 2, 11]], "tfidf") for t in (ours, theirs)]
    np.testing.assert_allclose(*matrices)


def test_files_are_exchanged():
    ours, theirs = both({"num_words": 6, "oov_token": "?"})
    assert json.loads(ours.to_json()).keys() == json.loads(theirs.to_json()).keys()
    read = text.tokenizer_from_json(theirs.to_json())
    back = oracle.tokenizer_from_json(read.to_json())
    for tokenizer in (read, back):
        assert tokenizer.texts_to_sequences(NEW) == ours.texts_to_sequences(NEW)
        np.testing.assert_array_equal(
            tokenizer.texts_to_matrix(NEW, "tfidf"), ours.texts_to_matrix(NEW, "tfidf")
        )


def test_words_and_hashes():
    for line in TEXTS[:4]:
        assert text.text_to_word_sequence(line) == oracle.text_to_word_sequence(line)
        assert text.one_hot(line, 50) == oracle.one_hot(line, 50)
        assert text.hashing_trick(line, 7, "md5") == oracle.hashing_trick(line, 7, "md5")
        assert text.hashing_trick(line, 7, len) == oracle.hashing_trick(line, 7, len)


def test_the_old_argument():
    with pytest.warns(FutureWarning, match="`num_words`"):
        assert text.Tokenizer(nb_words=3).num_words == 3


def test_wrong_calls():
    with pytest.raises(TypeError, match="'nowhere'"):
        text.Tokenizer(nowhere=3)
    with pytest.raises(ValueError, match="fit_on_texts"):
        text.Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="tfidf"):
        text.Tokenizer(5).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(ValueError, match="mode='x'"):
        text.Tokenizer(5).sequences_to_matrix([[1]], "x")
