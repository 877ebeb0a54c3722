"""Send the logs of each epoch to a server."""

import json
import warnings
from typing import Any

import numpy as np

from torchkeras._base.messages import missing_extra

from .callback import Callback, Logs


class RemoteMonitor(Callback):
    """Send the logs of each epoch to a server, by HTTP POST.

    The package `requests` is needed. A server that cannot be reached is a warning.

    Args:
        root: The address of the server.
        path: What is added to it.
        field: The field of the form that holds the logs as JSON, with the epoch among them.
        headers: Headers of the request.
        send_as_json: Whether the body is the JSON itself rather than a form.

    Raises:
        ImportError: If `requests` is not installed.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.RemoteMonitor(send_as_json=True).path
        '/publish/epoch/end/'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        requests = _requests()
        values = {name: _plain(value) for name, value in (logs or {}).items()}
        sent: dict[str, Any] = {"epoch": epoch, **values}
        address = self.root + self.path
        try:
            if self.send_as_json:
                requests.post(address, json=sent, headers=self.headers)
            else:
                requests.post(address, {self.field: json.dumps(sent)}, headers=self.headers)
        except requests.exceptions.RequestException:
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)


def _requests() -> Any:
    try:
        import requests
    except ImportError as error:
        raise missing_extra("requests", "remote", "RemoteMonitor") from error
    return requests


def _plain(value: Any) -> Any:
    """Return a number that JSON can hold."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.size == 1 else value.tolist()
    return value
