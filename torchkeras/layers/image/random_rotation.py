"""`RandomRotation`: images turned about their centers."""

from typing import Any

from torch import Tensor

from .base import Boxes, ImageLayer, batch_of
from .boxes import clip_to_image_size, convert_format, rotated
from .factors import FILL_MODES, INTERPOLATIONS, known
from .warp import rotation, warped


class RandomRotation(ImageLayer):
    """In training, turn each image by a random angle.

    Args:
        factor: How far, as a part of a full turn: 0.2 means from -72 to 72 degrees, `(0.1, 0.2)`
            from 36 to 72 degrees, against the clock.
        fill_mode: What lies outside: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same angles in every run.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range.
        NotImplementedError: If a name is unknown.

    Differs from Keras:
        Boxes may be in any format; Keras takes them for `"xyxy"`.

    Example:
        >>> import torch, torchkeras
        >>> turn = torchkeras.layers.RandomRotation((0.25, 0.25))
        >>> x = torch.arange(9.0).reshape(3, 3, 1)
        >>> turn(x)[..., 0].round()
        tensor([[2., 5., 8.],
                [1., 4., 7.],
                [0., 3., 6.]])
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **kwargs)
        self.fill_mode = known("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        height, width = self.size_of(images)
        batch = batch_of(images)
        low, high = (360.0 * bound for bound in self.factor)
        angle = self.uniform((batch,), low, high, seed, images)
        return {
            "angle": angle,
            "rotation_matrix": rotation(angle, height, width),
            "image_height": height,
            "image_width": width,
            "batch_size": batch,
        }

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        maps, fill = transformation["rotation_matrix"], (self.fill_mode, self.fill_value)
        return warped(images, maps, interpolation, *fill, self.data_format)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        size = transformation["image_height"], transformation["image_width"]
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", *size)
        made["boxes"] = rotated(made["boxes"], transformation["angle"], *size)
        done: Boxes = convert_format(clip_to_image_size(made, *size), "xyxy", form, *size)
        return done
