"""Logs: a dictionary whose numbers are made when they are read."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from torchkeras._training.logs import Logs


def lazy() -> tuple[Logs, list[int]]:
    """Logs that count how often they ask."""
    asked: list[int] = []

    def read() -> dict[str, Any]:
        asked.append(1)
        return {"loss": torch.tensor(0.5), "accuracy": torch.tensor(0.25)}

    return Logs(read), asked


PLAIN = {"accuracy": 0.25, "loss": 0.5}


@pytest.mark.parametrize(
    "use",
    [
        lambda logs: logs["loss"] == 0.5,
        lambda logs: logs.get("loss") == 0.5,
        lambda logs: logs.get("none", 3) == 3,
        lambda logs: "loss" in logs,
        lambda logs: len(logs) == 2,
        lambda logs: list(logs) == list(PLAIN),
        lambda logs: list(logs.keys()) == list(PLAIN),
        lambda logs: list(logs.items()) == list(PLAIN.items()),
        lambda logs: list(logs.values()) == list(PLAIN.values()),
        lambda logs: dict(logs) == PLAIN,
        lambda logs: {**logs} == PLAIN,
        lambda logs: dict(**logs) == PLAIN,
        lambda logs: logs == PLAIN,
        lambda logs: (logs | {"a": 1}) == {**PLAIN, "a": 1},
        lambda logs: ({"a": 1} | logs) == {**PLAIN, "a": 1},
        lambda logs: logs.copy() == PLAIN,
        lambda logs: copy.deepcopy(logs) == PLAIN,
        lambda logs: pickle.loads(pickle.dumps(logs)) == PLAIN,
        lambda logs: repr(logs) == repr(PLAIN),
        lambda logs: logs.pop("loss") == 0.5,
        lambda logs: logs.setdefault("loss", 9) == 0.5,
        lambda logs: "{loss:.2f}".format(**logs) == "0.50",
        lambda logs: bool(logs),
        lambda logs: isinstance(logs, dict),
    ],
)
def test_it_behaves_as_the_dictionary_of_numbers(use: Any) -> None:
    logs, _ = lazy()
    assert use(logs)


def test_it_asks_only_when_something_is_read_and_only_once() -> None:
    logs, asked = lazy()
    assert not asked
    assert (logs["loss"], logs["accuracy"], dict(logs)) == (0.5, 0.25, PLAIN)
    assert len(asked) == 1


def test_settled_values_do_not_follow_the_state() -> None:
    state = torch.tensor(1.0)
    logs = Logs(lambda: {"loss": state})
    logs.settle()
    state.add_(1)
    assert logs["loss"] == 1.0


def test_json_writes_the_numbers() -> None:
    logs = Logs({"loss": torch.tensor(0.5)})
    assert json.dumps(logs) == '{"loss": 0.5}'


def test_values_may_be_set_and_changed() -> None:
    logs, _ = lazy()
    logs["learning_rate"] = 0.1
    logs.update(extra=2.0)
    del logs["accuracy"]
    assert logs == {"loss": 0.5, "learning_rate": 0.1, "extra": 2.0}


def test_nested_metrics_are_taken_apart_in_keras_order() -> None:
    logs = Logs({"loss": 1.0, "compile_metrics": {"z": 2.0, "a": 3.0}})
    assert list(logs.items()) == [("a", 3.0), ("z", 2.0), ("loss", 1.0)]


def test_vectors_are_arrays() -> None:
    logs = Logs({"f1": torch.tensor([0.5, 1.0])})
    assert isinstance(logs["f1"], np.ndarray)


def test_graphs_are_dropped() -> None:
    loss = torch.ones(3, requires_grad=True).sum()
    logs = Logs({"loss": loss})
    assert logs.raw()["loss"].grad_fn is None


@pytest.mark.gpu
def test_reading_all_asks_the_device_once(gpu: torch.device) -> None:
    logs = Logs({name: torch.tensor(1.5, device=gpu) for name in "abc"})
    assert dict(logs) == {"a": 1.5, "b": 1.5, "c": 1.5}
