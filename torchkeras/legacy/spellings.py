"""All that older Keras spelt otherwise."""

from types import ModuleType

from . import (
    answered_version,
    backend_functions,
    backend_graphs,
    backend_tensors,
    checkpoint_period,
    first_weights,
    layer_arguments,
    model_methods,
    old_layers,
    old_modules,
    old_names,
    old_utilities,
    optimizer_arguments,
    symbolic_losses,
    tensorflow_layers,
)
from .patches import Patches

_PARTS = (
    answered_version,
    backend_functions,
    backend_tensors,
    backend_graphs,
    checkpoint_period,
    old_layers,
    tensorflow_layers,
    old_names,
    old_utilities,
    first_weights,
    layer_arguments,
    optimizer_arguments,
    model_methods,
    symbolic_losses,
)


def understand(package: ModuleType, patches: Patches) -> dict[str, ModuleType]:
    """Let a package understand the spellings of older Keras, and return its old modules.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    for part in _PARTS:
        part.apply(package, patches)
    return old_modules.make(package, patches)
