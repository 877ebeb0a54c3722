"""`weights=` of any layer in older Keras: the values that its weights begin with."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .notice import tell
from .patches import Patches

_KEPT = "_first_weights"


def apply(package: ModuleType, patches: Patches) -> None:
    """Let every layer take `weights`.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    layer = package.layers.Layer
    patches.set(layer, "__init__", _keeping(layer.__init__))
    patches.set(layer, "finish_build", _setting(layer.finish_build))


def _keeping(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def understanding(self: Any, *args: Any, **kwargs: Any) -> None:
        weights = kwargs.pop("weights", None)
        init(self, *args, **kwargs)
        if weights is not None:
            tell("`weights`", "call `set_weights` once the layer is built")
            object.__setattr__(self, _KEPT, list(weights))

    return understanding


def _setting(finish: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(finish)
    def finish_build(self: Any) -> None:
        finish(self)
        weights = vars(self).pop(_KEPT, None)
        if weights is not None:
            self.set_weights(weights)

    return finish_build
