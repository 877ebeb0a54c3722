"""The version that programs and libraries written for Keras ask for."""

from types import ModuleType

from .patches import Patches

# Libraries look for a leading "3." to choose between Keras 3 and `tf.keras`.
_VERSION = "3.15.1"


def _version() -> str:
    """Return the version of Keras whose names are here."""
    return _VERSION


def apply(package: ModuleType, patches: Patches) -> None:
    """Let a package call itself the Keras whose names it has.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    patches.set(package, "__version__", _VERSION)
    patches.set(package, "version", _version)
