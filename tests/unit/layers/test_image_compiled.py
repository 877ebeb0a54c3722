"""Layers that augment images compile in one graph, from their first call on; numbers stay."""

import pytest
import torch

from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers

pytestmark = not_on_the_oldest_torch

IMAGES = torch.rand(4, 6, 8, 3, generator=torch.Generator().manual_seed(1))
ROWS = {
    "flip": lambda: layers.RandomFlip(seed=1),
    "crop": lambda: layers.RandomCrop(3, 4, seed=1),
    "jitter": lambda: layers.RandomColorJitter((0, 1), 0.2, 0.3, 0.4, 0.1, seed=1),
    "erasing": lambda: layers.RandomErasing(1.0, value_range=(0, 1), seed=1),
    "perspective": lambda: layers.RandomPerspective(1.0, 0.5, seed=1),
    "posterization": lambda: layers.RandomPosterization(3, (0, 1), seed=1),
    "blur": lambda: layers.RandomGaussianBlur(1.0, 3, 1.0, (0, 1), seed=1),
    "pipeline": lambda: layers.Pipeline([layers.RandomRotation(0.2, seed=1), layers.Rescaling(2)]),
}
WITH_LABELS = {
    "mix up": lambda: layers.MixUp(0.4, seed=1),
    "cut mix": lambda: layers.CutMix(0.9, seed=1),
}


def check(make, data):
    torch._dynamo.reset()
    eager, layer = make(), make()
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    for _ in range(2):
        torch.testing.assert_close(compiled(data), eager(data))


@pytest.mark.parametrize("name", ROWS)
def test_images(name):
    check(ROWS[name], IMAGES)


@pytest.mark.parametrize("name", WITH_LABELS)
def test_dictionaries(name):
    check(WITH_LABELS[name], {"images": IMAGES, "labels": torch.eye(4)})
