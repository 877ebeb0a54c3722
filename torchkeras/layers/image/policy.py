"""`PolicyLayer`: what layers share that choose among other layers at random."""

from collections.abc import Callable
from typing import Any

from torchkeras._base.geometry import is_whole

from .auto_contrast import AutoContrast
from .base import ImageLayer, same_spec
from .equalization import Equalization
from .factors import INTERPOLATIONS, known, overlap, value_range_kept
from .random_brightness import RandomBrightness
from .random_color_degeneration import RandomColorDegeneration
from .random_contrast import RandomContrast
from .random_posterization import RandomPosterization
from .random_rotation import RandomRotation
from .random_sharpness import RandomSharpness
from .random_shear import RandomShear
from .random_translation import RandomTranslation
from .solarization import Solarization


class PolicyLayer(ImageLayer):
    """A layer made of others of one strength, which are its attributes.

    Args:
        names: Their names, keys of the table below.
        value_range: The lowest and the highest value of images.
        factor: Their strength: a number for 0 up to it, or lower and upper, from 0 to 1.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same choices in every run.
        **kwargs: The keyword arguments of `ImageLayer`.
    """

    takes_factor = False
    factor_bounds = (0, 1)

    def __init__(
        self,
        names: tuple[str, ...],
        value_range: Any,
        factor: Any,
        interpolation: str,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = value_range_kept(value_range)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self._seed_with(seed)
        self._names = names
        for name in names:
            part = _PARTS[name](self, self._shared())
            part.built = True  # there is nothing to build
            setattr(self, name, part)

    def _shared(self) -> dict[str, Any]:
        return {
            "data_format": self.data_format,
            "bounding_box_format": self.bounding_box_format,
            "dtype": self.dtype_policy,
        }

    def compute_output_spec(self, data: Any, training: bool | None = True) -> Any:
        return same_spec(self, data)

    def part(self, name: str) -> ImageLayer:
        """Return one of the layers."""
        return getattr(self, name)


def whole(name: str, value: Any) -> int:
    """Return a number of layers, which may be 0.

    Raises:
        ValueError: If it is something else.
    """
    if not is_whole(value) or value < 0:
        raise ValueError(f"`{name}` must be an integer, at least 0. Received: {name}={value!r}.")
    return int(value)


def _moving(kind: Any, *factors: str) -> Callable[[PolicyLayer, dict[str, Any]], ImageLayer]:
    """Return a maker of a layer that moves places."""

    def make(layer: PolicyLayer, shared: dict[str, Any]) -> ImageLayer:
        strength = dict.fromkeys(factors, layer.factor)
        more = {"interpolation": layer.interpolation, "seed": layer.seed}
        return kind(**strength, **more, **shared)

    return make


def _coloring(kind: Any, *factors: str) -> Callable[[PolicyLayer, dict[str, Any]], ImageLayer]:
    """Return a maker of a layer that changes colors; one without a factor draws nothing."""

    def make(layer: PolicyLayer, shared: dict[str, Any]) -> ImageLayer:
        strength = dict.fromkeys(factors, layer.factor)
        more = {"seed": layer.seed} if factors else {}
        return kind(**strength, value_range=layer.value_range, **more, **shared)

    return make


def _posterization(layer: PolicyLayer, shared: dict[str, Any]) -> ImageLayer:
    bits = max(1, int(8 * layer.factor[1]))
    return RandomPosterization(bits, value_range=layer.value_range, seed=layer.seed, **shared)


_PARTS = {
    "random_shear": _moving(RandomShear, "x_factor", "y_factor"),
    "random_translation": _moving(RandomTranslation, "height_factor", "width_factor"),
    "random_rotation": _moving(RandomRotation, "factor"),
    "random_brightness": _coloring(RandomBrightness, "factor"),
    "random_color_degeneration": _coloring(RandomColorDegeneration, "factor"),
    "random_contrast": _coloring(RandomContrast, "factor"),
    "random_sharpness": _coloring(RandomSharpness, "factor"),
    "random_posterization": _posterization,
    "solarization": _coloring(Solarization, "addition_factor", "threshold_factor"),
    "auto_contrast": _coloring(AutoContrast),
    "equalization": _coloring(Equalization),
}
