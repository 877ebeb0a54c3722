"""`Config`: attributes, items, freezing, JSON."""

import copy
import json
import pickle

import pytest

from torchkeras.utils import Config


def test_attributes_and_items():
    config = Config(rate=0.1, name="x")
    config.seed = 3
    config["depth"] = 4
    assert (config.rate, config["seed"], config.depth, config.get("none", 5)) == (0.1, 3, 4, 5)
    assert list(config) == ["depth", "name", "rate", "seed"]
    assert "rate" in config
    assert len(config) == 4
    assert dict(config.items()) == dict(zip(config.keys(), config.values(), strict=True))
    del config["depth"]
    assert config.pop("seed") == 3
    config.update({"rate": 0.2}, more=1)
    assert config.as_dict() == {"rate": 0.2, "name": "x", "more": 1}
    assert json.loads(config.to_json()) == config.as_dict()
    assert repr(config) == "<Config {'rate': 0.2, 'name': 'x', 'more': 1}>"


def test_frozen_until_unfrozen():
    config = Config(a=1)
    config.freeze()
    assert config.frozen
    for change in (
        lambda: setattr(config, "a", 2), lambda: config.update(a=2), lambda: config.pop("a"),
        lambda: config.__setitem__("b", 1), lambda: config.__delitem__("a"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    config.a = 2
    assert config.a == 2


def test_a_misspelt_name_gets_a_hint():
    with pytest.raises(AttributeError, match=r"no 'learning_rat'\. Did you mean 'learning_rate'"):
        _ = Config(learning_rate=0.1).learning_rat


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies(again):
    assert again(Config(a=[1])).as_dict() == {"a": [1]}


def test_the_dictionary_is_a_copy():
    config = Config(a=1)
    config.as_dict()["a"] = 2
    assert config.a == 1
