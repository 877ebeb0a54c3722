"""`install` and `uninstall`: whether `keras` and `tensorflow` are torchkeras."""

import importlib
import sys
from dataclasses import dataclass, field
from types import ModuleType

from .finder import Finder, present
from .patches import Patches
from .spellings import understand

_PACKAGE = __name__.partition(".")[0]


@dataclass
class _Installed:
    finder: Finder | None = None
    patches: Patches = field(default_factory=Patches)


_INSTALLED = _Installed()


def install() -> None:
    """Let `import keras` and `import tensorflow` in this process find torchkeras.

    All of `keras`, `tf.keras` and their submodules are torchkeras's own modules, and the spellings
    of older Keras are understood, with a warning that names the new one. Anything else of
    TensorFlow raises an error that says what to use.

    Raises:
        RuntimeError: If another Keras or TensorFlow has been imported.

    Example:
        >>> import torchkeras
        >>> torchkeras.install()  # doctest: +SKIP
        >>> from tensorflow.keras.layers import Dense  # doctest: +SKIP
    """
    if _INSTALLED.finder is not None:
        return
    if others := present():
        raise RuntimeError(
            f"`install` must come before other imports: {', '.join(sorted(others)[:3])} is "
            "imported already, and parts of the program may hold it. Call "
            f"`{_PACKAGE}.install()` first, or run `python -m {_PACKAGE} run script.py`."
        )
    package = importlib.import_module(_PACKAGE)
    _INSTALLED.finder = Finder(package, understand(package, _INSTALLED.patches))
    sys.meta_path.insert(0, _INSTALLED.finder)
    # TensorBoard asks so whether it has to do without TensorFlow.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))


def uninstall() -> None:
    """Take back what `install` did; what was imported stays as it is.

    Example:
        >>> import torchkeras
        >>> torchkeras.uninstall()
    """
    if _INSTALLED.finder is None:
        return
    sys.meta_path.remove(_INSTALLED.finder)
    for name in present():
        del sys.modules[name]
    _INSTALLED.patches.undo()
    _INSTALLED.finder = None
