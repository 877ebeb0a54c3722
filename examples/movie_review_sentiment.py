"""Does a critic like the film? Real sentences of reviews, from strings to an answer in one model.

The 10,605 sentences and how people judged them (from -4 to 4) are those of Hutto and Gilbert:
VADER, ICWSM 2014; they come in the source archive of the package `vaderSentiment`. A bag of words
with a linear model is right about 0.78 of them.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import torchkeras as keras
from torchkeras import layers

SOURCE = "vaderSentiment==0.5"
INNER = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
TABLE = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def archive(path: str | None) -> Path:
    """Return the source archive of the package, downloaded with pip if it is not given."""
    if path is not None:
        return Path(path)
    folder = Path(tempfile.gettempdir(), "torchkeras-examples")
    name = folder / "vaderSentiment-0.5.zip"
    if not name.is_file():
        options = ("--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder))
        subprocess.run([sys.executable, "-m", "pip", "download", *options, SOURCE], check=True)
    return name


def sentences(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the sentences, and 1 for those that praise; what is neither is left out."""
    with zipfile.ZipFile(path) as outer, tarfile.open(fileobj=io.BytesIO(outer.read(INNER))) as tar:
        member = tar.extractfile(TABLE)
        assert member is not None
        rows = [line.split("\t") for line in member.read().decode("utf-8").splitlines()]
    judged = [(text, float(score)) for _, score, text in rows if float(score)]
    texts, scores = zip(*judged, strict=True)
    return np.array(texts), (np.array(scores) > 0).astype("float32")


def linear(texts: np.ndarray) -> keras.Model:
    """Return a bag of words with a weight for each word: the baseline."""
    words = layers.TextVectorization(max_tokens=10_000, output_mode="multi_hot")
    words.adapt(texts)
    return keras.Sequential([keras.Input((1,), dtype="string"), words, layers.Dense(1, "sigmoid")])


def network(texts: np.ndarray) -> keras.Model:
    """Return a network over weighed words and pairs of words, which knows "not good"."""
    words = layers.TextVectorization(max_tokens=30_000, ngrams=2, output_mode="tf_idf")
    words.adapt(texts)
    return keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            words,
            layers.Dropout(0.5),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def accuracy(model: keras.Model, train: tuple, test: tuple, epochs: int, rate: float) -> float:
    """Train a model, and return how often it is right about what it has not seen."""
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*train, epochs=epochs, batch_size=128, verbose=0)
    return float(model.evaluate(*test, verbose=0, return_dict=True)["accuracy"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", help="the file vaderSentiment-0.5.zip, if you have it")
    parser.add_argument("--samples", type=int, default=None, help="how many sentences to take")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)

    texts, labels = sentences(archive(options.archive))
    order = np.random.default_rng(options.seed).permutation(len(texts))[: options.samples]
    cut = len(order) // 5
    test, train = ((texts[rows], labels[rows]) for rows in (order[:cut], order[cut:]))
    print(f"{len(train[0])} sentences to train and {len(test[0])} to test with")

    baseline = accuracy(linear(train[0]), train, test, options.epochs, 0.003)
    print(f"Linear model of single words: {baseline:.3f} right")
    model = network(train[0])
    found = accuracy(model, train, test, options.epochs, 0.001)
    print(f"Network of words and pairs:   {found:.3f} right")

    said = ["A moving, beautifully acted film.", "Two hours that nobody gives you back."]
    for text, chance in zip(said, model.predict(said, verbose=0)[:, 0], strict=True):
        print(f"{chance:.2f}  {text}")


if __name__ == "__main__":
    main()
