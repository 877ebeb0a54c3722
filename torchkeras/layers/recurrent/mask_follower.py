"""`MaskFollower`: a layer that only hands on masks that come in."""

from typing import Any

from torchkeras.layers.layer import Layer

_PACKAGE = __name__.rpartition(".")[0]


class MaskFollower(Layer):
    """A layer whose `compute_mask` has nothing to say without a mask: such calls may be short."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.compute_mask.__module__.startswith(_PACKAGE):
            cls._computes_mask = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
