"""`RandomCrop`: a window of images at a random place."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import count
from torchkeras.ops.image.resizing import resize
from torchkeras.random.seed_generator import make_default_seed

from .base import Boxes, ImageLayer
from .boxes import convert_format
from .center_crop import largest_window


class _Corner(tuple[Any, Any]):
    """Top and left of a window, and the size of the images in which it lies."""

    size: tuple[int, int]


class RandomCrop(ImageLayer):
    """In training, cut the same window out of all images of a batch, at a random place.

    From images that are not larger, the window is cut at the middle, and resized if need be.

    Args:
        height: The height of the result.
        width: Its width.
        seed: An integer, for the same places in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        name: The layer's name.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The same with the new height and width in training, the input's otherwise.

    Raises:
        ValueError: If a size is not positive.

    Differs from Keras:
        Boxes move by the window's left and top; Keras exchanges the two, and cuts off nothing on
        the right and below.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.RandomCrop(2, 3)(torch.ones(1, 8, 8, 3)).shape)
        (1, 2, 3, 3)
    """

    takes_factor = False
    takes_bytes = True

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, data_format=standardize_data_format(data_format), **kwargs)
        self.height, self.width = count("height", height), count("width", width)
        self._seed_with(make_default_seed() if seed is None else seed)

    def draw(self, images: Any, seed: Any) -> tuple[Any, Any]:
        height, width = self.size_of(images)
        corner = _Corner(self._corner(height, width, images, seed))
        corner.size = height, width
        return corner

    def _corner(self, height: int, width: int, images: Any, seed: Any) -> tuple[Any, Any]:
        if height > self.height and width > self.width:
            spans = height - self.height + 1, width - self.width + 1
            top, left = (self.uniform((), 0, float(span), seed, images) for span in spans)
            return top.to(torch.int32), left.to(torch.int32)
        return largest_window(height, width, self.height, self.width)[:2]

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        top, left = transformation
        images = _window(images, self._height_axis, top, self.height)
        images = _window(images, self._width_axis, left, self.width)
        images, wanted = images.to(self.torch_dtype), (self.height, self.width)
        if self.size_of(images) != wanted:
            images = resize(images, wanted, interpolation, data_format=self.data_format)
        return images

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        size, form = (self.height, self.width), str(self.bounding_box_format)
        source = getattr(transformation, "size", size)
        made = convert_format(bounding_boxes, form, "xyxy", *source)
        top, left = (torch.as_tensor(place) for place in transformation)
        made["boxes"] = (made["boxes"] - torch.stack([left, top, left, top])).clamp(min=0)
        done: Boxes = convert_format(made, "xyxy", form, *size)
        return done


def _window(images: Tensor, axis: int, start: Any, size: int) -> Tensor:
    """Cut an axis from a place on that may be known to the device alone."""
    if isinstance(start, Tensor) and start.device.type == "cpu" and _is_real(start):
        start = int(start)  # no device is asked
    if not isinstance(start, Tensor):
        return images.narrow(axis, start, min(size, images.shape[axis] - start))
    places = start + torch.arange(size, device=images.device)
    return images.index_select(images.dim() + axis, places)


def _is_real(x: Tensor) -> bool:
    return type(x) is Tensor and not torch.compiler.is_compiling()
