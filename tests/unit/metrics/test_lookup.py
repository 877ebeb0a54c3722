"""Metrics by name, config or value, under Keras's names."""

import keras
import pytest

from tests.unit.metrics.cases import NEEDED
from torchkeras import metrics

KERAS_NAMES = sorted({name for name in dir(keras.metrics) if not name.startswith("_")})
FOUND_BY_KERAS = {
    name: cls for name, cls in keras.src.metrics.ALL_OBJECTS_DICT.items()
    if cls.__name__ not in {"Metric", "MeanMetricWrapper"} | set(NEEDED)
}  # fmt: skip


def test_every_public_name_is_there():
    assert [name for name in KERAS_NAMES if not hasattr(metrics, name)] == []


@pytest.mark.parametrize("name", sorted(FOUND_BY_KERAS))
def test_name_means_what_it_means_in_keras(name):
    ours = metrics.get(name)
    assert type(ours).__name__ == FOUND_BY_KERAS[name].__name__
    assert isinstance(ours, metrics.Metric)


def test_none_callables_and_metrics_are_kept():
    metric = metrics.Mean()
    assert metrics.get(None) is None
    assert metrics.get(metric) is metric
    assert metrics.get(len) is len
    assert isinstance(metrics.get(metrics.Mean), metrics.Mean)


def test_config_without_a_module_means_a_metric():
    config = {"class_name": "MeanSquaredError", "config": {"name": "mine"}}
    assert isinstance(metrics.get(config), metrics.MeanSquaredError)


@pytest.mark.parametrize("find", [metrics.get, metrics.deserialize])
def test_misspelt_name_gets_a_hint(find):
    with pytest.raises(ValueError, match="Did you mean 'binary_accuracy'"):
        find("binary_acuracy")


@pytest.mark.parametrize("wrong", [3, 1.5, ["mse"]])
def test_other_things_are_refused(wrong):
    with pytest.raises(ValueError, match="`metric` must be a name, a config or a callable"):
        metrics.get(wrong)
