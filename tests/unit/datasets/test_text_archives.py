"""The archives that torchtext reads: the same samples; `samples.json` holds what it yields."""

import hashlib
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader, IterableDataset

import torchkeras
from torchkeras import layers
from torchkeras.datasets import ag_news, amazon_reviews, dbpedia, imdb_reviews, sst2, yelp_reviews

DATA = Path(__file__).parents[2] / "data" / "text_archives"
SAMPLES = json.loads((DATA / "samples.json").read_text(encoding="utf-8"))
LOADERS = {
    "AG_NEWS": ag_news.load_data,
    "AmazonReviewFull": lambda **kwargs: amazon_reviews.load_data("full", **kwargs),
    "AmazonReviewPolarity": amazon_reviews.load_data,
    "DBpedia": dbpedia.load_data,
    "IMDB": imdb_reviews.load_data,
    "SST2": sst2.load_data,
    "YelpReviewFull": lambda **kwargs: yelp_reviews.load_data("full", **kwargs),
    "YelpReviewPolarity": yelp_reviews.load_data,
}
MODULES = (ag_news, amazon_reviews, dbpedia, imdb_reviews, sst2, yelp_reviews)


def small(file):
    digest = hashlib.md5((DATA / "datasets" / file.folder / file.name).read_bytes()).hexdigest()
    return replace(file, digest=digest)


@pytest.fixture
def accepted(monkeypatch):
    """Accept the hashes of the small archives."""
    for module in MODULES:
        for name in {"_FILE", "_TRAIN", "_TEST"} & set(vars(module)):
            monkeypatch.setattr(module, name, small(getattr(module, name)))
        if hasattr(module, "_FILES"):
            kinds = {kind: small(file) for kind, file in module._FILES.items()}
            monkeypatch.setattr(module, "_FILES", kinds)


@pytest.fixture
def archives(places, accepted):
    """Lay the small archives where torchtext keeps them."""
    shutil.copytree(DATA / "datasets", places.hub.parent / "text" / "datasets")
    return places.hub.parent / "text" / "datasets"


def as_torchtext(name, x, y):
    """Return samples as torchtext yields them: labels from 1 and first, but for SST-2."""
    pairs = zip(x, y.tolist(), strict=True)
    return [[t, n] if name == "SST2" else [n + 1, t] for t, n in pairs]


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize("name", LOADERS)
def test_the_same_samples_as_torchtext(name):
    parts = ("train", "dev") if name == "SST2" else ("train", "test")
    for part, (x, y) in zip(parts, LOADERS[name](), strict=True):
        assert (x.dtype, y.dtype) == (np.dtype(object), np.dtype("int64"))
        assert as_torchtext(name, x, y) == SAMPLES[f"{name}/{part}"]
    assert name != "SST2" or [[t] for t in sst2.load_unlabelled()] == SAMPLES["SST2/test"]


def test_every_archive_is_read():
    assert {key.partition("/")[0] for key in SAMPLES} - {"tools"} == set(LOADERS)


@pytest.mark.usefixtures("archives")
@pytest.mark.parametrize("name", LOADERS)
def test_as_data_sets(name):
    train, _ = LOADERS[name](as_dataset=True)
    (x, y), _ = LOADERS[name]()
    texts, labels = next(iter(DataLoader(train, batch_size=4)))
    assert list(texts) == x[:4].tolist()
    assert labels.tolist() == y[:4].tolist()


@pytest.mark.usefixtures("archives")
def test_fit_on_them():
    (x, y), _ = imdb_reviews.load_data()
    words = layers.TextVectorization(output_mode="multi_hot")
    words.adapt(imdb_reviews.load_data(as_dataset=True)[0])
    model = torchkeras.Sequential([words, layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(imdb_reviews.load_data(as_dataset=True)[0], batch_size=2, verbose=0)
    assert model.predict(x, verbose=0).shape == y[:, None].shape


@pytest.mark.parametrize("name", LOADERS)
def test_files_of_keras_and_of_the_cache_are_found(name, places, accepted):
    for source in (DATA / "datasets" / name).iterdir():
        shutil.copy(source, places.keras / source.name)
    first = LOADERS[name]()
    shutil.rmtree(places.keras)
    shutil.copytree(DATA / "datasets" / name, places.cache / name)
    for mine, other in zip(first, LOADERS[name](), strict=True):
        assert mine[0].tolist() == other[0].tolist()


def test_without_a_file_the_error_says_where_to_put_it():
    with pytest.raises(FileNotFoundError, match=r"(?s)dbpedia_csv\.tar\.gz.*from https"):
        dbpedia.load_data()


def test_a_wrong_file_is_left_alone(archives):
    path = archives / "SST2" / "SST-2.zip"
    path.write_bytes(b"something else")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(FileNotFoundError, match=r"SST-2\.zip"):
            sst2.load_data()
    assert "damaged or another file" in str(caught[0].message)
    assert path.read_bytes() == b"something else"


@pytest.mark.parametrize("content", [b"no tar", b'"x","text"\n', b"\xff\xfe\n"], ids=repr)
def test_damaged_tables_are_named(content, archives, monkeypatch):
    path = archives / "AG_NEWS" / "train.csv"
    path.write_bytes(content)
    file = replace(ag_news._TRAIN, digest=hashlib.md5(content).hexdigest())
    monkeypatch.setattr(ag_news, "_TRAIN", file)
    with (
        pytest.warns(UserWarning, match=r"train\.csv cannot be read"),
        pytest.raises(FileNotFoundError),
    ):
        ag_news.load_data()


def test_labels_have_names():
    assert ag_news.get_label_names()[1] == "Sports"
    assert len(dbpedia.get_label_names()) == 14
    with pytest.raises(ValueError, match="kind='stars'"):
        yelp_reviews.load_data("stars")


# Things of torchtext; samples.json says what the real ones are like


class LikeVocab:
    """What `torchtext.vocab.Vocab` offers."""

    def get_itos(self):
        return SAMPLES["tools"]["itos"]

    def get_default_index(self):
        return SAMPLES["tools"]["default_index"]


def basic_english(line):
    assert type(line) is str
    return line.lower().replace(",", " ,").replace("!", " !").split()


class LabelFirst(IterableDataset):
    """Samples as torchtext's data sets yield them."""

    def __iter__(self):
        return iter([tuple(sample) for sample in SAMPLES["AG_NEWS/train"]])


def test_vocabularies_of_torchtext():
    layer = layers.TextVectorization(vocabulary=LikeVocab())
    assert layer.get_vocabulary() == ["", "[UNK]", "<pad>", "the", "cat", "dog"]
    layer.set_vocabulary(LikeVocab())
    assert layer(["the bird"]).tolist() == [[3, 1]]
    again = layers.TextVectorization.from_config(layer.get_config())
    assert again.get_vocabulary() == layer.get_vocabulary()


def test_tokenizers_of_torchtext(monkeypatch):
    module, _, tokens = SAMPLES["tools"]["basic_english"]
    monkeypatch.setattr(basic_english, "__module__", module)
    assert basic_english("The cat, the dog!") == tokens
    layer = layers.TextVectorization(standardize=None, split=basic_english)
    layer.adapt(["The cat, the dog!"])
    assert set(layer.get_vocabulary(include_special_tokens=False)) == set(tokens)


def test_data_sets_of_torchtext():
    words = layers.TextVectorization(output_mode="multi_hot")
    words.adapt(LabelFirst())
    other = layers.TextVectorization(output_mode="multi_hot")
    other.adapt([text for _, text in SAMPLES["AG_NEWS/train"]])
    assert words.get_vocabulary() == other.get_vocabulary()
    model = torchkeras.Sequential([words, layers.Dense(5)])
    model.compile("adam", torchkeras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(LabelFirst(), batch_size=4, verbose=0)
    model.fit(DataLoader(LabelFirst(), batch_size=3), verbose=0)
    assert model.evaluate(LabelFirst(), verbose=0) > 0
