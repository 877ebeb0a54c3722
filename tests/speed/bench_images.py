"""What it costs to augment a batch, beside Keras on torch and torchvision's transforms.

Run it with `OMP_NUM_THREADS=1 python -m tests.speed.bench_images [NAME ...]`. A batch has 32 images
of 96 × 96 × 3 floats, channels last; torchvision gets the same numbers in its own layout, one image
after the other, as only so each image is drawn anew, and as a whole batch with one draw for all.
The figures are milliseconds for a batch, the best of several.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from torchvision.transforms import InterpolationMode, v2

import torchkeras

BATCH, SIDE, SPENT_S = 32, 96, 0.2
SMOOTH = {"interpolation": InterpolationMode.BILINEAR}
DARK = {"fill_mode": "constant"}
ALL = (1.0, 1.0)
HALF = (0.3, 0.7)

# The arguments of a layer, and what comes nearest to it in torchvision, acting on every image.
LAYERS: dict[str, tuple[dict[str, Any], Any]] = {
    "RandomFlip": ({"mode": "horizontal"}, v2.RandomHorizontalFlip(1.0)),
    "RandomRotation": ({"factor": 0.1, **DARK}, v2.RandomRotation(36, **SMOOTH)),
    "RandomZoom": ({"height_factor": 0.2, **DARK}, v2.RandomAffine(0, scale=(0.8, 1.2), **SMOOTH)),
    "RandomTranslation": (
        {"height_factor": 0.2, "width_factor": 0.2, **DARK},
        v2.RandomAffine(0, (0.2, 0.2), **SMOOTH),
    ),
    "RandomShear": (
        {"x_factor": 0.2, "y_factor": 0.2, **DARK},
        v2.RandomAffine(0, shear=(0, 11, 0, 11), **SMOOTH),
    ),
    "RandomPerspective": ({"factor": ALL, "scale": 0.4}, v2.RandomPerspective(0.4, 1.0)),
    "RandomElasticTransform": ({"factor": ALL, "scale": (0.5, 0.5)}, v2.ElasticTransform()),
    "RandomCrop": ({"height": 80, "width": 80}, v2.RandomCrop(80)),
    "CenterCrop": ({"height": 80, "width": 80}, v2.CenterCrop(80)),
    "Resizing": ({"height": 64, "width": 64}, v2.Resize((64, 64), antialias=False)),
    "RandomBrightness": ({"factor": 0.3}, v2.ColorJitter(brightness=0.3)),
    "RandomContrast": ({"factor": 0.3}, v2.ColorJitter(contrast=0.3)),
    "RandomSaturation": ({"factor": HALF}, v2.ColorJitter(saturation=0.6)),
    "RandomHue": ({"factor": 0.2}, v2.ColorJitter(hue=0.1)),
    "RandomColorJitter": (
        {
            "brightness_factor": 0.3,
            "contrast_factor": 0.3,
            "saturation_factor": HALF,
            "hue_factor": 0.2,
        },
        v2.ColorJitter(0.3, 0.3, 0.6, 0.1),
    ),
    "RandomColorDegeneration": ({"factor": 0.5}, v2.ColorJitter(saturation=0.5)),
    "RandomGrayscale": ({"factor": 1.0}, v2.RandomGrayscale(1.0)),
    "RandomInvert": ({"factor": ALL}, v2.RandomInvert(1.0)),
    "RandomPosterization": ({"factor": 4}, v2.RandomPosterize(4, 1.0)),
    "Solarization": ({"threshold_factor": 0.5}, v2.RandomSolarize(0.5, 1.0)),
    "RandomSharpness": ({"factor": 0.5}, v2.RandomAdjustSharpness(1.5, 1.0)),
    "RandomGaussianBlur": (
        {"factor": ALL, "kernel_size": 3, "sigma": (0.5, 1.0)},
        v2.GaussianBlur(3, (0.5, 1.0)),
    ),
    "AutoContrast": ({}, v2.RandomAutocontrast(1.0)),
    "Equalization": ({}, v2.RandomEqualize(1.0)),
    "RandomErasing": ({"factor": ALL}, v2.RandomErasing(1.0, value="random")),
    "MixUp": ({}, v2.MixUp(num_classes=9)),
    "CutMix": ({}, v2.CutMix(num_classes=9)),
    "RandAugment": ({}, v2.RandAugment()),
    "AugMix": ({}, v2.AugMix()),
    "ContrastLimitedAdaptiveHistogramEqualization": ({}, None),
}
NEED_BYTES = ("RandomPosterization", "RandAugment", "AugMix", "Equalization")
NEED_LABELS = ("MixUp", "CutMix")


def best(call: Callable[[], Any]) -> float:
    """Return the shortest time of a call in milliseconds."""
    call()
    times, end = [], time.perf_counter() + SPENT_S
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def torchvision_calls(name: str, transform: Any, images: torch.Tensor) -> list[Callable[[], Any]]:
    """Return a call for image after image and one for the whole batch, where there are such."""
    batch = images.movedim(-1, 1).contiguous()
    batch = batch.to(torch.uint8) if name in NEED_BYTES else batch / 255
    if name in NEED_LABELS:
        labels = torch.arange(BATCH) % 9
        return [lambda: transform(batch, labels)]
    return [lambda: torch.stack([transform(image) for image in batch]), lambda: transform(batch)]


def main() -> None:
    warnings.filterwarnings("ignore")
    images = torch.rand(BATCH, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1)) * 255
    print("| layer | torchkeras | Keras on torch | torchvision, each image | the batch at once |")
    print("|---|---|---|---|---|")
    for name in sys.argv[1:] or LAYERS:
        args, transform = LAYERS[name]
        ours, theirs = (getattr(k.layers, name)(**args) for k in (torchkeras, keras))
        calls = [lambda: ours(images, training=True), lambda: theirs(images.clone(), training=True)]  # noqa: B023
        if transform is not None:
            calls += torchvision_calls(name, transform, images)
        cells = [f"{best(call):.2f}" for call in calls]
        print(f"| `{name}` | {' | '.join(cells + ['–'] * (4 - len(cells)))} |", flush=True)


if __name__ == "__main__":
    main()
