"""Windows and pairs of words are Keras's."""

import json
import random

import numpy as np
import pytest
from keras.src.legacy.preprocessing import sequence as oracle

import torchkeras
from torchkeras.preprocessing import sequence

SERIES = np.arange(60.0).reshape(30, 2)
WINDOWS = [
    {"length": 4},
    {"length": 6, "sampling_rate": 2, "stride": 3, "batch_size": 4},
    {"length": 3, "start_index": 5, "end_index": 20, "reverse": True, "batch_size": 8},
    {"length": 3, "shuffle": True, "batch_size": 5},
]


@pytest.mark.parametrize("arguments", WINDOWS, ids=lambda a: "-".join(a))
def test_windows(arguments):
    made = []
    for module in (sequence, oracle):
        np.random.seed(3)  # noqa: NPY002
        data = module.TimeseriesGenerator(SERIES, SERIES[:, 0], **arguments)
        made.append([data[i] for i in range(len(data))])
    assert len(made[0]) == len(made[1])
    for ours, theirs in zip(*made, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_windows_train_a_model():
    data = sequence.TimeseriesGenerator(SERIES, SERIES[:, :1], length=3, batch_size=8)
    model = torchkeras.Sequential([torchkeras.layers.Flatten(), torchkeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert len(model.fit(data, epochs=2, verbose=0).history["loss"]) == 2
    assert model.predict(data, verbose=0).shape == (27, 1)


def test_the_config_is_json():
    data = sequence.TimeseriesGenerator(SERIES, list(range(30)), length=3)
    config = json.loads(data.to_json())
    assert json.loads(config["config"]["data"]) == SERIES.tolist()
    with pytest.raises(TypeError, match="`targets`"):
        sequence.TimeseriesGenerator([1, 2], [object(), 2], length=1).to_json()


def test_windows_that_do_not_fit():
    with pytest.raises(ValueError, match="same length"):
        sequence.TimeseriesGenerator(SERIES, SERIES[1:], length=3)
    with pytest.raises(ValueError, match="length=30"):
        sequence.TimeseriesGenerator(SERIES, SERIES, length=30)


PAIRS = [
    {},
    {"window_size": 1, "negative_samples": 0},
    {"negative_samples": 2.5, "categorical": True, "seed": 5},
    {"shuffle": False},
    {"sampling_table": [0.5] * 9},
]


@pytest.mark.filterwarnings("ignore:non-integer arguments")  # of Keras
@pytest.mark.parametrize("arguments", PAIRS, ids=lambda a: "-".join(a) or "default")
def test_pairs(arguments):
    made = []
    for module in (sequence, oracle):
        random.seed(8)
        made.append(module.skipgrams([1, 4, 0, 2, 7, 4, 3], 9, **arguments))
    assert made[0] == made[1]


def test_sampling_table():
    np.testing.assert_array_equal(
        sequence.make_sampling_table(50, 1e-3), oracle.make_sampling_table(50, 1e-3)
    )


def test_padding_is_that_of_utils():
    assert sequence.pad_sequences is torchkeras.utils.pad_sequences
