"""`RandomShear`: slanted images."""

from typing import Any

import torch
from torch import Tensor

from .base import Boxes, ImageLayer, batch_of
from .boxes import clip_to_image_size, convert_format
from .factors import FILL_MODES, INTERPOLATIONS, known, within
from .warp import shearing, warped


class RandomShear(ImageLayer):
    """In training, slant each image along x and y.

    Args:
        x_factor: How far along x: a number for 0 or more up to it, or lower and upper, from 0 to 1.
        y_factor: How far along y.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's. Boxes move by Keras's formula, which is exact for square images that are
        slanted along one axis.

    Raises:
        ValueError: If a factor is out of range.
        NotImplementedError: If a name is unknown.

    Example:
        >>> import torch, torchkeras
        >>> shear = torchkeras.layers.RandomShear((0.5, 0.5), seed=1)
        >>> tuple(shear(torch.ones(4, 4, 3)).shape)
        (4, 4, 3)
    """

    takes_factor = False

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.x_factor = within("x_factor", x_factor, 0, 1)
        self.y_factor = within("y_factor", y_factor, 0, 1)
        self.fill_mode = known("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self._seed_with(seed)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "RandomShear":
        """Make a layer from what `get_config` returned.

        Args:
            config: The arguments; a factor that was one number is there with its negative.
        """
        config = dict(config)
        for name in ("x_factor", "y_factor"):
            factor = config.get(name)
            if isinstance(factor, (tuple, list)) and len(factor) == 2 and factor[0] == -factor[1]:
                config[name] = factor[1]
        return super().from_config(config)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape, dtype = (batch_of(images), 1), self.compute_dtype
        (x_low, x_high), (y_low, y_high) = self.x_factor, self.y_factor
        side = self.uniform(shape, 0, 1, seed, images, dtype=dtype)
        down = self.uniform(shape, y_low, y_high, seed, images, dtype=dtype)
        along = self.uniform(shape, x_low, x_high, seed, images, dtype=dtype)
        side = torch.where(side > 0.5, -1.0, 1.0).to(side.dtype)
        factors = torch.cat([along, down], 1) * side
        return {"shear_factor": factors, "input_shape": tuple(images.shape)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images
        maps, fill = shearing(transformation["shear_factor"]), (self.fill_mode, self.fill_value)
        return warped(images, maps, interpolation, *fill, self.data_format)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        size, dtype = self.size_of(transformation["input_shape"]), self.torch_dtype
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "rel_xyxy", *size, dtype=dtype)
        along, down = transformation["shear_factor"].to(dtype).split(1, -1)
        x1, y1, x2, y2 = made["boxes"].unbind(-1)
        first = torch.where(along < 0, y1, y2)
        last = torch.where(along < 0, y2, y1)
        x1, x2 = x1 - along * first, x2 - along * last
        y1, y2 = (
            y1 - down * torch.where(down > 0, x2, x1),
            y2 - down * torch.where(down > 0, x1, x2),
        )
        made["boxes"] = torch.stack([x1, y1, x2, y2], -1)
        made = clip_to_image_size(made, bounding_box_format="rel_xyxy")
        done: Boxes = convert_format(made, "rel_xyxy", form, *size, dtype=dtype)
        return done
