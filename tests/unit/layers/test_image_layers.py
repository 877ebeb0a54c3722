"""What image layers share: modes, dictionaries, single images, models, loaders."""

import copy
import pickle

import keras
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import torchkeras
from torchkeras import layers

RNG = np.random.default_rng(7)
IMAGES = RNG.uniform(0, 255, (4, 9, 12, 3)).astype("float32")
CORNERS = RNG.uniform(0, 5, (4, 3, 4)).astype("float32")
CORNERS[..., 2:] += CORNERS[..., :2] + 1
MASKS = RNG.integers(0, 5, (4, 9, 12, 1)).astype("uint8")
FORMATS = ("last", "first")
LABELS = RNG.uniform(0, 1, (4, 2)).astype("float32")


def data(one=False):
    made = {
        "images": torch.tensor(IMAGES),
        "labels": torch.tensor(LABELS),
        "segmentation_masks": torch.tensor(MASKS),
    }
    boxes = {"boxes": torch.tensor(CORNERS), "labels": torch.arange(12, dtype=torch.int32)}
    boxes["labels"] = boxes["labels"].reshape(4, 3)
    if one:
        made, boxes = ({k: v[0] for k, v in x.items()} for x in (made, boxes))
    return {**made, "bounding_boxes": boxes}


def assert_close(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, mine in ours.items():
        if isinstance(mine, dict):
            assert_close(mine, theirs[key])
        else:
            torch.testing.assert_close(mine, theirs[key], rtol=1e-4, atol=2e-3, msg=key)


TOGETHER = {
    "resized": lambda k: k.layers.Resizing(4, 5, bounding_box_format="xyxy"),
    "resized-cropped": lambda k: k.layers.Resizing(
        4, 4, crop_to_aspect_ratio=True, bounding_box_format="xywh"
    ),
    "resized-padded": lambda k: k.layers.Resizing(
        4, 4, pad_to_aspect_ratio=True, bounding_box_format="center_xywh"
    ),
    "cropped": lambda k: k.layers.CenterCrop(4, 5, bounding_box_format="xyxy"),
    "enlarged": lambda k: k.layers.CenterCrop(20, 14, bounding_box_format="center_yxhw"),
    "flipped": lambda k: k.layers.RandomFlip(seed=3, bounding_box_format="xyxy"),
    "zoomed": lambda k: k.layers.RandomZoom(0.4, seed=3, bounding_box_format="xyxy"),
    "moved": lambda k: k.layers.RandomTranslation(0.4, 0.3, seed=3, bounding_box_format="xyxy"),
    "lit": lambda k: k.layers.RandomBrightness(0.4, seed=3, bounding_box_format="xyxy"),
    "contrasted": lambda k: k.layers.RandomContrast(0.4, seed=3, bounding_box_format="xyxy"),
}


@pytest.mark.parametrize("one", [False, True], ids=["batch", "one"])
@pytest.mark.parametrize("name", TOGETHER)
def test_images_boxes_labels_and_masks_go_together(name, one):
    ours, theirs = (TOGETHER[name](k)(data(one), training=True) for k in (torchkeras, keras))
    assert_close(ours, theirs)


def test_data_are_left_alone():
    given = data()
    layers.RandomFlip(seed=1, bounding_box_format="xyxy")(given, training=True)
    assert_close(given, data())


def test_masks_turn_with_their_images():
    """Keras on torch turns the masks about another place, as its sampler changes the transform."""
    turn = layers.RandomRotation(0.2, interpolation="nearest", seed=3)
    given = {"images": torch.tensor(MASKS).float(), "segmentation_masks": torch.tensor(MASKS)}
    done = turn(given, training=True)
    assert torch.equal(done["images"], done["segmentation_masks"].float())


def test_boxes_turn_with_their_images():
    given = {key: value for key, value in data().items() if key != "segmentation_masks"}
    ours, theirs = (
        k.layers.RandomRotation(0.3, seed=3, bounding_box_format="xyxy")(dict(given), training=True)
        for k in (torchkeras, keras)
    )
    assert_close(ours, theirs)


def test_boxes_of_any_format_turn():
    """Keras takes them for corners in pixels."""
    turn = layers.RandomRotation((0.25, 0.25), bounding_box_format="xywh")
    boxes = {"boxes": torch.tensor([[2.0, 1.0, 4.0, 2.0]]), "labels": torch.tensor([5])}
    done = turn({"images": torch.zeros(9, 9, 1), "bounding_boxes": boxes}, training=True)
    torch.testing.assert_close(done["bounding_boxes"]["boxes"], torch.tensor([[1.0, 2, 2, 4]]))


def test_boxes_move_with_a_cropped_window():
    crop = layers.RandomCrop(4, 5, seed=3, bounding_box_format="xyxy")
    top, left = (int(n) for n in crop.get_random_transformation(torch.tensor(IMAGES), seed=1))
    boxes = {"boxes": torch.tensor([[[6.0, 5.0, 9.0, 8.0]]]), "labels": torch.tensor([[5]])}
    done = crop.transform_bounding_boxes(boxes, (torch.tensor(top), torch.tensor(left)))
    wanted = [6.0 - left, 5.0 - top, 9.0 - left, 8.0 - top]
    assert done["boxes"].flatten().tolist() == [max(n, 0.0) for n in wanted]


def test_boxes_need_a_format():
    with pytest.raises(ValueError, match="bounding_box_format=None"):
        layers.RandomFlip()(data(), training=True)


def test_boxes_may_be_lists_of_unequal_length():
    flip = layers.RandomFlip(bounding_box_format="xyxy")
    boxes = {"boxes": [[[0, 0, 2, 2]], [[1, 1, 3, 3], [0, 1, 5, 6]]], "labels": [[1], [2, 3]]}
    done = flip({"images": torch.tensor(IMAGES[:2]), "bounding_boxes": boxes}, training=False)
    assert done["bounding_boxes"]["labels"].tolist() == [[1, -1], [2, 3]]
    with pytest.raises(ValueError, match="same length"):
        flip({"images": torch.tensor(IMAGES[:2]), "bounding_boxes": {"boxes": [[]], "labels": []}})


def turning():
    return layers.RandomRotation((0.25, 0.25))


def acts(call):
    x = torch.tensor(IMAGES[:, :9, :9])
    return not torch.equal(call(x), x)


def test_layers_act_until_they_are_told_not_to():
    """In Keras's image layers `training` is `True` unless somebody says otherwise."""
    layer = turning()
    assert acts(layer)
    assert not acts(lambda x: layer(x, training=False))
    assert acts(layer)
    assert not acts(layer.eval())
    assert acts(layer.train())


def test_a_model_that_was_never_trained_augments():
    for model in (
        torchkeras.Sequential([turning()]),
        torchkeras.Sequential([torchkeras.Input((9, 9, 3)), turning()]),
    ):
        assert acts(model)
        assert acts(lambda x, model=model: model(x, training=True))
        assert not acts(lambda x, model=model: model(x, training=False))
        assert acts(model)
        assert not acts(lambda x, model=model: torch.as_tensor(model.predict(x, verbose=0)))


def test_fit_augments_and_evaluate_does_not():
    turn = layers.RandomBrightness((1.0, 1.0), value_range=(0, 1))
    model = torchkeras.Sequential(
        [torchkeras.Input((1, 1, 1)), turn, layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    model.compile("sgd", "mse")
    x, y = np.zeros((4, 1, 1, 1), "float32"), np.ones((4, 1))
    before = model.get_weights()[0]
    assert model.evaluate(x, y, verbose=0) == 1.0
    history = model.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_allclose(history.history["loss"][0], (before.item() - 1) ** 2, rtol=1e-5)
    assert model.predict(x, verbose=0).tolist() == [[0.0]] * 4


def test_seeds_give_the_same_numbers_again():
    first, second = (layers.RandomRotation(0.2, seed=5) for _ in range(2))
    x = torch.tensor(IMAGES)
    found = first(x)
    assert torch.equal(found, second(x))
    assert not torch.equal(found, first(x))


def test_copies_keep_the_state_of_their_seeds():
    flip = layers.RandomRotation(0.2, seed=5)
    x = torch.tensor(IMAGES)
    flip(x)
    copies = copy.deepcopy(flip), pickle.loads(pickle.dumps(flip))
    wanted = flip(x)
    assert all(torch.equal(each(x), wanted) for each in copies)


class Pictures(Dataset):
    def __init__(self):
        self.augment = layers.RandomFlip("horizontal", seed=3)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.augment(IMAGES[index], training=True)


@pytest.mark.parametrize("workers", [0, 1])
def test_layers_work_in_a_loader(workers):
    found = next(iter(DataLoader(Pictures(), batch_size=4, num_workers=workers)))
    assert found.shape == IMAGES.shape
    flipped = torch.tensor(IMAGES).flip(-2)
    same = (found == torch.tensor(IMAGES)).flatten(1).all(1)
    assert bool((same | (found == flipped).flatten(1).all(1)).all())


def test_whole_numbers_become_floats():
    """Keras adds to bytes in bytes, which overflows."""
    light = layers.RandomBrightness((0.5, 0.5))
    found = light(torch.full((1, 2, 2, 1), 200, dtype=torch.uint8))
    assert found.dtype == torch.float32
    assert found.unique().tolist() == [255.0]
    assert light(torch.ones(1, 2, 2, 1, dtype=torch.uint8), training=False).dtype == torch.float32


def test_lists_and_arrays_are_images():
    assert layers.Resizing(1, 2)([[[1.0], [2.0]]]).flatten().tolist() == [1.0, 2.0]
    assert layers.Resizing(1, 2)(np.ones((1, 3, 4, 1))).shape == (1, 1, 2, 1)


def test_compiled_in_inference_mode():
    torch._dynamo.reset()
    turn = turning().eval()
    turn(torch.tensor(IMAGES))
    assert not acts(torch.compile(turn, fullgraph=True, backend="eager"))


def pipeline(package):
    flip = package.layers.RandomFlip(seed=3, name="flip")
    return package.layers.Pipeline([flip, package.layers.CenterCrop(3, 4, name="crop")], name="p")


def test_config_of_a_pipeline_is_keras():
    ours, theirs = (pipeline(package).get_config() for package in (torchkeras, keras))
    assert ours == theirs
    copied = layers.Pipeline.from_config(ours)
    x = torch.tensor(IMAGES)
    assert torch.equal(copied(x), pipeline(torchkeras)(x))
    assert torch.equal(copied(x, training=False), layers.CenterCrop(3, 4)(x))


def test_masks_and_labels_of_boxes_are_mixed_with_their_images():
    """Keras takes other masks, and puts the labels of the boxes below each other."""
    mix = layers.MixUp(seed=3, bounding_box_format="xyxy")
    given = data()
    given["segmentation_masks"] = given["images"].clone()
    done = mix(given, training=True)
    assert torch.equal(done["segmentation_masks"], done["images"])
    assert done["bounding_boxes"]["boxes"].shape == (4, 6, 4)
    assert done["bounding_boxes"]["labels"].shape == (4, 6)


def test_shear_is_made_from_its_config():
    """Keras refuses the negative bound that it wrote itself."""
    config = layers.RandomShear(0.3, 0.2).get_config()
    assert layers.RandomShear.from_config(config).get_config() == config
    with pytest.raises(TypeError, match="factor"):
        keras.layers.RandomShear.from_config(keras.layers.RandomShear(0.3, 0.2).get_config())


@pytest.mark.parametrize("kind", ["AutoContrast", "RandomColorJitter"])
def test_channels_may_be_first(kind):
    """Keras looks at other axes, or takes the global format for its parts."""
    args = {"hue_factor": 0.3, "seed": 1} if kind == "RandomColorJitter" else {}
    x = torch.tensor(IMAGES)
    last, first = (getattr(layers, kind)(data_format=f"channels_{f}", **args) for f in FORMATS)
    torch.testing.assert_close(first(x.movedim(-1, 1)).movedim(1, -1), last(x))
