"""`AugMix`: images mixed with some that went through chains of other layers."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras.layers.base.arguments import count, number

from .base import Boxes
from .policy import PolicyLayer, whole

_PLAIN = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)
_COLORS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")


class AugMix(PolicyLayer):
    """In training, mix images with weighted means of some that went through random chains.

    `w · x + (1 - w) · Σ mᵢ · chainᵢ(x)` with w drawn from a beta and m from a Dirichlet
    distribution; the chains and the weights of a batch are the same for all its images.

    Args:
        value_range: The lowest and the highest value of images.
        num_chains: The number of chains.
        chain_depth: The greatest number of layers in a chain.
        factor: Their strength: a number for 0 up to it, or lower and upper, from 0 to 1.
        alpha: The parameter of both distributions.
        all_ops: Whether brightness, color degeneration, contrast and sharpness are among the
            layers, beside shears, translations, rotations, posterization, solarization, contrast
            and histograms spread out.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's. Boxes stay where they are.

    Raises:
        ValueError: If an argument is out of range.

    Differs from Keras:
        The seed chooses the layers, too; Keras asks Python's generator. Masks of whole numbers get
        the class that weighs most at each pixel; Keras on torch cannot mix them.

    Source:
        Hendrycks et al. 2019, https://arxiv.org/abs/1912.02781

    Example:
        >>> import torch, torchkeras
        >>> augment = torchkeras.layers.AugMix(num_chains=2, chain_depth=1, seed=1)
        >>> tuple(augment(torch.ones(2, 8, 8, 3)).shape)
        (2, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        names = _PLAIN + _COLORS if all_ops else _PLAIN
        kwargs["data_format"] = data_format
        super().__init__(names, value_range, factor, interpolation, seed, **kwargs)
        self.num_chains = count("num_chains", num_chains)
        self.chain_depth = whole("chain_depth", chain_depth)
        self.alpha = number("alpha", alpha, 1e-7)
        self.all_ops = bool(all_ops)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shares = random.gamma((self.num_chains,), self.alpha, seed=seed)
        weight = random.beta((), self.alpha, self.alpha, seed=seed)
        shape, nothing = (self.num_chains, self.chain_depth), len(self._names)
        chosen = random.randint(shape, 0, nothing + 1, seed=seed).tolist()
        return {
            "chain_mixing_weights": shares / shares.sum(),
            "weight_sample": weight,
            "chain_transforms": [
                [self._link(self._names[i], images, seed) for i in chain if i != nothing]
                for chain in chosen
            ],
        }

    def _link(self, name: str, images: Any, seed: Any) -> dict[str, Any]:
        drawn = self.part(name).get_random_transformation(images, seed=seed)
        return {"layer_name": name, "transformation": drawn}

    def _weights(self, transformation: Any) -> tuple[float, list[float]]:
        """Return how much the images and how much the chains count; both were drawn on the host."""
        weight = float(transformation["weight_sample"])
        return weight, [(1 - weight) * m for m in transformation["chain_mixing_weights"].tolist()]

    def _chained(self, x: Tensor, transformation: Any, method: str) -> list[Tensor]:
        """Return what comes out of each chain."""
        found = []
        for chain in transformation["chain_transforms"]:
            done = x
            for link in chain:
                part = self.part(link["layer_name"])
                done = getattr(part, method)(done, link["transformation"])
            found.append(done)
        return found

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        weight, shares = self._weights(transformation)
        mixed = images * weight
        chained = self._chained(images, transformation, "transform_images")
        for share, done in zip(shares, chained, strict=True):
            mixed = mixed.add(done, alpha=share)
        return mixed.clamp(*self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        if not training:
            return segmentation_masks
        weight, shares = self._weights(transformation)
        method = "transform_segmentation_masks"
        chained = self._chained(segmentation_masks, transformation, method)
        masks, weights = [segmentation_masks, *chained], [weight, *shares]
        if segmentation_masks.is_floating_point():
            return torch.stack([m * w for m, w in zip(masks, weights, strict=True)]).sum(0)
        return _heaviest(masks, weights)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        return bounding_boxes


def _heaviest(masks: list[Tensor], weights: list[float]) -> Tensor:
    """Return for each pixel the class on which the masks with the greatest weight agree."""
    best, chosen = None, masks[0]
    for mask in masks:
        votes = sum((other == mask) * weight for other, weight in zip(masks, weights, strict=True))
        better = None if best is None else votes > best
        chosen = mask if better is None else torch.where(better, mask, chosen)
        best = votes if best is None else torch.maximum(best, votes)
    return chosen
