"""`SpatialDropout1D`, `2D` and `3D`: whole feature maps are set to zero."""

from typing import Any, ClassVar

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.input_spec import InputSpec

from .dropout import Dropout


class _SpatialDropout(Dropout):
    """Dropout with one choice for all places of a feature map."""

    rank: ClassVar[int]

    def _choose_maps(self, data_format: str) -> None:
        places = (1,) * self.rank
        last = data_format == "channels_last"
        self.noise_shape = (None, *places, None) if last else (None, None, *places)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


class SpatialDropout1D(_SpatialDropout):
    """In training, set a random part of the features to zero at all steps, and scale the rest.

    Args:
        rate: The part to drop, from 0 to 1.
        seed: An integer, for the same choices in every run.
        name: The layer's name.
        dtype: A dtype's name or a dtype policy.

    Input shape:
        `(batch, steps, features)`.

    Output shape:
        The input's.

    Source:
        Tompson et al. 2014, https://arxiv.org/abs/1411.4280

    Example:
        >>> import torch, torchkeras
        >>> y = torchkeras.layers.SpatialDropout1D(0.5, seed=1)(torch.ones(1, 9, 4), training=True)
        >>> bool((y == y[:, :1]).all())
        True
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self._choose_maps("channels_last")


class _ImageDropout(_SpatialDropout):
    """Spatial dropout whose channels may be first."""

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self._choose_maps(self.data_format)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {**super().get_config(), "data_format": self.data_format}


class SpatialDropout2D(_ImageDropout):
    """In training, set a random part of the feature maps of images to zero, and scale the rest.

    Args:
        rate: The part to drop, from 0 to 1.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        name: The layer's name.
        dtype: A dtype's name or a dtype policy.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The input's.

    Source:
        Tompson et al. 2014, https://arxiv.org/abs/1411.4280

    Example:
        >>> import torch, torchkeras
        >>> x = torch.ones(1, 3, 3, 4)
        >>> y = torchkeras.layers.SpatialDropout2D(0.5, seed=1)(x, training=True)
        >>> bool((y == y[:, :1, :1]).all())
        True
    """

    rank = 2


class SpatialDropout3D(_ImageDropout):
    """In training, set a random part of the feature maps of volumes to zero, and scale the rest.

    Args:
        rate: The part to drop, from 0 to 1.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        name: The layer's name.
        dtype: A dtype's name or a dtype policy.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        The input's.

    Source:
        Tompson et al. 2014, https://arxiv.org/abs/1411.4280

    Example:
        >>> import torch, torchkeras
        >>> x = torch.ones(1, 2, 2, 2, 4)
        >>> y = torchkeras.layers.SpatialDropout3D(0.5, seed=1)(x, training=True)
        >>> bool((y == y[:, :1, :1, :1]).all())
        True
    """

    rank = 3
