"""The modules that older Keras had, and where their names are now."""

import importlib
from types import ModuleType
from typing import Any

from .notice import tell
from .patches import Patches

# Path below `keras`: the namespaces, below `keras` too, that have its names now.
WHERE_BY_PATH = {
    "backend.common": "backend",
    "backend.tensorflow_backend": "backend",
    "callbacks.callbacks": "callbacks",
    "callbacks.experimental": "callbacks",
    "engine": "layers models utils",
    "engine.base_layer": "layers",
    "engine.functional": "models",
    "engine.input_layer": "layers",
    "engine.input_spec": "layers",
    "engine.keras_tensor": ".",
    "engine.network": "models utils",
    "engine.saving": "models saving",
    "engine.sequential": "models",
    "engine.topology": "layers models utils",
    "engine.training": "models",
    "experimental": "optimizers.schedules",
    "initializations": "initializers",
    "initializers.initializers_v1": "initializers",
    "initializers.initializers_v2": "initializers",
    "layers.advanced_activations": "layers",
    "layers.convolutional": "layers",
    "layers.convolutional_recurrent": "layers",
    "layers.core": "layers",
    "layers.cudnn_recurrent": "layers",
    "layers.embeddings": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.local": "layers",
    "layers.merge": "layers",
    "layers.merging": "layers",
    "layers.noise": "layers",
    "layers.normalization": "layers",
    "layers.pooling": "layers",
    "layers.recurrent": "layers",
    "layers.recurrent_v2": "layers",
    "layers.wrappers": "layers",
    "mixed_precision.experimental": "mixed_precision",
    "objectives": "losses",
    "optimizers.adadelta_v2": "optimizers",
    "optimizers.adagrad_v2": "optimizers",
    "optimizers.adam_v2": "optimizers",
    "optimizers.adamax_v2": "optimizers",
    "optimizers.experimental": "optimizers",
    "optimizers.ftrl_v2": "optimizers",
    "optimizers.gradient_descent_v2": "optimizers",
    "optimizers.legacy": "optimizers",
    "optimizers.nadam_v2": "optimizers",
    "optimizers.optimizer_v2": "optimizers",
    "optimizers.rmsprop_v2": "optimizers",
    "utils.conv_utils": "utils backend",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.image_utils": "utils",
    "utils.io_utils": "utils",
    "utils.layer_utils": "utils backend",
    "utils.losses_utils": "losses",
    "utils.multi_gpu_utils": "utils",
    "utils.np_utils": "utils",
    "utils.training_utils": "utils",
    "utils.vis_utils": "utils",
    "wrappers.scikit_learn": "legacy.wrappers",
}
_NEW_NAMES = {
    "Container": "Model",
    "Network": "Model",
    "Policy": "DTypePolicy",
    "set_policy": "set_global_policy",
}


class OldModule(ModuleType):
    """A module of older Keras, whose names are looked up where they are now.

    Args:
        package: The module that `keras` is.
        path: The old path below `keras`.
        where: The namespaces that have the names now.
    """

    __path__: list[str]

    def __init__(self, package: ModuleType, path: str, where: str) -> None:
        super().__init__(f"keras.{path}", f"Names of `keras.{where}`, by their old path.")
        self.__path__ = []
        self._package = package
        self._inside = path
        self._where = where.split()
        self._is_told = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        new_name = _NEW_NAMES.get(name, name)
        for where in self._where:
            name_now = f"{self._package.__name__}.{where}".rstrip(".")
            namespace = importlib.import_module(name_now)
            if hasattr(namespace, new_name):
                self._tell(f"keras.{where}".rstrip(".").replace("legacy.", ""))
                return getattr(namespace, new_name)
        return self._of_own_folder(name)

    def _tell(self, place: str) -> None:
        if not self._is_told:
            self._is_told = True
            tell(f"The module `{self.__name__}`", f"import from `{place}`", stacklevel=4)

    def _of_own_folder(self, name: str) -> Any:
        """Return a name of the folder that has the same path now, if there is one."""
        own = f"{self._package.__name__}.{self._inside}"
        try:
            return getattr(importlib.import_module(own), name)
        except (ModuleNotFoundError, AttributeError):
            raise AttributeError(
                f"Module {self.__name__!r} has no attribute {name!r}, and neither has "
                f"{' or '.join(f'`keras.{where}`' for where in self._where)}."
            ) from None


def make(package: ModuleType, patches: Patches) -> dict[str, ModuleType]:
    """Return the old modules by path, and make them attributes of their parents.

    Args:
        package: The module that `keras` is.
        patches: Where the attributes are noted.
    """
    made: dict[str, ModuleType] = {
        path: OldModule(package, path, where) for path, where in WHERE_BY_PATH.items()
    }
    for path, module in made.items():
        parent, _, name = path.rpartition(".")
        owner = made.get(parent) or getattr(package, parent) if parent else package
        patches.set(owner, name, module)
    return made
