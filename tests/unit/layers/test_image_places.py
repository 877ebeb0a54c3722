"""Where image layers work: models, loaders with workers, maps over data sets, accelerators."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras import layers

IMAGES = torch.tensor(np.random.default_rng(1).uniform(0, 255, (4, 12, 14, 3)).astype("float32"))
# Each draws, and keeps the shape.
RANDOM = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomShear": {"x_factor": 0.2},
    "RandomPerspective": {"scale": 0.4},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomBrightness": {"factor": 0.3},
    "RandomContrast": {"factor": 0.3},
    "RandomSaturation": {"factor": 0.6},
    "RandomHue": {"factor": 0.3},
    "RandomColorJitter": {"hue_factor": 0.3},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomGrayscale": {"factor": 0.5},
    "RandomInvert": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomSharpness": {"factor": 0.5},
    "RandomGaussianBlur": {"sigma": 0.9},
    "Solarization": {"threshold_factor": 0.5},
    "RandAugment": {},
    "AugMix": {},
    "MixUp": {},
    "CutMix": {},
}


def made(name, seed=3):
    return getattr(layers, name)(**RANDOM[name], seed=seed)


def everything():
    return [made(name, seed) for seed, name in enumerate(RANDOM)]


def test_seeds_decide_what_is_drawn():
    for name in RANDOM:
        first, again = made(name), made(name)
        found = [first(IMAGES, training=True) for _ in range(3)]
        assert all(torch.equal(again(IMAGES, training=True), x) for x in found), name
        assert not all(torch.equal(x, found[0]) for x in found), name


def test_images_of_a_batch_are_drawn_apart():
    alike = {"RandAugment", "AugMix", "RandomGaussianBlur", "MixUp", "CutMix"}
    same = IMAGES[:1].expand(16, 12, 14, 3)
    for name in sorted(RANDOM.keys() - alike):
        found = made(name)(same, training=True)
        assert not all(torch.equal(x, found[0]) for x in found), name


def test_all_of_them_in_a_model():
    model = torchkeras.Sequential([torchkeras.Input((12, 14, 3)), *everything()])
    awake = model(IMAGES, training=True)
    assert awake.shape == IMAGES.shape
    assert awake.isfinite().all()
    assert not torch.equal(awake, IMAGES)
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), IMAGES.numpy())


class Augmented:
    """What a loader calls in a worker."""

    def __init__(self):
        self.pipeline = layers.Pipeline(everything())

    def __call__(self, samples):
        return self.pipeline(torch.stack([image for (image,) in samples]), training=True)


def test_all_of_them_in_a_worker():
    loader = DataLoader(TensorDataset(IMAGES), 4, collate_fn=Augmented(), num_workers=1)
    expected = Augmented()([(image,) for image in IMAGES])
    torch.testing.assert_close(next(iter(loader)), expected)


def test_in_a_map_over_a_data_set(tmp_path):
    for number, kind in enumerate("ab"):
        (tmp_path / kind).mkdir()
        Image.fromarray(IMAGES[number].byte().numpy()).save(tmp_path / kind / "x.png")
    data = torchkeras.utils.image_dataset_from_directory(
        tmp_path, image_size=(12, 14), shuffle=False, verbose=False
    )
    flip = layers.RandomInvert((1.0, 1.0))
    images, labels = next(iter(data.map(lambda x, y: (flip(x, training=True), y))))
    plain, _ = next(iter(data))
    torch.testing.assert_close(torch.as_tensor(images), 255 - torch.as_tensor(plain))
    assert torch.as_tensor(labels).tolist() == [0, 1]


@pytest.mark.gpu
def test_on_an_accelerator():
    device = torch.device(torch.accelerator.current_accelerator())
    for name in RANDOM:
        here, there = (made(name)(x, training=True) for x in (IMAGES, IMAGES.to(device)))
        assert there.device.type == device.type, name
        # A few pixels may lie on the other side of a threshold.
        assert (there.cpu() - here).abs().mean() < 2, name
