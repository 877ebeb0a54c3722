"""What `import tensorflow` gives: its Keras, a few names more, and errors that say the way out."""

from collections.abc import Callable
from inspect import isroutine
from types import ModuleType
from typing import Any

import torch

_HINTS = {
    "GradientTape": "call `loss.backward()`, or `torch.autograd.grad(loss, weights)`",
    "Variable": "use `keras.Variable`",
    "constant": "use `torch.tensor`",
    "convert_to_tensor": "use `keras.ops.convert_to_tensor`",
    "data": "pass arrays, tensors, a `torch.utils.data.DataLoader` or a `keras.utils.PyDataset`",
    "distribute": "use `torch.nn.parallel.DistributedDataParallel`",
    "estimator": "use `keras.Model`",
    "feature_column": "use the preprocessing layers of `keras.layers`",
    "function": "leave it out, or use `torch.compile`",
    "gfile": "use `pathlib`",
    "image": "use `keras.ops.image` or `torchvision.transforms.v2`",
    "io": "use `pathlib`, and `keras.utils.load_img` for images",
    "lite": "use `torch.export`",
    "math": "use the functions of `keras.ops`",
    "nn": "use the functions of `keras.ops` or `torch.nn.functional`",
    "placeholder": "use `keras.Input`",
    "random": "use `keras.random`",
    "reduce_max": "use `keras.ops.max`",
    "reduce_mean": "use `keras.ops.mean`",
    "reduce_min": "use `keras.ops.min`",
    "reduce_sum": "use `keras.ops.sum`",
    "saved_model": "use `model.save` or `torch.export`",
    "Session": "leave it out: torch computes at once",
    "train": "use `keras.optimizers`",
}
_DTYPES = (
    *("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool", "string"),
)
# Tutorials ask for it in their first lines, and compare its first number with 2.
_VERSION = "2.20.0+torchkeras"


def missing(name: str, keras: ModuleType) -> str:
    """Return what to say of a name of TensorFlow that is not here.

    Args:
        name: The whole name.
        keras: The module that `keras` is.
    """
    inside = name.removeprefix("tensorflow.").removeprefix("compat.v1.").removeprefix("compat.v2.")
    first, last = inside.partition(".")[0], inside.rpartition(".")[2]
    way = _HINTS.get(first)
    if isroutine(getattr(keras.ops, last, None)) and (way is None or first in ("math", "nn")):
        way = f"use `keras.ops.{last}`"
    way = way or "use torch, or the functions of `keras.ops`"
    return (
        f"`{name}` is TensorFlow, of which only `tensorflow.keras` is here: this program runs on "
        f"torch. Instead, {way}."
    )


class TensorFlow(ModuleType):
    """The module `tensorflow`, or a part of it.

    Args:
        name: Its whole name.
        keras: The module that `keras` is.
    """

    __path__: list[str]

    def __init__(self, name: str, keras: ModuleType) -> None:
        super().__init__(name, "TensorFlow's Keras, on torch.")
        self.__path__ = []
        self._keras = keras
        self._parts: dict[str, TensorFlow] = {}
        vars(self).update(_NAMES.get(name, _no_names)(keras))

    def has(self, name: str) -> bool:
        """Whether there is a part of this whole name.

        Args:
            name: The whole name.
        """
        return name in _NAMES

    def part(self, name: str) -> "TensorFlow":
        """Return the part of this whole name.

        Args:
            name: The whole name.
        """
        if name not in self._parts:
            self._parts[name] = TensorFlow(name, self._keras)
            self._parts[name]._parts = self._parts
        return self._parts[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        whole = f"{self.__name__}.{name}"
        if name == "keras":
            return self._keras
        if whole in _NAMES or whole in _EMPTY:
            return self.part(whole)
        raise AttributeError(missing(whole, self._keras), name=name, obj=self)


def _no_names(keras: ModuleType) -> dict[str, Any]:
    return {}


def _top(keras: ModuleType) -> dict[str, Any]:
    dtypes = {name: name for name in _DTYPES}
    return {
        **dtypes,
        "Tensor": torch.Tensor,
        "__version__": _VERSION,
        "executing_eagerly": _yes,
        "newaxis": None,
    }


def _random(keras: ModuleType) -> dict[str, Any]:
    return {"set_seed": keras.utils.set_random_seed}


def _config(keras: ModuleType) -> dict[str, Any]:
    return {"list_physical_devices": _devices}


def _experimental(keras: ModuleType) -> dict[str, Any]:
    return {**_config(keras), "set_memory_growth": _accept}


def _test(keras: ModuleType) -> dict[str, Any]:
    return {"is_gpu_available": _has_accelerator}


def _devices(device_type: str | None = None) -> list[str]:
    """Return the names of the devices of a kind, as strings."""
    accelerators = [f"GPU:{i}" for i in range(torch.accelerator.device_count())]
    return [name for name in ["CPU:0", *accelerators] if name.startswith(device_type or "")]


def _has_accelerator(*_: Any, **__: Any) -> bool:
    return bool(_devices("GPU"))


def _yes() -> bool:
    return True


def _accept(*_: Any, **__: Any) -> None:
    """Do nothing: torch takes memory as it needs it."""


_NAMES: dict[str, Callable[[ModuleType], dict[str, Any]]] = {
    "tensorflow": _top,
    "tensorflow.random": _random,
    "tensorflow.config": _config,
    "tensorflow.config.experimental": _experimental,
    "tensorflow.test": _test,
}
_EMPTY = {"tensorflow.compat", "tensorflow.compat.v1", "tensorflow.compat.v2", "tensorflow.python"}
