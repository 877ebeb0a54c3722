"""Layers that draw more than Keras's seeds tell: choices of layers, fields, perspectives."""

import copy
import random

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

RNG = np.random.default_rng(5)
IMAGES = torch.tensor(RNG.uniform(0, 1, (3, 7, 8, 3)).astype("float32"))
MASKS = torch.tensor(RNG.integers(0, 4, (3, 7, 8, 1)))
BOXES = {
    "boxes": torch.tensor([[[1.0, 1.0, 5.0, 4.0], [2.0, 0.0, 7.0, 6.0]]] * 3),
    "labels": torch.tensor([[3, 4]] * 3),
}
UNIT = {"value_range": (0, 1)}


def untouching(part):
    """Let a layer of Keras work on copies: some of them write into what they are given."""
    work = part.transform_images

    def transform_images(images, transformation, training=True):
        return work(images.clone(), copy.deepcopy(transformation), training)

    part.transform_images = transform_images


def twins(name, **args):
    ours, theirs = (getattr(k.layers, name)(**UNIT, **args) for k in (torchkeras, keras))
    for part in theirs._flatten_layers(include_self=False):
        untouching(part)
    return ours, theirs


@pytest.mark.filterwarnings("ignore:.*Tensor.T is deprecated")
@pytest.mark.parametrize("seed", [1, 4, 9])
def test_rand_augment_does_what_keras_does_where_nothing_is_written_into(seed):
    ours, theirs = twins("RandAugment", num_ops=3, seed=seed)
    torch.testing.assert_close(ours(IMAGES), theirs(IMAGES), rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*Tensor.T is deprecated")
@pytest.mark.parametrize("all_ops", [True, False])
def test_aug_mix_does_what_keras_drew(all_ops):
    ours, theirs = twins("AugMix", seed=3, all_ops=all_ops, factor=0.2)
    random.seed(3)  # Keras's layers are chosen by Python
    for drawn in (theirs, ours, theirs):
        drawn = drawn.get_random_transformation(IMAGES)
        found, wanted = (layer.transform_images(IMAGES, drawn) for layer in (ours, theirs))
        assert ((found - wanted).abs() > 1e-4).float().mean() < 0.03  # some fall into other bins


def test_weights_of_aug_mix_are_keras():
    ours, theirs = (x.get_random_transformation(IMAGES) for x in twins("AugMix", seed=3))
    for name in ("chain_mixing_weights", "weight_sample"):
        torch.testing.assert_close(ours[name], theirs[name])


def chosen(layer, calls):
    """Return the names of the layers that were drawn in many calls."""
    drawn = (layer.get_random_transformation(IMAGES[:1]) for _ in range(calls))
    return [
        [link["layer_name"] for link in chain] for x in drawn for chain in x["chain_transforms"]
    ]


def test_aug_mix_chooses_evenly_and_by_its_seed():
    chains = chosen(layers.AugMix(seed=1), 60)
    few = [chosen(layers.AugMix(seed=seed), 4) for seed in (1, 2)]
    assert chains[:12] == few[0] != few[1]
    assert len(chains) == 180
    names = [name for chain in chains for name in chain]
    assert len(set(names)) == 11  # of 12 choices, one of which is none
    assert abs(len(names) / (3 * 180) - 11 / 12) < 0.05
    assert min(names.count(name) for name in set(names)) > 20


def test_rand_augment_chooses_evenly():
    augment = layers.RandAugment(num_ops=300, seed=1)
    drawn = augment.get_random_transformation(IMAGES)["layer_idxes"].tolist()
    counts = [drawn.count(index) for index in range(11)]
    assert sum(counts) == 300
    assert min(counts) > 10


def data():
    return {
        "images": IMAGES,
        "labels": torch.arange(3),
        "bounding_boxes": BOXES,
        "segmentation_masks": MASKS,
    }


def test_masks_and_boxes_follow_images_through_rand_augment():
    """Keras's boxes do not go through the layers in the order of the images."""
    augment = layers.RandAugment(num_ops=2, seed=1, bounding_box_format="xyxy", **UNIT)
    drawn = augment.get_random_transformation(data())
    drawn["layer_idxes"] = torch.tensor([1, 0])
    parts = augment.random_translation, augment.random_shear
    moves = [drawn["transforms"][name] for name in ("random_translation", "random_shear")]
    masks, boxes = MASKS, BOXES
    for part, move in zip(parts, moves, strict=True):
        masks = part.transform_segmentation_masks(masks, move)
        boxes = part.transform_bounding_boxes(boxes, move)
    assert torch.equal(augment.transform_segmentation_masks(MASKS, drawn), masks)
    found = augment.transform_bounding_boxes(BOXES, drawn)
    torch.testing.assert_close(found, boxes)
    assert augment(data())["labels"].tolist() == [0, 1, 2]


def test_masks_of_whole_numbers_get_the_heaviest_class():
    """Keras on torch cannot add floats to them."""
    mix = layers.AugMix(seed=1, num_chains=2)
    drawn = {
        "chain_mixing_weights": torch.tensor([0.5, 0.5]),
        "weight_sample": torch.tensor(0.4),
        "chain_transforms": [[], [link_to_shift(mix)]],
    }
    found = mix.transform_segmentation_masks(MASKS, drawn)
    assert torch.equal(found, MASKS)  # 0.7 against 0.3
    drawn["chain_transforms"][0] = drawn["chain_transforms"][1]
    moved = mix.random_translation.transform_segmentation_masks(
        MASKS, drawn["chain_transforms"][1][0]["transformation"]
    )
    assert torch.equal(mix.transform_segmentation_masks(MASKS, drawn), moved)  # 0.6 against 0.4
    mixed = mix.transform_segmentation_masks(MASKS.float(), drawn)
    torch.testing.assert_close(mixed, 0.4 * MASKS.float() + 0.6 * moved.float())


def link_to_shift(mix):
    drawn = mix.random_translation.get_random_transformation(IMAGES, seed=3)
    return {"layer_name": "random_translation", "transformation": drawn}


# Perspectives


def test_perspective_moves_boxes_as_keras():
    ours, theirs = (
        k.layers.RandomPerspective(0.8, 0.5, seed=4, bounding_box_format="xyxy")
        for k in (torchkeras, keras)
    )
    given = {key: value for key, value in data().items() if key != "labels"}
    given["segmentation_masks"] = MASKS.float()
    found = ours(given)
    wanted = theirs({**given, "bounding_boxes": dict(BOXES)})
    torch.testing.assert_close(found["images"], wanted["images"], rtol=1e-4, atol=1e-3)
    assert torch.equal(found["segmentation_masks"], wanted["segmentation_masks"])
    torch.testing.assert_close(found["bounding_boxes"], wanted["bounding_boxes"], check_dtype=False)


def test_boxes_of_any_format_are_seen_in_perspective():
    """Keras gives the corners back."""
    corners, sides = (
        layers.RandomPerspective(1.0, 0.5, seed=4, bounding_box_format=form)
        for form in ("xyxy", "rel_xywh")
    )
    convert = torchkeras.layers.image.boxes.convert_format
    given = {"images": IMAGES, "bounding_boxes": BOXES}
    boxes = convert(BOXES, "xyxy", "rel_xywh", 7, 8)
    found = sides({**given, "bounding_boxes": boxes})["bounding_boxes"]
    wanted = convert(corners(given)["bounding_boxes"], "xyxy", "rel_xywh", 7, 8)
    torch.testing.assert_close(found, wanted)


def test_perspective_of_a_line_leaves_no_error():
    """Its corners lie on one another, so that no map takes them apart."""
    assert layers.RandomPerspective(seed=1)(torch.ones(2, 1, 5, 3)).isfinite().all()


# Fields


def test_images_bend_by_the_field_of_ops():
    bend = layers.RandomElasticTransform((1, 1), (0.8, 0.8), seed=2, **UNIT)
    drawn = bend.get_random_transformation(IMAGES)
    found = bend.transform_images(IMAGES, drawn)
    assert torch.equal(found, bend.transform_images(IMAGES, drawn))
    size = {"alpha": 8 * 0.1 * 0.8, "sigma": 7 * 0.05 * 0.8}
    wanted = torchkeras.ops.image.elastic_transform(IMAGES, **size, seed=drawn["seed"])
    torch.testing.assert_close(found, wanted.clamp(0, 1))


def test_masks_and_boxes_bend_with_their_images():
    """Keras gives masks a field of their own."""
    bend = layers.RandomElasticTransform(
        (1, 1), (1, 1), "nearest", seed=2, value_range=(0, 9), bounding_box_format="xyxy"
    )
    picture = torch.zeros(1, 60, 60, 1)
    picture[:, 10:40, 20:50] = 5
    boxes = {"boxes": torch.tensor([[[20.0, 10.0, 50.0, 40.0]]]), "labels": torch.tensor([[1]])}
    done = bend({"images": picture, "segmentation_masks": picture.long(), "bounding_boxes": boxes})
    assert torch.equal(done["images"].long(), done["segmentation_masks"])
    assert not torch.equal(done["images"], picture)
    rows, columns = (done["images"][0, ..., 0] > 0).nonzero().unbind(1)
    tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    found = done["bounding_boxes"]["boxes"].flatten()
    torch.testing.assert_close(found, torch.stack(tight).float(), atol=1.0, rtol=0)


def test_strength_of_fields_is_drawn_between_the_bounds():
    bend = layers.RandomElasticTransform((0.2, 0.2), (0.3, 0.5), seed=2)
    many = IMAGES[:1].expand(1000, 7, 8, 3)
    drawn = bend.get_random_transformation(many)
    assert 0.3 <= drawn["distortion_factor"] < 0.5
    assert 0.15 < drawn["apply_transform"].float().mean() < 0.25


# Contrast


def test_pictures_smaller_than_the_grid_keep_their_size():
    clear = layers.ContrastLimitedAdaptiveHistogramEqualization()
    assert clear(torch.arange(6, dtype=torch.uint8).reshape(2, 3, 1)).shape == (2, 3, 1)


def test_one_image_boxes_and_masks_alone():
    """Keras's methods for a single thing."""
    flip = layers.RandomFlip("horizontal", bounding_box_format="xyxy")
    drawn = {"flips": torch.ones(1, 1, 1, dtype=torch.bool), "input_shape": (7, 8, 3)}
    assert torch.equal(flip.transform_single_image(IMAGES[0], drawn), IMAGES[0].flip(1))
    assert torch.equal(flip.transform_single_segmentation_mask(MASKS[0], drawn), MASKS[0].flip(1))
    assert flip.transform_single_label(torch.tensor(3), drawn) == 3
    boxes = {"boxes": torch.tensor([[1.0, 1.0, 5.0, 4.0]]), "labels": torch.tensor([3])}
    found = flip.transform_single_bounding_box(boxes, drawn)
    assert found["boxes"].tolist() == [[3.0, 1.0, 7.0, 4.0]]
