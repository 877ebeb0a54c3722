"""Internals of Keras that its tests look at, in the words of torchkeras."""

import unittest
from types import SimpleNamespace
from typing import Any

import ml_dtypes  # noqa: F401 - tells NumPy of bfloat16, as Keras does

import torchkeras
from torchkeras._base import serialization
from torchkeras._base.dtypes import to_torch
from torchkeras._state.tracked import children_of
from torchkeras._symbolic.probe import probe
from torchkeras._symbolic.tensor import fresh
from torchkeras.layers import Layer


def _outputs(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the symbols that a function makes of symbols."""
    return torchkeras.tree.map_structure(
        lambda leaf: fresh(leaf, "keras_tensor") if hasattr(leaf, "shape") else leaf,
        probe(function, args, kwargs),
    )


class _IsFunctional(type):
    """Takes every model that was made of symbols for a `Functional`, which has no class here."""

    def __instancecheck__(cls, thing: Any) -> bool:
        return cls.__subclasscheck__(type(thing)) and thing._program is not None

    def __subclasscheck__(cls, kind: type) -> bool:
        models = torchkeras.models
        return issubclass(kind, models.Model) and not issubclass(kind, models.Sequential)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return torchkeras.Model(*args, **kwargs)


class Functional(metaclass=_IsFunctional):
    """What Keras calls a model made of symbols."""

    from_config = torchkeras.Model.from_config


# By the first folder inside `keras.src`, and the name.
INTERNALS: dict[tuple[str, str], Any] = {
    ("backend", "backend"): lambda: "torch",
    ("backend", "name_scope"): torchkeras.name_scope,
    ("backend", "random"): torchkeras.random,
    ("backend", "config"): torchkeras.config,
    ("backend", "SUPPORTS_SPARSE_TENSORS"): False,
    ("backend", "SUPPORTS_RAGGED_TENSORS"): False,
    ("backend", "SUPPORTS_COMPLEX_DTYPES"): True,
    ("backend", "IS_THREAD_SAFE"): True,
    ("backend", "to_torch_dtype"): to_torch,
    ("backend", "get_device"): lambda: "cpu",
    ("backend", "compute_output_spec"): _outputs,
    ("backend", "clear_session"): torchkeras.utils.clear_session,
    ("backend", "KerasVariable"): torchkeras.Variable,
    ("models", "Functional"): Functional,
    ("ops", "random"): torchkeras.random,
    ("utils", "dmtree"): SimpleNamespace(available=True),
}


def add_to_layers() -> None:
    """Give layers the private attributes that Keras's tests count."""
    added: dict[str, Any] = {
        "_build_at_init": lambda self: setattr(self, "built", True),
        "_flatten_layers": _flatten_layers,
        "_layers": property(lambda self: _layers(children_of(self))),
        "_seed_generators": property(
            lambda self: [
                m for m in self.children() if isinstance(m, torchkeras.random.SeedGenerator)
            ]
        ),
        "_trainable_variables": property(lambda self: _own(self, trainable=True)),
        "_non_trainable_variables": property(lambda self: _own(self, trainable=False)),
        "_int4_block_size": property(_block_size),
        "torch_params": property(lambda self: self.variables),
    }
    torchkeras.Sequential._functional = property(lambda self: self if self.built else None)
    for name, value in added.items():
        if not hasattr(Layer, name):
            setattr(Layer, name, value)


def _layers(modules: Any) -> list[Any]:
    return [module for module in modules if isinstance(module, Layer)]


def _seed_generators(layer: Any) -> list[Any]:
    return [m for m in layer.children() if isinstance(m, torchkeras.random.SeedGenerator)]


def _block_size(layer: Any) -> Any:
    return getattr(layer.quantization_config, "block_size", None)


def _own(layer: Any, trainable: bool) -> list[Any]:
    return [variable for variable in layer.own_variables() if variable.trainable is trainable]


def _flatten_layers(self: Any, include_self: bool = True, recursive: bool = True) -> list[Any]:
    below = _layers(self.modules() if recursive else self.children())
    return [self] * include_self + [layer for layer in below if layer is not self]


def take_any_wording() -> None:
    """Let errors be compared by their type: the words are torchkeras's own."""

    def assert_raises(
        self: Any, error: Any, expected_regex: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        return self.assertRaises(error, *args, **kwargs)  # noqa: PT027 - not a test

    unittest.TestCase.assertRaisesRegex = assert_raises  # type: ignore[method-assign]


def know_classes_of_tests(modules: Any) -> None:
    """Find classes of test files by their modules, as Keras does inside its own package.

    Args:
        modules: `sys.modules`.
    """
    find = serialization.find_class

    def find_class(config: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return find(config, *args, **kwargs)
        except TypeError:
            name, module = config["class_name"], str(config.get("module"))
            name = config["config"] if name in ("function", "class") else name
            if module.endswith("_test") and hasattr(modules.get(module), str(name)):
                return getattr(modules[module], name)
            raise

    serialization.find_class = find_class
