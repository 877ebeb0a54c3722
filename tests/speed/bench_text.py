"""TextVectorization beside Keras's, which needs TensorFlow whatever its backend is.

    KERAS_PYTHON=/path/to/a/python/with/keras/torch/and/tensorflow python -m tests.speed.bench_text
    python -m tests.speed.bench_text --rows int multi_hot --tasks call --batches 256 --rounds 15

Both run turn about, a pass over all texts at a time, each in a process of its own; Keras in the
Python that KERAS_PYTHON names (this one if it is not set). The figures are ours in milliseconds for
4,096 texts of about twenty words, and the median of the ratios of neighbouring turns: Keras's time
over ours.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.speed.served import Contender, serve

BATCHES, TASKS = (32, 256, 4096), ("call", "adapt")
ROWS: dict[str, dict[str, Any]] = {
    "int": {"output_sequence_length": 30},
    "int, ragged": {},
    "multi_hot": {"output_mode": "multi_hot"},
    "count": {"output_mode": "count"},
    "tf_idf": {"output_mode": "tf_idf"},
    "characters": {"split": "character", "output_sequence_length": 100},
    "characters, multi_hot": {"split": "character", "output_mode": "multi_hot"},
    "characters, tf_idf": {"split": "character", "output_mode": "tf_idf"},
    "bigrams": {"ngrams": 2, "output_sequence_length": 60},
    "bigrams, multi_hot": {"ngrams": 2, "output_mode": "multi_hot"},
    "bigrams, count": {"ngrams": 2, "output_mode": "count"},
    "bigrams, tf_idf": {"ngrams": 2, "output_mode": "tf_idf"},
    "trigrams, tf_idf": {"ngrams": 3, "output_mode": "tf_idf"},
    "as it is": {"standardize": None, "output_sequence_length": 30},
    "function": {"standardize": "a function", "output_sequence_length": 30},
    "split by function": {"split": "a function", "output_sequence_length": 30},
    "trigrams of characters": {"split": "character", "ngrams": 3, "output_sequence_length": 300},
}


def texts() -> np.ndarray:
    """Return texts of about twenty words, which are as unequally frequent as in a language."""
    rng = np.random.default_rng(0)
    words = np.array(["".join(chr(97 + c) for c in rng.integers(0, 26, n)) for n in range(2, 14)])
    words = np.array([f"{w}{i}" for i in range(2000) for w in words])
    chosen = np.minimum(rng.zipf(1.3, size=(4096, 20)) - 1, len(words) - 1)
    return np.array([" ".join(row).capitalize() + ", so!" for row in words[chosen]], dtype=object)


class Ours:
    """What a user of torchkeras writes."""

    def __init__(self) -> None:
        import torchkeras

        self.vectorization = torchkeras.layers.TextVectorization
        self.functions: dict[str, Callable[..., Any]] = {
            "standardize": np.char.lower,
            "split": lambda found: np.char.split(found, ","),
        }

    def batched(self, data: np.ndarray, size: int) -> Any:
        """Return data for `adapt`."""
        return (data[start : start + size] for start in range(0, len(data), size))


class Keras:
    """What a user of Keras writes, on the backend torch."""

    def __init__(self) -> None:
        os.environ["KERAS_BACKEND"] = "torch"
        import keras
        import tensorflow as tf

        self.vectorization = keras.layers.TextVectorization
        self.functions: dict[str, Callable[..., Any]] = {
            "standardize": tf.strings.lower,
            "split": lambda found: tf.strings.split(found, ","),
        }
        self.dataset = tf.data.Dataset

    def batched(self, data: np.ndarray, size: int) -> Any:
        """Return data for `adapt`."""
        return self.dataset.from_tensor_slices(data).batch(size)


def layer_of(side: Any, row: str) -> Any:
    """Return the layer of a row."""
    options = dict(ROWS[row])
    for name in ("standardize", "split"):
        if options.get(name) == "a function":
            options[name] = side.functions[name]
    return side.vectorization(max_tokens=5000, **options)


def answer(name: str) -> None:
    """Answer with the seconds of one pass: what is done, the row, and the size of a batch."""
    side: Any = Ours() if name == "torchkeras" else Keras()
    data, made = texts(), {}

    def seconds(what: str, row: str, size: str) -> float:
        batches = [data[start : start + int(size)] for start in range(0, len(data), int(size))]
        if row not in made:
            made.clear()
            made[row] = layer_of(side, row)
            made[row].adapt(data)
            made[row](batches[0])
        layer, source = layer_of(side, row), side.batched(data, int(size))
        start = time.perf_counter()
        if what == "adapt":
            layer.adapt(source)
        else:
            for part in batches:
                made[row](part)
        return time.perf_counter() - start

    serve(seconds)


def cell(ours: Contender, theirs: Contender | None, asked: Any, rounds: int) -> str:
    """Return our milliseconds, and how many times faster we are."""
    turns = []
    for _ in range(rounds):
        own = ours.seconds(*asked)
        turns.append((own, theirs.seconds(*asked) if theirs is not None else own))
    times = statistics.median(own for own, _ in turns) * 1e3
    ratio = statistics.median(other / own for own, other in turns)
    return f"{times:9.1f} {ratio:5.1f}" if theirs is not None else f"{times:9.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve")
    options = parser.parse_args()
    if options.serve:
        answer(options.serve)
        return
    python = os.environ.get("KERAS_PYTHON", sys.executable)
    ours = Contender("torchkeras", "bench_text", "--serve", "torchkeras")
    theirs = Contender("keras", "bench_text", "--serve", "keras", python=python)
    asked = [(what, size) for what in options.tasks for size in options.batches]
    print(" " * 24 + "".join(f"{what:>11}{size:>6}" for what, size in asked))
    for row in options.rows:
        print(f"{row:24}", end="", flush=True)
        for what, size in asked:
            peer = theirs if theirs.is_there else None
            print(f"{cell(ours, peer, (what, row, size), options.rounds):>17}", end="", flush=True)
        print()
    if not theirs.is_there:
        print("Keras is left out: it needs TensorFlow for this layer. See KERAS_PYTHON.")


if __name__ == "__main__":
    main()
