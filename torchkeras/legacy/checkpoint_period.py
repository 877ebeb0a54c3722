"""`ModelCheckpoint(period=n)`: a file after every n-th epoch."""

import functools
from types import ModuleType
from typing import Any

from .notice import tell
from .patches import Patches


def apply(package: ModuleType, patches: Patches) -> None:
    """Let `ModelCheckpoint` take `period`.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    cls = package.callbacks.ModelCheckpoint
    init, end = cls.__init__, cls.on_epoch_end

    @functools.wraps(init)
    def understanding(self: Any, *args: Any, **kwargs: Any) -> None:
        period = kwargs.pop("period", None)
        if period is not None:
            tell("`period` of `ModelCheckpoint`", "give `save_freq` a number of batches")
        init(self, *args, **kwargs)
        self.period, self.epochs_since_last_save = int(period or 1), 0

    @functools.wraps(end)
    def every(self: Any, epoch: int, logs: Any = None) -> None:
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save >= self.period:
            self.epochs_since_last_save = 0
            end(self, epoch, logs)

    patches.set(cls, "__init__", understanding)
    patches.set(cls, "on_epoch_end", every)
