"""`MaxNumBoundingBoxes`: the same number of boxes for each image."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.arguments import count

from .base import Boxes, ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Cut the boxes of each image off after a number of them, or add fillers.

    Args:
        max_number: The number of boxes.
        fill_value: The numbers and the label of a filler.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `max_number` is not positive.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
        >>> boxes = {"boxes": torch.ones(1, 2, 4), "labels": torch.ones(1, 2)}
        >>> done = layer({"images": torch.ones(1, 4, 4, 3), "bounding_boxes": boxes})
        >>> done["bounding_boxes"]["labels"]
        tensor([[ 1.,  1., -1.]])
    """

    takes_factor = False

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = count("max_number", max_number)
        self.fill_value = int(fill_value)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return images

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return segmentation_masks

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        boxes = bounding_boxes["boxes"][:, : self.max_number]
        labels = bounding_boxes["labels"][:, : self.max_number]
        missing, fill = self.max_number - boxes.shape[1], self.fill_value
        boxes = F.pad(boxes, (0, 0, 0, missing), value=fill)
        return {**bounding_boxes, "boxes": boxes, "labels": F.pad(labels, (0, missing), value=fill)}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, the filler left out as in Keras if it is -1."""
        config = super().get_config()
        if self.fill_value == -1:
            config.pop("fill_value")
        return config
