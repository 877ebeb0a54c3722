"""TextVectorization beside Keras's, which needs TensorFlow whatever its backend is.

`python -m tests.speed.bench_text` prints milliseconds for 4,096 texts in batches of 32 and of 256.
Keras runs in a process of its own, in the Python that KERAS_PYTHON names (this one if it has
TensorFlow); without one, it is left out.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

MODES: dict[str, dict[str, Any]] = {
    "int": {"output_sequence_length": 30},
    "multi_hot": {"output_mode": "multi_hot"},
    "tf_idf": {"output_mode": "tf_idf"},
    "bigrams": {"ngrams": 2, "output_sequence_length": 60},
    "bigrams, multi_hot": {"ngrams": 2, "output_mode": "multi_hot"},
    "characters": {"split": "character", "output_sequence_length": 100},
}
BATCHES = (32, 256)
REPEATS = 3


def texts() -> np.ndarray:
    """Return texts of about twenty words, which are as unequally frequent as in a language."""
    rng = np.random.default_rng(0)
    words = np.array(["".join(chr(97 + c) for c in rng.integers(0, 26, n)) for n in range(2, 14)])
    words = np.array([f"{w}{i}" for i in range(2000) for w in words])
    chosen = np.minimum(rng.zipf(1.3, size=(4096, 20)) - 1, len(words) - 1)
    return np.array([" ".join(row).capitalize() + ", so!" for row in words[chosen]], dtype=object)


def measure(package: Any) -> dict[str, list[float]]:
    """Return the least milliseconds for each mode and size of batches."""
    found, data = {}, texts()
    for name, options in MODES.items():
        layer = package.layers.TextVectorization(max_tokens=5000, **options)
        layer.adapt(data)
        found[name] = [_least(layer, data, size) for size in BATCHES]
    return found


def _least(layer: Any, data: np.ndarray, size: int) -> float:
    batches = [data[start : start + size] for start in range(0, len(data), size)]
    layer(batches[0])
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        for batch in batches:
            layer(batch)
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)


def of_keras() -> dict[str, list[float]] | None:
    """Measure Keras in a process of its own."""
    python = os.environ.get("KERAS_PYTHON")
    if python is None and importlib.util.find_spec("tensorflow") is None:
        return None
    answer = subprocess.run(
        [python or sys.executable, __file__, "keras"],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )
    times: dict[str, list[float]] = json.loads(answer.stdout.splitlines()[-1])
    return times


def main() -> None:
    if sys.argv[1:] == ["keras"]:
        import keras

        print(json.dumps(measure(keras)))
        return
    import torchkeras

    ours, theirs = measure(torchkeras), of_keras()
    print("milliseconds for 4,096 texts; batches of", *BATCHES)
    for name, times in ours.items():
        line = "  ".join(f"{t:7.1f}" for t in times)
        if theirs is not None:
            ratios = (b / a for a, b in zip(times, theirs[name], strict=True))
            line += "   Keras " + "  ".join(f"{t:7.1f}" for t in theirs[name])
            line += "   times " + "  ".join(f"{r:4.1f}" for r in ratios)
        print(f"{name:20s} {line}")
    if theirs is None:
        print("Keras is left out: it needs TensorFlow for this layer.")


if __name__ == "__main__":
    main()
