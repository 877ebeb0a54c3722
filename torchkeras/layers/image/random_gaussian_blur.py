"""`RandomGaussianBlur`: blurred images."""

from typing import Any

from torch import Tensor

from torchkeras._base.geometry import is_whole
from torchkeras.ops.image.filtering import gaussian_blur

from .base import ColorLayer, by_chance
from .eager import chosen_changed
from .factors import overlap, value_range_kept


class RandomGaussianBlur(ColorLayer):
    """In training, blur some images, all those of a batch alike.

    Args:
        factor: How probable that is: a number, or lower and upper, from 0 to 1.
        kernel_size: How many pixels count along the width and the height: odd numbers.
        sigma: The standard deviation of their weights: a number, or lower and upper, from 0 to 1.
        value_range: The lowest and the highest value of images.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[0.0], [9.0], [0.0]]])
        >>> blur = torchkeras.layers.RandomGaussianBlur((1.0, 1.0), 3, (1.0, 1.0))
        >>> bool(blur(x).max() < 9)
        True
    """

    takes_factor = False
    makes_batches = ("transform_images",)
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.kernel_size = _odd_sizes(kernel_size)
        self.sigma = overlap("sigma", sigma, *self.factor_bounds)
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        chosen, (low, high) = by_chance(self, images, seed), self.sigma
        drawn = self.uniform((2,), low, high, seed, images, dtype=self.compute_dtype)
        return {"should_apply_blur": chosen, "blur_factor": drawn + 1e-6}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images
        sigma = transformation["blur_factor"]

        def blurred(some: Tensor) -> Tensor:
            return gaussian_blur(some, self.kernel_size, sigma, self.data_format)

        done = chosen_changed(images, transformation["should_apply_blur"], blurred)
        return done.clamp(*self.value_range)


def _odd_sizes(given: Any) -> tuple[int, int]:
    pair = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(pair) != 2 or not all(is_whole(size) and size > 0 and size % 2 for size in pair):
        raise ValueError(
            "`kernel_size` must be an odd number or a pair of odd numbers. Received: "
            f"kernel_size={given!r}."
        )
    return pair
