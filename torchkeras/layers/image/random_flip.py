"""`RandomFlip`: images seen in a mirror."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of

from .base import Boxes, ImageLayer, batch_of
from .boxes import clip_to_image_size, convert_format
from .eager import is_eager_on_cpu

_LARGE = 8192  # numbers in an image
_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(ImageLayer):
    """In training, flip about half of the images.

    In the mode `"horizontal_and_vertical"` an image is flipped both ways or not at all.

    Args:
        mode: `"horizontal"` (left and right), `"vertical"` or `"horizontal_and_vertical"`.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `mode` is unknown.

    Example:
        >>> import torch, torchkeras
        >>> flip = torchkeras.layers.RandomFlip("horizontal", seed=1)
        >>> x = torch.tensor([[[0.0], [1.0]]])
        >>> {tuple(flip(x).flatten().tolist()) for _ in range(20)} == {(0.0, 1.0), (1.0, 0.0)}
        True
    """

    takes_factor = False
    takes_bytes = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.mode = one_of("mode", mode, _MODES)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        ranks = len(images.shape)
        shape = (1, 1, 1) if ranks == 3 else (batch_of(images), 1, 1, 1)
        flips = self.uniform(shape, 0.0, 1.0, seed, images) <= 0.5
        return {"flips": flips, "input_shape": tuple(images.shape)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images.to(self.torch_dtype)
        axes = []
        if self.mode != "vertical":
            axes.append(self._width_axis)
        if self.mode != "horizontal":
            axes.append(self._height_axis)
        flips = transformation["flips"]
        if _one_by_one(images, flips):
            found = images.clone()
            for index in flips.flatten().nonzero().flatten().tolist():
                found[index] = images[index].flip(axes)
            return found.to(self.torch_dtype)
        return torch.where(flips, images.flip(axes), images).to(self.torch_dtype)

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        height, width = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "rel_xyxy", height, width)
        left, top, right, bottom = made["boxes"].unbind(-1)
        flips = transformation["flips"].reshape(-1, *(1,) * (left.dim() - 1))
        if self.mode != "vertical":
            left, right = _mirrored(left, right, flips)
        if self.mode != "horizontal":
            top, bottom = _mirrored(top, bottom, flips)
        made["boxes"] = torch.stack([left, top, right, bottom], -1)
        made = clip_to_image_size(made, bounding_box_format="rel_xyxy")
        done: Boxes = convert_format(made, "rel_xyxy", form, height, width)
        return done


def _one_by_one(images: Tensor, flips: Tensor) -> bool:
    """Say whether large images are quicker flipped one after the other; only a host can tell."""
    if not (is_eager_on_cpu(images) and is_eager_on_cpu(flips)) or images.requires_grad:
        return False
    return flips.shape[0] == images.shape[0] and images.shape[1:].numel() > _LARGE


def _mirrored(low: Tensor, high: Tensor, flips: Tensor) -> tuple[Tensor, Tensor]:
    return torch.where(flips, 1 - high, low), torch.where(flips, 1 - low, high)
