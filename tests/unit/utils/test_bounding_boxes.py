"""Boxes as Keras converts, moves, compares and encodes them."""

import inspect
import itertools

import keras
import numpy as np
import pytest
import torch

from torchkeras.utils import bounding_boxes

THEIRS = keras.utils.bounding_boxes
NAMES = sorted(name for name in dir(THEIRS) if not name.startswith("_"))
RNG = np.random.default_rng(3)
LOW = RNG.uniform(0, 20, (2, 5, 2)).astype("float32")
BOXES = np.concatenate([LOW, LOW + RNG.uniform(1, 15, (2, 5, 2)).astype("float32")], -1)
OTHER = np.concatenate([LOW - 2, LOW + RNG.uniform(1, 9, (2, 5, 2)).astype("float32")], -1)
FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx",
           "rel_xywh", "rel_center_xywh")  # fmt: skip
SHAPE = (30, 40, 3)


def both(name, *args, **kwargs):
    """Return what Keras and we make of the same."""
    ours = getattr(bounding_boxes, name)(*args, **kwargs)
    tensors = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in args]
    return ours, getattr(THEIRS, name)(*tensors, **kwargs)


def assert_both(name, *args, rtol=1e-5, atol=1e-5, **kwargs):
    torch.testing.assert_close(*both(name, *args, **kwargs), rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_arguments_are_keras(name):
    ours, theirs = (
        [(p.name, p.default) for p in inspect.signature(getattr(m, name)).parameters.values()]
        for m in (bounding_boxes, THEIRS)
    )
    assert ours == theirs


def test_formats():
    for source, target in itertools.product(FORMATS, FORMATS):
        boxes = BOXES / 40 if source.startswith("rel_") else BOXES
        assert_both("convert_format", boxes, source, target, 30, 40)
    assert_both("convert_format", BOXES[0], "XYXY", "Rel_xywh", 30, 40, "float64")


def test_boxes_are_cut_off_at_the_borders():
    given = {"boxes": torch.tensor(OTHER - 3), "labels": torch.arange(10).reshape(2, 5)}
    ours, theirs = both("clip_to_image_size", given, 12, 14)
    assert (ours["labels"] == -1).any()
    torch.testing.assert_close(ours, theirs)
    relative = {**given, "boxes": given["boxes"] / 9}
    torch.testing.assert_close(
        *both("clip_to_image_size", relative, bounding_box_format="rel_xyxy"), check_dtype=False
    )


@pytest.mark.parametrize("form", FORMATS)
def test_overlaps(form):
    shape = SHAPE if form.startswith("rel_") else None
    one, other = (x / 40 if form.startswith("rel_") else x for x in (BOXES, OTHER))
    assert_both("compute_iou", one, other, form, image_shape=shape)
    for pair in ((one[0], other), (one, other[0]), (one[0], other[0, :3])):
        assert_both("compute_iou", *pair, form, image_shape=shape)
    if shape is None:
        assert_both("compute_ciou", one, other, form)


def test_relative_boxes_have_a_complete_overlap():
    """Keras refuses them, whatever `image_shape` says."""
    found = bounding_boxes.compute_ciou(BOXES / 40, OTHER / 40, "rel_xyxy", SHAPE)
    scale = np.array([1, 0.75, 1, 0.75], "float32")
    wanted = bounding_boxes.compute_ciou(BOXES * scale, OTHER * scale, "xyxy")
    torch.testing.assert_close(found, wanted)
    with pytest.raises(ValueError, match="image_shape"):
        THEIRS.compute_ciou(torch.tensor(BOXES), torch.tensor(OTHER), "rel_xyxy", SHAPE)


def test_fillers_overlap_with_nothing():
    one, other = BOXES.copy(), OTHER + 3
    one[0, 2:] = -1
    other[:, 4] = -1
    found = bounding_boxes.compute_iou(one[0], other, "xyxy", use_masking=True, mask_val=-7)
    assert (found[:, 2:] == -7).all()
    assert (found[:, :, 4] == -7).all()
    assert (found[:, :2, :4] >= 0).all()
    assert_both("compute_iou", one, other, "xyxy", use_masking=True)


@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
def test_deltas_there_and_back(encoding, variance):
    args = (BOXES[0], OTHER, "xyxy", "yxyx", encoding, variance, SHAPE)
    assert_both("encode_box_to_deltas", *args)
    deltas = bounding_boxes.encode_box_to_deltas(*args)
    back = bounding_boxes.decode_deltas_to_boxes(BOXES[0], deltas, *args[2:])
    torch.testing.assert_close(back, torch.tensor(OTHER), rtol=1e-4, atol=1e-4)
    args = (deltas, "xyxy", "rel_xywh", encoding, variance, SHAPE)
    assert_both("decode_deltas_to_boxes", BOXES[0], *args)


def test_deltas_of_levels():
    anchors = {"P3": torch.tensor(BOXES[0]), "P4": torch.tensor(OTHER[0])}
    deltas = {
        level: torch.tensor(RNG.normal(size=(2, 5, 4)).astype("float32")) for level in anchors
    }
    ours, theirs = both("decode_deltas_to_boxes", anchors, deltas, "xyxy", "xywh")
    torch.testing.assert_close(ours, theirs)


def test_deltas_have_gradients():
    deltas = torch.zeros(5, 4, requires_grad=True)
    bounding_boxes.decode_deltas_to_boxes(BOXES[0], deltas, "xyxy", "xyxy").sum().backward()
    assert deltas.grad.isfinite().all()


def test_moves():
    assert_both("crop", BOXES, 4, 6, 10, 12)
    assert_both("pad", BOXES, 4, 6, 40, 50)
    numbers = [torch.tensor(RNG.uniform(-0.3, 0.3, 2).astype("float32")) for _ in range(6)]
    angle, dx, dy, zoom, along, down = numbers
    args = (angle * 100, dx, dy, zoom + 1, along * 50, down * 50, 30, 40)
    assert_both("affine_transform", BOXES, *args, rtol=1e-4, atol=1e-3)
    centers = {"center_x": 0.2, "center_y": 0.9}
    assert_both("affine_transform", BOXES, *args, rtol=1e-4, atol=1e-3, **centers)


def test_moves_of_one_image_by_plain_numbers():
    """Keras needs a batch of boxes and of numbers."""
    numbers = (30.0, 0.1, 0.2, 1.5, 4.0, 5.0)
    found = bounding_boxes.affine_transform(BOXES[0], *numbers, 30, 40)
    batch = [torch.tensor([n, n]) for n in numbers]
    wanted = THEIRS.affine_transform(torch.tensor(BOXES), *batch, 30, 40)[0]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda b: b.convert_format(BOXES, "xxyy", "xyxy"), "source='xxyy'"),
        (lambda b: b.convert_format(BOXES, "xyxy", "rel_xyxy"), "height=None"),
        (lambda b: b.convert_format(BOXES[..., :3], "xyxy", "yxyx"), "4 numbers"),
        (lambda b: b.clip_to_image_size({"boxes": BOXES}), "height=None"),
        (lambda b: b.compute_iou(BOXES[0, 0], BOXES, "xyxy"), "boxes1"),
        (lambda b: b.compute_iou(BOXES, BOXES, "rel_xyxy"), "height"),
        (lambda b: b.compute_iou(BOXES, BOXES, "rel_xyxy", image_shape=(3, 4)), "image_shape"),
        (lambda b: b.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", "xyxy"), "'xyxy'"),
        (
            lambda b: b.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", variance=[1.0]),
            "variance",
        ),
    ],
)
def test_what_is_wrong_is_named(call, text):
    with pytest.raises(ValueError, match=text):
        call(bounding_boxes)


def test_moves_know_corners_alone():
    for call in (bounding_boxes.crop, bounding_boxes.pad):
        with pytest.raises(NotImplementedError, match="xywh"):
            call(BOXES, 1, 2, 3, 4, bounding_box_format="xywh")
