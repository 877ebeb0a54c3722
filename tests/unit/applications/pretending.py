"""Build networks of both packages without building anything, and note what they ask for."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import keras
from keras.src.applications import convnext, inception_resnet_v2
from keras.src.utils import file_utils

from torchkeras import applications
from torchkeras.applications import (
    _blocks,
    _inception,
    _network,
    _resnet,
    _vgg,
    _weights,
)

_WITH_FILTERS = ("conv2d", "separableconv2d", "dense")
_BY_CHANNELS = ("normalization", "rescaling")  # are there for images of three channels


class Symbol(int):
    """A stand-in for a symbol, its shape, its sizes and a model of it."""

    def __new__(cls) -> "Symbol":
        return super().__new__(cls, 8)

    def __getattr__(self, name: str) -> "Symbol":
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> "Symbol":
        return self

    def __getitem__(self, index: Any) -> "Symbol":
        return self

    def __iter__(self) -> Iterator["Symbol"]:
        return iter([self, self])


class Layers:
    """A stand-in for `layers` that notes class, name and filters of what is made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        def make(*args: Any, **kwargs: Any) -> Symbol:
            kind, label = name.lower(), str(kwargs.get("name"))
            first = args[0] if args else kwargs.get("filters")
            # The sizes of squeeze-and-excite come from a symbol, of which there is no real one.
            filters = first if kind in _WITH_FILTERS and "se_" not in label else None
            if kind not in _BY_CHANNELS:
                self.made.append(f"{kind} {label} {filters}")
            return Symbol()

        return make


def theirs(network: str, /, **arguments: Any) -> tuple[list[str], list[Any]]:
    """The layers that Keras's network asks for, and the files."""
    layers, files = Layers(), []

    def get_file(*args: Any, file_hash: str | None = None, **kwargs: Any) -> str:
        files.append((*args, file_hash))
        return "weights.h5"

    modules = [m for m in vars(keras.src.applications).values() if inspect.ismodule(m)]
    with ExitStack() as stack:
        for module in modules:
            for key, fake in (
                ("layers", layers),
                ("Functional", Symbol()),
                ("file_utils", SimpleNamespace(get_file=get_file, exists=file_utils.exists)),
            ):
                if hasattr(module, key):
                    stack.enter_context(patch.object(module, key, fake))
        for module, key in ((convnext, "Sequential"), (convnext, "LayerScale"),
                            (inception_resnet_v2, "CustomScaleLayer")):  # fmt: skip
            stack.enter_context(patch.object(module, key, Symbol()))
        stack.enter_context(patch.object(keras.src.applications.nasnet.backend, "backend", str))
        getattr(keras.applications, network)(**arguments)
    return layers.made, files


def ours(network: str, /, **arguments: Any) -> tuple[list[str], list[Any]]:
    """The layers that our network asks for, and the files."""
    layers, files = Layers(), []

    def get_file(
        name: str, url: str, cache_subdir: str = "datasets", file_hash: str | None = None
    ) -> str:
        assert cache_subdir == "models"
        files.append((name, url, file_hash))
        return "weights.h5"

    modules = [m for m in vars(applications).values() if inspect.ismodule(m)]
    with ExitStack() as stack:
        for module in [*modules, _blocks, _inception, _network, _resnet, _vgg]:
            if hasattr(module, "layers"):
                stack.enter_context(patch.object(module, "layers", layers))
        for module, key in ((applications.convnext, "Sequential"), (_network, "Model"),
                            (applications.convnext, "LayerScale"),
                            (applications.inception_resnet_v2, "CustomScaleLayer")):  # fmt: skip
            stack.enter_context(patch.object(module, key, Symbol()))
        stack.enter_context(patch.object(_weights, "get_file", get_file))
        getattr(applications, network)(**arguments)
    return layers.made, files
