"""Every test here starts with empty folders and without network."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from torchkeras.datasets import fashion_mnist


@dataclass(frozen=True)
class Places:
    """The folders that a search goes through, all in a temporary one."""

    keras: Path
    cache: Path
    here: Path
    hub: Path
    debian: Path


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Send the search for data to empty folders."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TORCHKERAS_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FASHION_MNIST", tmp_path / "debian")
    keras = tmp_path / "keras" / "datasets"
    keras.mkdir(parents=True)
    return Places(
        keras,
        tmp_path / "cache",
        Path("data"),
        tmp_path / "hub" / "datasets",
        tmp_path / "debian",
    )


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("no network in this test")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def keras_twin(places: Places, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return Keras's own module of a name; it reads the same folders and takes any hash."""
    pytest.importorskip("keras", reason="Keras is the oracle here")
    from keras.src import datasets
    from keras.src.backend import config
    from keras.src.utils import file_utils

    monkeypatch.setattr(config, "_KERAS_DIR", str(places.keras.parent))
    monkeypatch.setattr(file_utils, "validate_file", lambda *args, **kwargs: True)
    return lambda name: getattr(datasets, name)
