"""`ImageLayer`: one random transformation for images, labels, boxes and masks together."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from torchkeras import random
from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format
from torchkeras._state.convert import tensor
from torchkeras._symbolic.tensor import KerasTensor

from .arrays import METHODS, taking_arrays
from .awake import SPEC, AwakeLayer
from .boxes import dense
from .factors import overlap

Data = Any  # images, or a dictionary of images, labels, bounding boxes and segmentation masks
Boxes = dict[str, Tensor]


class ImageLayer(AwakeLayer):
    """A layer of images, or of a dictionary of images and what belongs to them.

    The keys are `"images"` and, if wanted, `"labels"`, `"bounding_boxes"` (a dictionary of
    `"boxes"` and `"labels"`) and `"segmentation_masks"`. A subclass draws in `draw` and says what
    happens to images in `move`; masks follow with the interpolation `"nearest"`.

    Args:
        factor: How strong the transformation may be.
        bounding_box_format: The format of boxes: `"xyxy"`, `"rel_xyxy"`, `"xywh"`, ...
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.
    """

    factor_bounds: ClassVar[tuple[float, float]] = (-1, 1)
    takes_factor: ClassVar[bool] = True
    takes_bytes: ClassVar[bool] = False  # whether `move` casts bytes itself
    makes_batches: ClassVar[tuple[str, ...]] = ()  # methods that return one image as a batch
    factor: Any
    seed: int | None
    generator: random.SeedGenerator
    interpolation: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in METHODS:
            if name in vars(cls):
                setattr(cls, name, taking_arrays(vars(cls)[name]))

    def __init__(
        self,
        factor: Any = None,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)
        if self.takes_factor:
            self.factor = overlap("factor", factor or 0.0, *self.factor_bounds)
        elif factor is not None:
            raise ValueError(
                f"Layer {type(self).__name__} does not take a `factor` argument. Received: "
                f"factor={factor!r}."
            )

    def _seed_with(self, seed: int | None) -> None:
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    # What a subclass says

    def draw(self, images: Any, seed: Any) -> Any:
        """Draw the transformation of a call.

        Args:
            images: The images.
            seed: What to draw from.
        """
        return None

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        """Return transformed images.

        Args:
            images: A batch.
            transformation: What `draw` returned.
            interpolation: `"nearest"` or `"bilinear"`.
        """
        raise NotImplementedError(f"`{type(self).__name__}` defines no `move` for images.")

    # Keras's names

    def get_random_transformation(self, data: Data, training: bool = True, seed: Any = None) -> Any:
        """Return what a call will do, drawn at random.

        Args:
            data: Images, or a dictionary with `"images"`.
            training: Whether anything is done at all.
            seed: What to draw from; the layer's own generator if not given.
        """
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        if len(images.shape) not in (3, 4):
            raise _wrong_rank(images)
        return self.draw(images, getattr(self, "generator", None) if seed is None else seed)

    @taking_arrays
    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return transformed images in the compute dtype.

        Args:
            images: A batch.
            transformation: What `get_random_transformation` returned.
            training: Whether anything is done at all.
        """
        if not (training and self.takes_bytes and images.dtype == torch.uint8):
            images = images.to(self.torch_dtype)
        if not training:
            return images
        return self.move(images, transformation, getattr(self, "interpolation", "bilinear"))

    @taking_arrays
    def transform_labels(
        self, labels: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return the labels of transformed images.

        Args:
            labels: The labels of a batch.
            transformation: What `get_random_transformation` returned.
            training: Whether anything is done at all.
        """
        return labels

    @taking_arrays
    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        """Return the boxes of transformed images.

        Args:
            bounding_boxes: `"boxes"` and `"labels"` of a batch.
            transformation: What `get_random_transformation` returned.
            training: Whether anything is done at all.
        """
        raise NotImplementedError(f"`{type(self).__name__}` cannot transform bounding boxes.")

    @taking_arrays
    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return the masks of transformed images.

        Args:
            segmentation_masks: A batch, shaped like the images.
            transformation: What `get_random_transformation` returned.
            training: Whether anything is done at all.
        """
        if not training:
            return segmentation_masks
        return self.move(segmentation_masks, transformation, "nearest")

    def transform_single_image(
        self, image: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return one image transformed.

        Args:
            image: An image, without a batch axis.
            transformation: What `get_random_transformation` returned for it.
            training: Whether anything is done at all.
        """
        return self.transform_images(image[None], transformation, training=training)[0]

    def transform_single_label(
        self, label: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return the label of one image.

        Args:
            label: A label, without a batch axis.
            transformation: What `get_random_transformation` returned for the image.
            training: Whether anything is done at all.
        """
        return self.transform_labels(label[None], transformation, training=training)[0]

    def transform_single_bounding_box(
        self, bounding_box: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        """Return the boxes of one image.

        Args:
            bounding_box: `"boxes"` and `"labels"` of an image.
            transformation: What `get_random_transformation` returned for the image.
            training: Whether anything is done at all.
        """
        given: Boxes = _each(dense(bounding_box), lambda x: x[None])
        made = self.transform_bounding_boxes(given, transformation, training=training)
        done: Boxes = _each(made, lambda x: x[0])
        return done

    def transform_single_segmentation_mask(
        self, segmentation_mask: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        """Return the mask of one image.

        Args:
            segmentation_mask: A mask, without a batch axis.
            transformation: What `get_random_transformation` returned for the image.
            training: Whether anything is done at all.
        """
        masks = segmentation_mask[None]
        return self.transform_segmentation_masks(masks, transformation, training=training)[0]

    # Calling

    def __call__(self, data: Data, *args: Any, **kwargs: Any) -> Any:
        if isinstance(data, dict) and "bounding_boxes" in data:
            data = {**data, "bounding_boxes": dense(data["bounding_boxes"])}
        elif isinstance(data, (list, tuple)):
            data = tensor(data)
        return super().__call__(data, *args, **kwargs)

    def call(self, data: Data, training: bool | None = True) -> Data:
        on = self.is_awake(training)
        images = data["images"] if isinstance(data, dict) else data
        if images.dim() not in (3, 4):
            raise _wrong_rank(images)
        is_one = images.dim() == 3
        drawn = self.get_random_transformation(data, training=on)
        if isinstance(data, dict):
            return self._transform_all(data, drawn, on, is_one)
        if not is_one:
            return self.transform_images(images, drawn, training=on)
        return self.transform_images(images[None], drawn, training=on)[0]

    call.spec = SPEC  # type: ignore[attr-defined]

    def _transform_all(self, data: dict[str, Any], drawn: Any, on: bool, is_one: bool) -> Any:
        done = dict(data)
        if "bounding_boxes" in data and not self.bounding_box_format:
            raise ValueError(
                "The data have 'bounding_boxes', but their format is unknown. Pass "
                f"`bounding_box_format` to {type(self).__name__}, such as 'xyxy'. Received: "
                f"bounding_box_format={self.bounding_box_format!r}."
            )
        for key, transform in (
            ("images", self.transform_images),
            ("bounding_boxes", self.transform_bounding_boxes),
            ("labels", self.transform_labels),
            ("segmentation_masks", self.transform_segmentation_masks),
        ):
            if key in data:
                value = _each(data[key], lambda x: x[None]) if is_one else data[key]
                made = transform(value, drawn, training=on)
                done[key] = _each(made, lambda x: x[0]) if is_one else made
        return done

    # Sizes and random numbers

    @property
    def _height_axis(self) -> int:
        return -2 if self.data_format == "channels_first" else -3

    @property
    def _width_axis(self) -> int:
        return self._height_axis + 1

    @property
    def _channel_axis(self) -> int:
        return -3 if self.data_format == "channels_first" else -1

    def size_of(self, images: Any) -> tuple[int, int]:
        """Return height and width.

        Args:
            images: Images, or their shape.
        """
        shape = getattr(images, "shape", images)
        return shape[self._height_axis], shape[self._width_axis]

    def uniform(
        self, shape: Any, low: Any, high: Any, seed: Any, like: Any, dtype: Any = None
    ) -> Tensor:
        """Draw evenly from an interval, onto the device of the images."""
        drawn = random.uniform(shape, low, high, dtype=dtype, seed=seed)
        device = like.device if isinstance(like, Tensor) else drawn.device
        return drawn if drawn.device == device else drawn.to(device, non_blocking=True)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        config = super().get_config()
        config["data_format"] = self.data_format
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


class ColorLayer(ImageLayer):
    """A layer that changes colors and no places: boxes and masks stay."""

    def compute_output_spec(self, data: Any, training: bool | None = True) -> Any:
        if isinstance(data, dict):
            return super().compute_output_spec(data)
        return same_spec(self, data)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return segmentation_masks


def batch_of(images: Any) -> int:
    """Return how many images there are, one without a batch axis included."""
    return images.shape[0] if len(images.shape) == 4 else 1


def same_spec(layer: ImageLayer, data: Any) -> Any:
    """Return data as a layer leaves them that changes no shapes."""
    if isinstance(data, dict):
        return {**data, "images": same_spec(layer, data["images"])}
    return KerasTensor(data.shape, layer.compute_dtype)


def by_chance(layer: ImageLayer, images: Any, seed: Any) -> Tensor:
    """Choose images with a probability that lies between the bounds of the layer's `factor`."""
    shape, (low, high) = (batch_of(images),), layer.factor
    probability = layer.uniform(shape, low, high, seed, images)
    return layer.uniform(shape, 0.0, 1.0, seed, images) < probability


def _wrong_rank(images: Any) -> ValueError:
    return ValueError(
        "Images must have 3 axes (one image) or 4 (a batch). Received: "
        f"images={show(images) if isinstance(images, torch.Tensor) else tuple(images.shape)}."
    )


def _each(value: Any, function: Any) -> Any:
    """Apply a function to a tensor, or to each tensor of a dictionary."""
    if isinstance(value, dict):
        return {key: function(item) for key, item in value.items()}
    return function(value)
