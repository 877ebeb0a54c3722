"""What it costs to augment a batch, beside Keras on torch and torchvision's transforms.

Run it with `OMP_NUM_THREADS=1 python -m tests.speed.bench_images [--side 96] [--bytes] [NAME ...]`.
A batch has 32 images of 96 × 96 × 3 floats, or bytes, channels last; torchvision gets the same
numbers in its own layout, one image after the other, as only so each image is drawn anew (two by
two where images are mixed), and as a whole batch with one draw for all. The figures are
milliseconds for a batch, the best of several; all take turns, so that a busy machine slows all.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from torchvision.transforms import InterpolationMode, v2

import torchkeras

BATCH, TURNS, SPENT_S = 32, 5, 0.03
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
    "RandomErasing, black": ({"factor": ALL, "fill_value": 0.0}, v2.RandomErasing(1.0)),
    "MixUp": ({}, v2.MixUp(num_classes=9)),
    "CutMix": ({}, v2.CutMix(num_classes=9)),
    "RandAugment": ({}, v2.RandAugment()),
    "AugMix": ({}, v2.AugMix()),
    "ContrastLimitedAdaptiveHistogramEqualization": ({}, None),
}
NEED_BYTES = ("RandomPosterization", "RandAugment", "AugMix", "Equalization")
NEED_LABELS = ("MixUp", "CutMix")


def best_in_turn(calls: list[Callable[[], Any]]) -> list[float]:
    """Return the shortest time of each call in milliseconds."""
    shortest = [float("inf")] * len(calls)
    for _ in range(TURNS):
        for number, call in enumerate(calls):
            shortest[number] = min(_best(call), shortest[number])
    return shortest


def _best(call: Callable[[], Any]) -> float:
    try:
        call()
    except (RuntimeError, TypeError, ValueError):  # some take no bytes
        return float("nan")
    times, end = [], time.perf_counter() + SPENT_S
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def torchvision_calls(name: str, transform: Any, images: torch.Tensor) -> list[Callable[[], Any]]:
    """Return a call for image after image and one for the whole batch."""
    batch = images.movedim(-1, 1).contiguous()
    if name in NEED_BYTES:
        batch = batch.to(torch.uint8)
    elif batch.is_floating_point():
        batch = batch / 255
    if name in NEED_LABELS:
        labels = torch.arange(BATCH) % 9
        pairs = list(zip(batch.split(2), labels.split(2), strict=True))
        return [
            lambda: torch.cat([transform(*pair)[0] for pair in pairs]),
            lambda: transform(batch, labels),
        ]
    return [lambda: torch.stack([transform(image) for image in batch]), lambda: transform(batch)]


def row(name: str, images: torch.Tensor) -> str:
    """Return the row of a layer in the table."""
    args, transform = LAYERS[name]
    ours, theirs = (getattr(k.layers, name.split(",")[0])(**args) for k in (torchkeras, keras))
    calls = [lambda: ours(images, training=True), lambda: theirs(images.clone(), training=True)]
    if transform is not None:
        calls += torchvision_calls(name, transform, images)
    cells = [f"{shortest:.2f}".replace("nan", "–") for shortest in best_in_turn(calls)]
    return f"| `{name}` | {' | '.join(cells + ['–'] * (4 - len(cells)))} |"


def main() -> None:
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    told = parser.parse_args()
    shape, source = (BATCH, told.side, told.side, 3), torch.Generator().manual_seed(1)
    images = torch.rand(shape, generator=source) * 255
    images = images.to(torch.uint8) if told.bytes else images
    print("| layer | torchkeras | Keras on torch | torchvision, each image | the batch at once |")
    print("|---|---|---|---|---|")
    for name in told.names or LAYERS:
        print(row(name, images), flush=True)


if __name__ == "__main__":
    main()
