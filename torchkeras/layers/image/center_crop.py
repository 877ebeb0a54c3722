"""`CenterCrop`: the middle of images."""

from typing import Any

from torch import Tensor

from torchkeras.layers.base.arguments import count
from torchkeras.ops.image.resizing import resize

from .base import Boxes, ImageLayer
from .boxes import clip_to_image_size, convert_format


def largest_window(height: int, width: int, tall: int, wide: int) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the largest central window with another's ratio.

    Args:
        height: The height of the image.
        width: Its width.
        tall: The height of the other.
        wide: Its width.
    """
    own_tall = max(min(height, int(float(width * tall) / wide)), 1)
    own_wide = max(min(width, int(float(height * wide) / tall)), 1)
    return int((height - own_tall) / 2), int((width - own_wide) / 2), own_tall, own_wide


class CenterCrop(ImageLayer):
    """Cut out the middle of images, in training and inference alike.

    Of an image smaller than that, the largest window with the aspect ratio is taken, and resized.

    Args:
        height: The height of the result.
        width: Its width.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The same with the new height and width.

    Raises:
        ValueError: If a size is not positive.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.CenterCrop(2, 3)(torch.ones(1, 8, 8, 3)).shape)
        (1, 2, 3, 3)
    """

    takes_factor = False

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = count("height", height), count("width", width)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        return {"input_shape": tuple(images.shape)}

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return super().get_random_transformation(data)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        images = images.to(self.torch_dtype)
        height, width = self.size_of(images)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if top >= 0 and left >= 0:
            return self._cut(images, top, left, self.height, self.width)
        window = self._cut(images, *largest_window(height, width, self.height, self.width))
        return resize(window, (self.height, self.width), data_format=self.data_format)

    def _cut(self, images: Tensor, top: int, left: int, tall: int, wide: int) -> Tensor:
        rows = images.narrow(self._height_axis, top, tall)
        return rows.narrow(self._width_axis, left, wide)

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        height, width = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", height, width)
        boxes = made["boxes"]
        if height >= self.height and width >= self.width:
            top, left = (height - self.height) // 2, (width - self.width) // 2
            tall, wide = self.height, self.width
        else:
            top, left, tall, wide = largest_window(height, width, self.height, self.width)
        x = boxes[..., 0::2].clamp(left, left + wide) - left
        y = boxes[..., 1::2].clamp(top, top + tall) - top
        boxes = boxes.clone()
        boxes[..., 0::2] = x * (self.width / wide)
        boxes[..., 1::2] = y * (self.height / tall)
        made = clip_to_image_size({**made, "boxes": boxes}, self.height, self.width)
        done: Boxes = convert_format(made, "xyxy", form, self.height, self.width)
        return done
