"""`RandAugment`: a few layers, chosen anew for each batch."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from torchkeras import random

from .base import Boxes
from .policy import PolicyLayer, whole

_NAMES = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)


class RandAugment(PolicyLayer):
    """In training, apply `num_ops` of eleven layers, chosen at random, to a batch.

    They are those for shears, translations, rotations, brightness, color degeneration, contrast,
    sharpness, posterization, solarization, contrast and histograms spread out.

    Args:
        value_range: The lowest and the highest value of images.
        num_ops: How many layers are applied one after the other.
        factor: Their strength: a number for 0 up to it, or lower and upper, from 0 to 1.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument is out of range.

    Differs from Keras:
        Boxes go through the layers in the order in which the images do, and twice through one that
        was chosen twice; Keras's go through each chosen layer once, in the order of the list above.

    Source:
        Cubuk et al. 2019, https://arxiv.org/abs/1909.13719

    Example:
        >>> import torch, torchkeras
        >>> augment = torchkeras.layers.RandAugment(num_ops=3, factor=0.2, seed=1)
        >>> tuple(augment(torch.ones(2, 8, 8, 3)).shape)
        (2, 8, 8, 3)
    """

    makes_batches = ("transform_images",)

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["data_format"] = data_format
        super().__init__(_NAMES, value_range, factor, interpolation, seed, **kwargs)
        self.num_ops = whole("num_ops", num_ops)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        chosen = random.randint((self.num_ops,), 0, len(_NAMES), seed=seed)
        drawn = {
            name: self.part(name).get_random_transformation(images, seed=seed) for name in _NAMES
        }
        return {"transforms": drawn, "layer_idxes": chosen}

    def _steps(self, transformation: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the chosen layers with what was drawn for them."""
        for index in transformation["layer_idxes"].tolist():
            name = _NAMES[index]
            yield self.part(name), transformation["transforms"][name]

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        for part, drawn in self._steps(transformation):
            images = part.transform_images(images, drawn)
        return images

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        for part, drawn in self._steps(transformation) if training else ():
            segmentation_masks = part.transform_segmentation_masks(segmentation_masks, drawn)
        return segmentation_masks

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        for part, drawn in self._steps(transformation) if training else ():
            bounding_boxes = part.transform_bounding_boxes(bounding_boxes, drawn)
        return bounding_boxes
