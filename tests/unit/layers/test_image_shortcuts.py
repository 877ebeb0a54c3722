"""Work that is spared changes no numbers: bytes, large pictures, pictures that are not chosen."""

import copy

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

RNG = np.random.default_rng(3)
LARGE = RNG.integers(0, 256, (3, 66, 70, 3)).astype("uint8")  # more numbers than any threshold
SMALL = LARGE[:, :9, :7]
UNIT = {"value_range": (0, 1)}
LAYERS = {
    "contrasted": ("AutoContrast", {}),
    "contrasted-unit": ("AutoContrast", UNIT),
    "equalized": ("Equalization", {}),
    "equalized-few": ("Equalization", {"bins": 19}),
    "equalized-unit": ("Equalization", UNIT),
    "posterized": ("RandomPosterization", {"factor": (2, 7), "seed": 5}),
    "posterized-unit": ("RandomPosterization", {"factor": (2, 2), "seed": 5, **UNIT}),
    "solarized": ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.6, "seed": 5}),
    "inverted": ("RandomInvert", {"factor": 0.9, "seed": 5}),
    "inverted-unit": ("RandomInvert", {"factor": 0.9, "seed": 5, **UNIT}),
    "gray": ("RandomGrayscale", {"factor": 0.5, "seed": 4}),
    "gray-all": ("RandomGrayscale", {"factor": 1.0}),
    "gray-none": ("RandomGrayscale", {"factor": 0.0}),
    "erased": ("RandomErasing", {"factor": (0.6, 0.8), "seed": 5}),
    "erased-black": ("RandomErasing", {"fill_value": 0.0, "factor": (1.0, 1.0), "seed": 5}),
    "mixed": ("MixUp", {"seed": 5}),
    "cut": ("CutMix", {"seed": 5}),
    "flipped": ("RandomFlip", {"seed": 5}),
    "tilted": ("RandomPerspective", {"factor": (0.5, 0.5), "scale": 0.4, "seed": 7}),
    "blurred": ("RandomGaussianBlur", {"factor": (0.5, 0.5), "seed": 7}),
    "cropped": ("RandomCrop", {"height": 5, "width": 6, "seed": 5}),
}
# Keras's contrast takes other axes where channels are first.
FIRST = [name for name in LAYERS if not name.startswith("contrasted")]


def both(name, **args):
    kind, told = LAYERS[name]
    return [getattr(k.layers, kind)(**told, **args) for k in (torchkeras, keras)]


def assert_alike(name, images, **args):
    ours, theirs = both(name, **args)
    found, wanted = ours(images, training=True), theirs(images.clone(), training=True)
    assert found.dtype == wanted.dtype
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=2e-3)


@pytest.mark.filterwarnings("ignore:.*Tensor.T is deprecated")
@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("size", ["small", "large"])
def test_bytes_and_floats_become_what_keras_makes_of_them(name, kind, size):
    images = torch.tensor((SMALL if size == "small" else LARGE).astype(kind))
    assert_alike(name, images / 255 if "unit" in name and kind == "float32" else images)


@pytest.mark.filterwarnings("ignore:.*Tensor.T is deprecated")
@pytest.mark.parametrize("name", FIRST)
def test_channels_may_be_first(name):
    images = torch.tensor(LARGE.astype("float32")).movedim(-1, 1).contiguous()
    assert_alike(name, images, data_format="channels_first")


@pytest.mark.parametrize("name", ["cut", "erased", "erased-black", "gray", "flipped"])
def test_large_pictures_are_differentiated_through(name):
    images = torch.tensor(LARGE.astype("float32"), requires_grad=True)
    layer = both(name)[0]
    layer(images, training=True).sum().backward()
    assert images.grad.abs().max() > 0


def test_images_that_layers_got_are_left_alone():
    images = torch.tensor(LARGE.astype("float32"))
    for name in LAYERS:
        given = images.clone()
        both(name)[0](given, training=True)
        assert torch.equal(given, images), name


def test_a_channel_that_is_no_number_stays():
    images = torch.tensor(SMALL.astype("float32"))
    images[0, 2, 3, 1] = torch.nan
    images[1, ..., 2] = 300.0
    found = layers.AutoContrast()(images)
    for one in ((0, ..., 1), (1, ..., 2)):
        torch.testing.assert_close(found[one], images[one], equal_nan=True)
    assert found[0, ..., 0].max() == 255


@pytest.mark.parametrize("change", ["mask", "mask-in-place", "copy", "size"])
def test_a_window_is_what_its_mask_says(change):
    """Windows are copied by their corners only while these are the mask's."""
    layer = layers.RandomErasing((1.0, 1.0), fill_value=0.0, seed=2)
    images = torch.full(LARGE.shape, 9.0)
    drawn = layer.get_random_transformation(images)
    if change == "mask":
        drawn["batch_masks"] = torch.zeros(3, 66, 70, 1, dtype=torch.bool)
    elif change == "mask-in-place":
        drawn["batch_masks"][:] = True
    elif change == "copy":
        drawn = copy.deepcopy(drawn)
    else:
        images = images[:, :, :1].expand(-1, -1, 70, -1)
    hole = drawn["batch_masks"].expand_as(images)
    assert torch.equal(layer.transform_images(images, drawn) == 0, hole)


def test_masks_of_one_channel_are_cut_with_images_of_three():
    layer = layers.CutMix(seed=2)
    images = torch.tensor(LARGE.astype("float32"))
    done = layer({"images": images, "segmentation_masks": images[..., :1]}, training=True)
    assert torch.equal(done["segmentation_masks"], done["images"][..., :1])


EMPTY = ["RandomFlip", "RandomErasing", "CutMix", "MixUp", "RandomGrayscale", "RandomInvert"]


@pytest.mark.parametrize("name", [*EMPTY, "AutoContrast", "Equalization", "AugMix"])
def test_no_pictures_become_none(name):
    assert getattr(layers, name)()(torch.zeros(0, 66, 70, 3), training=True).shape[0] == 0


def test_no_pictures_are_turned():
    assert layers.RandomRotation(0.1)(torch.zeros(0, 66, 70, 3), training=True).shape[0] == 0


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float16"])
def test_windows_are_drawn_in_half_precision(dtype):
    images = torch.tensor(LARGE.astype("float32"))
    done = layers.CutMix(seed=2, dtype=dtype)({"images": images, "labels": torch.eye(3)})
    assert done["images"].itemsize == 2
    torch.testing.assert_close(done["labels"].float().sum(1), torch.ones(3), rtol=0, atol=0.02)


def test_equalization_rounds_as_keras_does_in_any_range():
    images = torch.tensor(LARGE.astype("float32")) / 127.5 - 1
    ours, theirs = (k.layers.Equalization(value_range=(-1, 1)) for k in (torchkeras, keras))
    torch.testing.assert_close(ours(images), theirs(images), rtol=1e-5, atol=1e-5)


ONE_AS_BATCH = {
    "MixUp": {},
    "RandomErasing": {},
    "RandomInvert": {},
    "RandomGrayscale": {},
    "RandomPosterization": {"factor": 3},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomGaussianBlur": {"factor": 1.0},
}


@pytest.mark.parametrize("name", ONE_AS_BATCH)
def test_one_picture_by_hand_has_the_axes_that_keras_gives_it(name):
    picture = torch.tensor(SMALL[0].astype("float32"))
    ours, theirs = (getattr(k.layers, name)(**ONE_AS_BATCH[name]) for k in (torchkeras, keras))
    shapes = []
    for layer in (ours, theirs):
        drawn = layer.get_random_transformation(picture, training=True)
        shapes.append(tuple(layer.transform_images(picture, drawn, training=True).shape))
    assert shapes[0] == shapes[1] == (1, 9, 7, 3)
    assert ours(picture, training=True).shape == picture.shape


def test_boxes_of_one_picture_are_mixed_by_hand():
    boxes = {"boxes": np.array([[2, 1, 4, 3], [6, 4, 8, 6]]), "labels": np.array([1, 2])}
    drawn = {"mix_weight": torch.tensor([0.5, 0.5]), "permutation_order": [1, 0]}
    done = layers.MixUp(bounding_box_format="xyxy").transform_bounding_boxes(boxes, drawn)
    assert done["boxes"].tolist() == [[2, 1, 4, 3, 6, 4, 8, 6], [6, 4, 8, 6, 2, 1, 4, 3]]
    assert done["labels"].tolist() == [1, 2, 2, 1]


def test_weights_and_orders_may_be_plain_numbers():
    images = torch.tensor(SMALL.astype("float32"))
    drawn = {"mix_weight": 0.25, "permutation_order": [1, 0, 2]}
    done = layers.MixUp().transform_images(images, drawn)
    torch.testing.assert_close(done[0], 0.25 * images[0] + 0.75 * images[1])
