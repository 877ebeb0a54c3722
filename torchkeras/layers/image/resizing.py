"""`Resizing`: images in another size."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of
from torchkeras.layers.base.arguments import count
from torchkeras.ops.image.resizing import resize

from .base import Boxes, ImageLayer
from .boxes import clip_to_image_size, convert_format


class Resizing(ImageLayer):
    """Resize images to `(height, width)`, in training and inference alike.

    Args:
        height: The height of the result.
        width: Its width.
        interpolation: `"bilinear"`, `"nearest"` or `"bicubic"`.
        crop_to_aspect_ratio: Whether to cut off what does not fit into the new aspect ratio.
        pad_to_aspect_ratio: Whether to add what is missing to the new aspect ratio.
        fill_mode: `"constant"`: what is added has one value.
        fill_value: That value.
        antialias: Whether all pixels count that a pixel of a smaller result covers.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The same with the new height and width; whole numbers stay such.

    Raises:
        ValueError: If a size is not positive or a name is unknown.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Resizing(2, 3)(torch.ones(1, 8, 8, 3)).shape)
        (1, 2, 3, 3)
    """

    takes_factor = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = count("height", height), count("width", width)
        names = ("bilinear", "nearest", "bicubic")
        self.interpolation = one_of("interpolation", interpolation, names)
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self.antialias = bool(antialias)

    def draw(self, images: Any, seed: Any) -> tuple[int, int]:
        return self.size_of(images)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return super().get_random_transformation(data)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.move(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.move(segmentation_masks, transformation, "nearest")

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        return resize(
            images,
            (self.height, self.width),
            interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        height, width = transformation
        form = str(self.bounding_box_format)
        given = bounding_boxes["boxes"]
        is_filler = (given == -1).all(-1) | (given == 0).all(-1)
        made = convert_format(bounding_boxes, form, "xyxy", height, width)
        made["boxes"] = self._scaled(made["boxes"], height, width)
        made = clip_to_image_size(made, self.height, self.width)
        made["boxes"] = torch.where(is_filler[..., None], 0.0, made["boxes"])
        done: Boxes = convert_format(made, "xyxy", form, self.height, self.width)
        return done

    def _scaled(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Return boxes where the resized image has what was in them."""
        tall, wide = self.height / height, self.width / width
        shift_x = shift_y = 0.0
        if self.pad_to_aspect_ratio:
            tall = wide = min(tall, wide)
            shift_x = (self.width - width * wide) // 2
            shift_y = (self.height - height * tall) // 2
        elif self.crop_to_aspect_ratio:
            tall = wide = max(tall, wide)
            shift_x = -((width * wide - self.width) // 2)
            shift_y = -((height * tall - self.height) // 2)
        scale = boxes.new_tensor([wide, tall, wide, tall])
        return boxes * scale + boxes.new_tensor([shift_x, shift_y, shift_x, shift_y])
