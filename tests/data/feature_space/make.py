"""Encode `columns()` with Keras's FeatureSpace, which needs TensorFlow: `python make.py` here.

What it writes, `encoded.npz` and two `.keras` files, is compared with ours by
tests/unit/utils/test_feature_space.py.
"""

from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent


def columns() -> dict[str, Any]:
    """Return columns of all kinds."""
    rng = np.random.default_rng(0)
    words = np.array(["red", "green", "blue", "violet"])
    return {
        "plain": rng.normal(size=90).astype("float32"),
        "normalized": rng.normal(3, 2, size=90).astype("float32"),
        "rescaled": rng.uniform(size=90).astype("float32"),
        "binned": rng.gamma(2.0, size=90).astype("float32"),
        "number": rng.integers(0, 6, size=90).astype("int32"),
        "word": words[rng.integers(0, 4, size=90)],
        "hashed_number": rng.integers(0, 1000, size=90).astype("int32"),
        "hashed_word": np.array([f"w{i}" for i in rng.integers(0, 50, size=90)]),
    }


def spaces(keras: Any) -> dict[str, Any]:
    """Return a space for each output mode, made with Keras or with torchkeras."""
    space = keras.utils.FeatureSpace
    features = {
        "plain": "float",
        "normalized": "float_normalized",
        "rescaled": space.float_rescaled(2.0, -1.0),
        "binned": space.float_discretized(5),
        "number": "integer_categorical",
        "word": space.string_categorical(max_tokens=3, num_oov_indices=2),
        "hashed_number": "integer_hashed",
        "hashed_word": space.string_hashed(4),
    }
    crosses = [("number", "word"), space.cross(("word", "hashed_word"), 3)]
    sizes = {"crossing_dim": 6, "hashing_dim": 5}
    encoded = {
        "word": space.string_categorical(output_mode="int"),
        "binned": space.float_discretized(4, output_mode="int"),
        "number": "integer_categorical",
    }
    integer_cross = [space.cross(("word", "number"), 7, output_mode="int")]
    return {
        "concat": space(features, crosses=crosses, **sizes, name="concat"),
        "dict": space(encoded, "dict", integer_cross, name="dict"),
    }


def main() -> None:
    import keras

    made: dict[str, Any] = {}
    for name, space in spaces(keras).items():
        data = {key: columns()[key] for key in space.features}
        space.adapt(data)
        found = space(data)
        parts = found if isinstance(found, dict) else {"": found}
        made |= {f"{name}/{key}": np.asarray(value) for key, value in parts.items()}
        space.save(FOLDER / f"{name}.keras")
    np.savez_compressed(FOLDER / "encoded.npz", **made)


if __name__ == "__main__":
    main()
