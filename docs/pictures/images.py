"""The pictures of the guide to images: `python docs/pictures/images.py` draws them anew."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import cbook, pyplot
from PIL import Image

from torchkeras import layers, utils, visualization

FOLDER = Path(__file__).parents[1] / "guides" / "pictures"
SIDE = 128
BOX = [44.0, 22.0, 92.0, 82.0]
FORM = {"bounding_box_format": "xyxy"}
MOVES = [
    layers.RandomRotation(0.06, "constant", seed=3, **FORM),
    layers.RandomZoom((0.2, 0.4), fill_mode="constant", seed=1, **FORM),
    layers.RandomTranslation(0.2, 0.2, "constant", seed=5, **FORM),
    layers.RandomPerspective((1.0, 1.0), 0.5, seed=4, **FORM),
]


def photograph() -> torch.Tensor:
    """Return the portrait of Grace Hopper that comes with matplotlib."""
    with cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as picture:
        pixels = torch.tensor(np.asarray(picture)[:500, :500].astype("float32"))
    return layers.Resizing(SIDE, SIDE, antialias=True)(pixels)


def augmentations(image: torch.Tensor) -> None:
    """Every kind of layer, acting on one picture."""
    sure = (1.0, 1.0)
    acts = [
        layers.RandomFlip("horizontal", seed=3),
        layers.RandomRotation((0.08, 0.08)),
        layers.RandomZoom((-0.3, -0.3)),
        layers.RandomTranslation((0.2, 0.2), (0.2, 0.2)),
        layers.RandomShear((0.3, 0.3), (0.0, 0.0), seed=1),
        layers.RandomPerspective(sure, 0.6, seed=4),
        layers.RandomElasticTransform(sure, (0.6, 0.6), seed=2),
        layers.RandomErasing(sure, (0.15, 0.15), seed=1),
        layers.RandomBrightness((0.25, 0.25)),
        layers.RandomContrast((0.8, 0.8), seed=6),
        layers.RandomSaturation((0.75, 0.75)),
        layers.RandomHue((0.4, 0.4)),
        layers.RandomGrayscale(1.0),
        layers.RandomInvert(sure),
        layers.RandomPosterization((2, 2)),
        layers.Solarization(0.0, (0.6, 0.6), seed=2),
        layers.RandomGaussianBlur(sure, 9, (0.99, 0.99)),
        layers.Equalization(),
        layers.ContrastLimitedAdaptiveHistogramEqualization(),
        layers.RandAugment(seed=6),
    ]
    names = {
        n: type(act).__name__.replace("ContrastLimitedAdaptiveHistogram", "CLAH…")
        for n, act in enumerate(acts)
    }
    figure, axes = pyplot.subplots(4, 5, figsize=(9, 8), layout="constrained")
    for number, (axis, act) in enumerate(zip(axes.flat, acts, strict=True)):
        axis.imshow(act(image, training=True).clamp(0, 255).to(torch.uint8))
        axis.set_title(names[number], fontsize=9)
        axis.axis("off")
    figure.savefig(FOLDER / "augmentations.jpg", dpi=72, pil_kwargs={"quality": 80})
    pyplot.close(figure)


def together(image: torch.Tensor) -> None:
    """Boxes that go where their pictures go."""
    boxes = {"boxes": torch.tensor([[BOX]]), "labels": torch.tensor([[0]])}
    given = {"images": image[None], "bounding_boxes": boxes}
    done = [given, *(move(given, training=True) for move in MOVES)]
    everything = {
        key: torch.cat([one["bounding_boxes"][key] for one in done]) for key in ("boxes", "labels")
    }
    visualization.plot_bounding_box_gallery(
        torch.cat([one["images"] for one in done]),
        "xyxy",
        everything,
        class_mapping={0: "face"},
        font_scale=0.8,
        rows=1,
        path=FOLDER / "together.jpg",
        transparent=False,
        dpi=80,
    )


if __name__ == "__main__":
    mpl.use("Agg")
    utils.set_random_seed(1)
    FOLDER.mkdir(exist_ok=True)
    portrait = photograph()
    augmentations(portrait)
    together(portrait)
