"""What `import keras` and `import tensorflow` find: torchkeras's own modules."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from .tensorflow import TensorFlow, missing

# Longest first: what stands before the names of Keras.
KERAS_ROOTS = (
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "tf_keras.src",
    "keras.api",
    "keras.src",
    "tf_keras",
    "keras",
)
TOP_NAMES = ("keras", "tf_keras", "tensorflow")
_HALF_WAY = {root[:i] for root in KERAS_ROOTS for i, sign in enumerate(root) if sign == "."}


class Finder(MetaPathFinder):
    """Answers for every name below `keras` and `tensorflow`.

    Args:
        package: The module that `keras` is.
        old_modules: The modules of older Keras by their path below `keras`.
    """

    def __init__(self, package: ModuleType, old_modules: dict[str, ModuleType]) -> None:
        self._package = package
        self._old_modules = old_modules
        self._tensorflow = TensorFlow("tensorflow", package)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return how to import a module, or `None` if it is none of Keras or TensorFlow.

        Args:
            fullname: The module's whole name.
            path: Where its parent looks for modules; not used.
            target: Not used.
        """
        if fullname.partition(".")[0] not in TOP_NAMES:
            return None
        module = self._found(fullname)
        return ModuleSpec(fullname, _Alias(module), is_package=hasattr(module, "__path__"))

    def _found(self, name: str) -> ModuleType:
        root = next((r for r in KERAS_ROOTS if f"{name}.".startswith(f"{r}.")), None)
        if root is not None:
            return self._of_keras(name, name[len(root) + 1 :])
        if name == "tensorflow":
            return self._tensorflow
        if name in _HALF_WAY or self._tensorflow.has(name):
            return self._tensorflow.part(name)
        raise ImportError(missing(name, self._package), name=name)

    def _of_keras(self, name: str, inside: str) -> ModuleType:
        if inside in self._old_modules:
            return self._old_modules[inside]
        own = f"{self._package.__name__}.{inside}".rstrip(".")
        try:
            if not inside.startswith("_"):
                return importlib.import_module(own)
        except ModuleNotFoundError as error:
            if not own.startswith(str(error.name)):
                raise
        raise ImportError(
            f"There is no `{name}` here: `keras` is {self._package.__name__}, which has the "
            "public modules of Keras 3, and those of older Keras that are known.",
            name=name,
        )


class _Alias(Loader):
    """Gives a module that is there already a second name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._own_spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module itself.

        Args:
            spec: Not used.
        """
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module the spec back that the import system replaced, if it had one.

        Args:
            module: The module.
        """
        if self._own_spec is not None:
            module.__spec__ = self._own_spec


def present() -> list[str]:
    """Return the names of modules of Keras and TensorFlow that were imported."""
    return [name for name in sys.modules if name.partition(".")[0] in TOP_NAMES]
