"""Does a critic like the film? Real sentences of reviews, from strings to an answer in one model.

The 10,605 sentences and how people judged them (from -4 to 4) are those of Hutto and Gilbert:
VADER, ICWSM 2014; they come in the source archive of the package `vaderSentiment`. A bag of words
with a linear model is right about 0.786 of those that it has not seen, the network about 0.789: the
means of `--splits 3`, where both train for as long as a tenth of the sentences says is best.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import torchkeras as keras
from torchkeras import layers

SOURCE = "vaderSentiment==0.5"
INNER = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
Part = tuple[np.ndarray, np.ndarray]
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
    """Return a mean of vectors of words and of pairs of words, which knows "not good"."""
    words = layers.TextVectorization(max_tokens=20_000, ngrams=2)
    words.adapt(texts)
    return keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            words,
            layers.Embedding(20_000, 32, mask_zero=True),
            layers.Dropout(0.3, noise_shape=(None, None, 1)),  # whole words and pairs
            layers.GlobalAveragePooling1D(),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def accuracy(make: Callable[[], keras.Model], train: Part, test: Part, epochs: int) -> float:
    """Return how often a model is right about what it has not seen.

    For how long it trains is found on a tenth of the sentences, and then all of them are used.
    """
    stop = keras.callbacks.EarlyStopping("val_loss", patience=3)
    history = fitted(make(), train, epochs, validation_split=0.1, callbacks=[stop])
    best = int(np.argmin(history.history["val_loss"])) + 1
    model = fitted(make(), train, best).model
    return float(model.evaluate(*test, verbose=0, return_dict=True)["accuracy"])


def fitted(model: keras.Model, train: Part, epochs: int, **settings: Any) -> Any:
    """Train a model, and return its history."""
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
    return model.fit(*train, batch_size=128, epochs=epochs, verbose=0, **settings)


def compared(texts: np.ndarray, labels: np.ndarray, options: Any, seed: int) -> tuple[float, float]:
    """Return how often both are right on one split of the sentences."""
    keras.utils.set_random_seed(seed)
    order = np.random.default_rng(seed).permutation(len(texts))[: options.samples]
    cut = len(order) // 5
    test, train = ((texts[rows], labels[rows]) for rows in (order[:cut], order[cut:]))
    baseline = accuracy(lambda: linear(train[0]), train, test, options.epochs)
    found = accuracy(lambda: network(train[0]), train, test, options.epochs)
    print(f"Split {seed}: linear {baseline:.3f} right, network {found:.3f}", flush=True)
    return baseline, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", help="the file vaderSentiment-0.5.zip, if you have it")
    parser.add_argument("--samples", type=int, default=None, help="how many sentences to take")
    parser.add_argument("--epochs", type=int, default=40, help="at most")
    parser.add_argument("--splits", type=int, default=1, help="into sentences to train and to test")
    options = parser.parse_args()

    texts, labels = sentences(archive(options.archive))
    found = [compared(texts, labels, options, seed) for seed in range(options.splits)]
    baseline, network_of_pairs = np.mean(found, axis=0)
    print(f"Linear model of single words: {baseline:.3f} right")
    print(f"Network of words and pairs:   {network_of_pairs:.3f} right")


if __name__ == "__main__":
    main()
