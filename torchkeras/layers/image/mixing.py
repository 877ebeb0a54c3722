"""`CutMix` and `MixUp`: images and labels mixed with those of others of the batch."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras._state.convert import tensor
from torchkeras.layers.base.arguments import number

from .base import Boxes, ImageLayer, batch_of
from .factors import overlap
from .window import Window, pasted


def _order(batch: int, seed: Any, images: Any) -> Tensor:
    numbers = torch.arange(batch, device=images.device if isinstance(images, Tensor) else None)
    return random.shuffle(numbers, seed=seed)


def _mixed(labels: Tensor, weight: Tensor, order: Tensor) -> Tensor:
    weight = weight.reshape(-1, *(1,) * (labels.dim() - 1))
    if labels.is_floating_point() and labels.dtype == weight.dtype:
        return labels.index_select(0, order).lerp_(labels, weight)
    return weight * labels + (1.0 - weight) * labels[order]


class MixUp(ImageLayer):
    """In training, mix each image and its labels with another of the batch.

    Args:
        alpha: Both parameters of the beta distribution of the weights.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `alpha` is not positive.

    Source:
        Zhang et al. 2018, https://arxiv.org/abs/1710.09412

    Differs from Keras:
        Masks and the labels of boxes go with their images; Keras takes other ones, or fails.

    Example:
        >>> import torch, torchkeras
        >>> data = {"images": torch.ones(2, 4, 4, 3), "labels": torch.eye(2)}
        >>> done = torchkeras.layers.MixUp(seed=1)(data)
        >>> done["labels"].sum(1)
        tensor([1., 1.])
    """

    takes_factor = False
    makes_batches = ("transform_images", "transform_segmentation_masks")

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = number("alpha", alpha, 1e-7)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        batch = batch_of(images)
        order = _order(batch, seed, images)
        weight = random.beta((batch,), self.alpha, self.alpha, seed=seed).to(order.device)
        return {"mix_weight": weight, "permutation_order": order}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        weight = tensor(transformation["mix_weight"])
        weight = weight.to(images.dtype) if images.is_floating_point() else weight
        return _mixed(images, weight, tensor(transformation["permutation_order"]))

    def transform_labels(
        self, labels: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.move(labels, transformation, "nearest") if training else labels

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        order = tensor(transformation["permutation_order"])
        return {
            key: torch.cat([x, x[order]], min(1, x.dim() - 1)) for key, x in bounding_boxes.items()
        }


class CutMix(ImageLayer):
    """In training, put a window of another image of the batch into each, and mix the labels.

    Args:
        factor: The parameters of the beta distribution of the windows' sizes: a number for 0 up to
            it, or lower and upper, from 0 to 1.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range.

    Source:
        Yun et al. 2019, https://arxiv.org/abs/1905.04899

    Example:
        >>> import torch, torchkeras
        >>> data = {"images": torch.ones(2, 4, 4, 3), "labels": torch.eye(2)}
        >>> done = torchkeras.layers.CutMix(seed=1)(data)
        >>> done["labels"].sum(1)
        tensor([1., 1.])
    """

    takes_factor = False
    takes_bytes = True
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any] | None:
        if len(images.shape) == 3:
            return None
        batch, (low, high), dtype = batch_of(images), self.factor, self.compute_dtype
        alpha = self.uniform((), low, high, seed, images, dtype=dtype) + 1e-6
        weight = random.beta((batch,), alpha, alpha, seed=seed, dtype=dtype).to(alpha.device)
        side = torch.sqrt(1.0 - weight)
        window = Window.drawn(self, images, side, side, seed)
        return {
            "permutation_order": _order(batch, seed, images),
            "batch_masks": window.mask(self, images),
            "mix_weight": 1.0 - window.share(self, images),
        }

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images.to(self.torch_dtype)
        order = tensor(transformation["permutation_order"])
        done = pasted(self, images, transformation["batch_masks"], images, order)
        return done.to(self.torch_dtype)

    def transform_labels(
        self, labels: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        if not training or transformation is None:
            return labels
        return _mixed(labels, transformation["mix_weight"], transformation["permutation_order"])

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.transform_images(segmentation_masks, transformation, training=training)
