"""RemoteMonitor: what it sends."""

import json
import sys
from typing import Any
from unittest import mock

import numpy as np
import pytest

from torchkeras.callbacks import RemoteMonitor

requests = pytest.importorskip("requests")
LOGS = {"loss": 0.5, "array": np.array(0.25), "scalar": np.float32(2), "vector": np.ones(2)}
SENT = {"epoch": 3, "loss": 0.5, "array": 0.25, "scalar": 2.0, "vector": [1.0, 1.0]}


def posted(monitor: RemoteMonitor, logs: Any = None) -> mock.Mock:
    with mock.patch("requests.post") as post:
        monitor.on_epoch_end(3, logs)
    return post


def test_a_form_holds_the_logs_as_json() -> None:
    post = posted(RemoteMonitor(field="field", headers={"a": "b"}), LOGS)
    (address, form), options = post.call_args
    assert address == "http://localhost:9000/publish/epoch/end/"
    assert json.loads(form["field"]) == SENT
    assert options == {"headers": {"a": "b"}}


def test_the_body_may_be_json() -> None:
    post = posted(RemoteMonitor("http://host", "/path", send_as_json=True), LOGS)
    post.assert_called_once_with("http://host/path", json=SENT, headers=None)


def test_no_logs_are_sent_as_an_epoch() -> None:
    assert json.loads(posted(RemoteMonitor()).call_args.args[1]["data"]) == {"epoch": 3}


def test_a_server_that_is_away_is_a_warning() -> None:
    with (
        mock.patch("requests.post", side_effect=requests.exceptions.ConnectionError),
        pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server at http://l"),
    ):
        RemoteMonitor().on_epoch_end(0, {})


def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(ImportError, match=r"RemoteMonitor needs .*`requests`.*torch\[remote\]"):
        RemoteMonitor().on_epoch_end(0, {})
