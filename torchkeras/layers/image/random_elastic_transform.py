"""`RandomElasticTransform`: images distorted like a sheet of rubber."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras.ops.image.transform import elastic_field

from .base import Boxes, ImageLayer, by_chance, same_spec
from .boxes import clip_to_image_size, convert_format
from .eager import chosen_changed
from .factors import INTERPOLATIONS, known, overlap, value_range_kept
from .warp import seen_at

_FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


class RandomElasticTransform(ImageLayer):
    """In training, distort some images by random, smooth fields.

    Args:
        factor: How probable that is: a number for 0 up to it, or lower and upper, from 0 to 1.
        scale: How strong it is: a number for 0 up to it, or lower and upper, from 0 to 1.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or
            `"reflect"`.
        fill_value: The constant.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` or `scale` is out of range.
        NotImplementedError: If a name is unknown.

    Differs from Keras:
        Masks and boxes are distorted with their images. Keras's masks get a field of their own,
        and it refuses boxes; on torch its fields do not obey the seed.

    Source:
        Simard et al. 2003, https://doi.org/10.1109/ICDAR.2003.1227801

    Example:
        >>> import torch, torchkeras
        >>> bend = torchkeras.layers.RandomElasticTransform(seed=1)
        >>> tuple(bend(torch.ones(2, 8, 8, 3)).shape)
        (2, 8, 8, 3)
    """

    takes_factor = False
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.scale = overlap("scale", scale, *self.factor_bounds)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = known("fill_mode", fill_mode, _FILL_MODES)
        self.fill_value = fill_value
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any] | None:
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        chosen = by_chance(self, images, seed)
        # On the host: the size of the filter depends on it.
        strength = random.uniform((), *self.scale, seed=seed, dtype=self.compute_dtype)
        return {
            "apply_transform": chosen,
            "distortion_factor": strength,
            "seed": seed.draw() if isinstance(seed, random.SeedGenerator) else seed,
            "input_shape": tuple(images.shape),
        }

    def compute_output_spec(self, data: Any, training: bool | None = True) -> Any:
        return same_spec(self, data)

    def _places(
        self, transformation: Any, size: tuple[int, int], device: torch.device
    ) -> tuple[Tensor, Tensor]:
        """Return x and y of where the pixels of the results come from."""
        height, width = size
        batch, strength = (
            len(transformation["apply_transform"]),
            transformation["distortion_factor"],
        )
        alpha = max(height, width) * 0.1 * float(strength)
        sigma = min(height, width) * 0.05 * float(strength)
        shape = batch, height, width
        field = elastic_field(shape, alpha, sigma, transformation["seed"], device)
        x = torch.arange(width, device=device) + field[:, 0]
        return x, torch.arange(height, device=device)[:, None] + field[:, 1]

    def _distorted(self, x: Tensor, transformation: Any, interpolation: str) -> Tensor:
        places = self._places(transformation, self.size_of(x), x.device)

        def bent(some: Tensor, across: Tensor, down: Tensor) -> Tensor:
            fill = self.fill_mode, self.fill_value
            return seen_at(some, across, down, interpolation, *fill, self.data_format)

        return chosen_changed(x, transformation["apply_transform"].to(x.device), bent, *places)

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images
        return self._distorted(images, transformation, interpolation).clamp(*self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        if not training or transformation is None:
            return segmentation_masks
        return self._distorted(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training or transformation is None:
            return bounding_boxes
        size = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", *size)
        boxes = made["boxes"]
        around = _around(boxes, *self._places(transformation, size, boxes.device))
        chosen = transformation["apply_transform"].to(boxes.device)[:, None, None]
        made["boxes"] = torch.where(chosen, around, boxes)
        done: Boxes = convert_format(clip_to_image_size(made, *size), "xyxy", form, *size)
        return done


def _around(boxes: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the boxes around the pixels that come from within boxes; zeros if there are none."""
    left, top, right, bottom = boxes[..., None, None].unbind(2)
    x, y = x[:, None], y[:, None]
    inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    ends = []
    for pixels in (inside.any(2), inside.any(3)):
        numbers = torch.arange(pixels.shape[-1], device=boxes.device, dtype=boxes.dtype)
        low = torch.where(pixels, numbers, torch.inf).amin(-1)
        high = torch.where(pixels, numbers + 1, 0.0).amax(-1)
        ends.append((torch.where(low.isinf(), 0.0, low), high))
    (x1, x2), (y1, y2) = ends
    return torch.stack([x1, y1, x2, y2], -1)
