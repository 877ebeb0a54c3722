"""Where an image goes, its mask and its boxes go: every layer that moves places."""

import pytest
import torch

from torchkeras import layers

BOX = {"bounding_box_format": "xyxy"}
NEAR = {"interpolation": "nearest", "seed": 3, **BOX}
DARK = {"fill_mode": "constant", **NEAR}
MOVES = {
    "resized": lambda **d: layers.Resizing(30, 20, "nearest", **BOX, **d),
    "resized-cropped": lambda **d: layers.Resizing(
        30, 20, "nearest", crop_to_aspect_ratio=True, **BOX, **d
    ),
    "resized-padded": lambda **d: layers.Resizing(
        30, 20, "nearest", pad_to_aspect_ratio=True, **BOX, **d
    ),
    "middle": lambda **d: layers.CenterCrop(30, 36, **BOX, **d),
    "window": lambda **d: layers.RandomCrop(30, 36, seed=3, **BOX, **d),
    "flipped": lambda **d: layers.RandomFlip(seed=4, **BOX, **d),
    "turned": lambda **d: layers.RandomRotation(0.4, **DARK, **d),
    "zoomed": lambda **d: layers.RandomZoom(0.4, 0.3, **DARK, **d),
    "moved": lambda **d: layers.RandomTranslation(0.3, 0.2, **DARK, **d),
    "sheared": lambda **d: layers.RandomShear(0.3, 0.0, **DARK, **d),
    "sheared-down": lambda **d: layers.RandomShear(0.0, 0.3, **DARK, **d),
    "tilted": lambda **d: layers.RandomPerspective(1.0, 0.4, **NEAR, **d),
    "bent": lambda **d: layers.RandomElasticTransform(1.0, 1.0, **DARK, **d),
    "chosen": lambda **d: geometric(layers.RandAugment(num_ops=2, factor=0.2, **NEAR, **d)),
}


def geometric(augment):
    """Let a layer choose a translation, then a rotation."""
    draw = augment.draw

    def drawn(images, seed):
        return {**draw(images, seed), "layer_idxes": torch.tensor([1, 2])}

    augment.draw = drawn
    augment.random_translation.fill_mode = augment.random_rotation.fill_mode = "constant"
    return augment


def scene(size, first):
    """A light rectangle on a dark ground, its mask and its box, eight times."""
    height, width = size
    picture = torch.zeros(8, height, width, 1)
    left, top, right, bottom = width // 3, height // 4, width // 3 + 12, height // 4 + 16
    picture[:, top:bottom, left:right] = 200.0
    picture = picture.movedim(-1, 1) if first else picture
    boxes = torch.tensor([[[left, top, right, bottom]]] * 8).float()
    return {
        "images": picture,
        "segmentation_masks": (picture > 0).to(torch.uint8),
        "bounding_boxes": {"boxes": boxes, "labels": torch.zeros(8, 1, dtype=torch.int32)},
        "labels": torch.arange(8),
    }


def tight(mask):
    """Return the corners of the box around a mask, or `None` for an empty one."""
    rows, columns = mask.nonzero().unbind(1)
    if not len(rows):
        return None
    return torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()


@pytest.mark.parametrize(
    ("size", "first"), [((48, 48), False), ((44, 60), True)], ids=["square-last", "wide-first"]
)
@pytest.mark.parametrize("name", MOVES)
def test_masks_and_boxes_go_where_their_images_go(name, size, first):
    if name.startswith("sheared") and size == (44, 60):
        pytest.skip("the formula of Keras for boxes is that of square images")
    layer = MOVES[name](data_format="channels_first" if first else "channels_last")
    done = layer(scene(size, first), training=True)
    masks = done["segmentation_masks"]
    assert torch.equal(done["images"] > 100, masks > 0)
    assert done["labels"].tolist() == list(range(8))
    found = 0
    loose = name.startswith(("turned", "chosen", "tilted"))
    boxes, labels = done["bounding_boxes"].values()
    for mask, box, label in zip(masks.squeeze(1 if first else -1), boxes, labels, strict=True):
        wanted = tight(mask)
        if wanted is None:
            continue
        found += 1
        assert label.item() == 0
        inward = torch.stack([box[0] - wanted, wanted - box[0]])[[0, 0, 1, 1], range(4)]
        assert (inward < 3).all()
        assert loose or (inward > -3.1).all()
    assert found > 4


def test_relative_boxes_move_with_a_cropped_window():
    """Keras takes them for parts of the window."""
    given = scene((48, 60), False)
    given["bounding_boxes"]["boxes"] = given["bounding_boxes"]["boxes"] / torch.tensor(
        [60.0, 48, 60, 48]
    )
    crop = layers.RandomCrop(30, 36, seed=3, bounding_box_format="rel_xyxy")
    done = crop(given, training=True)
    box = done["bounding_boxes"]["boxes"][0, 0] * torch.tensor([36.0, 30, 36, 30])
    wanted = tight(done["segmentation_masks"][0, ..., 0])
    torch.testing.assert_close(box.clamp(max=36), wanted)


def test_arrays_and_single_pictures_are_transformed_by_hand():
    picture = scene((48, 60), False)["images"][0].numpy()
    tilt = layers.RandomPerspective(seed=1)
    drawn = tilt.get_random_transformation(picture)
    arrays = {
        key: value.numpy() if isinstance(value, torch.Tensor) else value
        for key, value in drawn.items()
    }
    found = tilt.transform_images(picture, arrays)
    assert found.shape == (48, 60, 1)
    torch.testing.assert_close(found, tilt.transform_single_image(torch.tensor(picture), drawn))
