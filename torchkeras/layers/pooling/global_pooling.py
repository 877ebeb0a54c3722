"""What the global poolings share: all spatial axes are reduced."""

from typing import Any, ClassVar

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer


class GlobalPooling(Layer):
    """A layer that reduces all axes but batch and channels."""

    rank: ClassVar[int]
    _dims: tuple[int, ...]

    built = True

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 1 if self.data_format == "channels_last" else 2
        object.__setattr__(self, "_dims", tuple(range(first, first + self.rank)))
