"""`ImageDataGenerator` and its parts give Keras's pixels under the same seed."""

import warnings

import numpy as np
import pytest
from keras.src.legacy.preprocessing import image as oracle

import torchkeras
from torchkeras.preprocessing import image

# Keras imports from an old place of SciPy.
pytestmark = pytest.mark.filterwarnings("ignore:Please import `affine_transform`")
IMAGES = np.random.default_rng(0).random((7, 6, 9, 3), dtype="float32") * 255
LABELS = np.arange(7)
CHANGES = [
    {},
    {"rotation_range": 40},
    {"width_shift_range": 0.3, "height_shift_range": 0.2},
    {"width_shift_range": [1, 2, 3], "height_shift_range": 3},
    {"width_shift_range": 2.5},
    {"shear_range": 20.0, "fill_mode": "reflect"},
    {"zoom_range": 0.3, "fill_mode": "constant", "cval": 7.0},
    {"zoom_range": [0.5, 1.5], "interpolation_order": 0},
    {"channel_shift_range": 30.0},
    {"horizontal_flip": True, "vertical_flip": True},
    {"brightness_range": (0.5, 1.5)},
    {"rescale": 1 / 255},
    {"samplewise_center": True, "samplewise_std_normalization": True},
    {"featurewise_center": True, "featurewise_std_normalization": True},
    {"featurewise_center": True, "zca_whitening": True, "rescale": 1 / 255},
    {"preprocessing_function": lambda x: x + 1},
    {
        "rotation_range": 20, "width_shift_range": 0.2, "height_shift_range": 0.2,
        "shear_range": 0.2, "zoom_range": 0.2, "horizontal_flip": True, "rescale": 1 / 255,
    },
]  # fmt: skip


def name(arguments):
    return "-".join(arguments) or "nothing"


def both(function):
    made = []
    for module in (image, oracle):
        np.random.seed(4)  # noqa: NPY002
        made.append(function(module))
    return made


def assert_equal(ours, theirs):
    assert type(ours) is type(theirs)
    if isinstance(ours, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_equal(a, b)
    else:
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("arguments", CHANGES, ids=name)
def test_flow(arguments):
    def batches(module):
        generator = module.ImageDataGenerator(**arguments)
        generator.fit(IMAGES)
        flow = generator.flow(IMAGES, LABELS, batch_size=3, seed=5)
        return [next(flow) for _ in range(5)]

    assert_equal(*both(batches))


def test_images_with_their_channels_first():
    first = IMAGES.transpose(0, 3, 1, 2)

    def batches(module):
        generator = module.ImageDataGenerator(
            rotation_range=30, horizontal_flip=True, data_format="channels_first"
        )
        return next(generator.flow(first, seed=5))

    assert_equal(*both(batches))


FLOWS = [
    {"shuffle": False},
    {"sample_weight": np.arange(7.0)},
    {"y": None},
    {"x": [IMAGES, LABELS]},
    {"x": [IMAGES, [LABELS, LABELS * 2]]},
    {"subset": "training", "ignore_class_split": True},
    {"subset": "validation", "ignore_class_split": True},
]


@pytest.mark.parametrize("arguments", FLOWS, ids=name)
def test_batches_by_number(arguments):
    def batches(module):
        generator = module.ImageDataGenerator(rotation_range=9, validation_split=0.4)
        flow = generator.flow(**{"x": IMAGES, "y": LABELS, "batch_size": 3, **arguments})
        first = [flow[i] for i in range(len(flow))]
        flow.on_epoch_end()
        return [*first, flow[0]]

    assert_equal(*both(batches))


def test_fit_augments():
    def fitted(module):
        generator = module.ImageDataGenerator(
            featurewise_center=True, featurewise_std_normalization=True, rotation_range=30
        )
        generator.fit(IMAGES, augment=True, rounds=2, seed=3)
        return [generator.mean, generator.std]

    assert_equal(*both(fitted))


PARTS = {
    "apply_affine_transform": {"theta": 20, "tx": 1, "zx": 0.8, "shear": 10},
    "apply_brightness_shift": {"brightness": 0.7},
    "apply_channel_shift": {"intensity": 20.0, "channel_axis": 2},
    "random_brightness": {"brightness_range": [0.5, 1.5]},
    "random_channel_shift": {"intensity_range": 20.0, "channel_axis": 2},
    "random_rotation": {"rg": 30},
    "random_shear": {"intensity": 30},
    "random_shift": {"wrg": 0.3, "hrg": 0.2},
    "random_zoom": {"zoom_range": (0.5, 1.5)},
}


@pytest.mark.parametrize("part", PARTS)
def test_parts(part):
    arguments = dict(PARTS[part])
    if "bright" not in part and "channel" not in part:
        arguments |= {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    assert_equal(*both(lambda module: getattr(module, part)(IMAGES[0], **arguments)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    for i, picture in enumerate(IMAGES):
        place = root / ("cats" if i % 3 else "dogs")
        (place / "more").mkdir(parents=True, exist_ok=True)
        torchkeras.utils.save_img(place / ("more" if i > 4 else "") / f"{i}.png", picture)
    (root / "cats" / "notes.txt").write_text("no image")
    return root


FOLDERS = [
    {},
    {"class_mode": "binary"},
    {"class_mode": "sparse", "color_mode": "grayscale"},
    {"class_mode": "input", "color_mode": "rgba"},
    {"class_mode": None, "shuffle": False},
    {"classes": ["dogs", "cats"], "interpolation": "bilinear"},
    {"subset": "training"},
    {"subset": "validation"},
    {"keep_aspect_ratio": True},
]


@pytest.mark.parametrize("arguments", FOLDERS, ids=name)
def test_flow_from_directory(folder, arguments, capsys):
    def batches(module):
        generator = module.ImageDataGenerator(
            rescale=1 / 255, horizontal_flip=True, validation_split=0.4
        )
        flow = generator.flow_from_directory(
            str(folder), target_size=(5, 6), batch_size=3, seed=2, **arguments
        )
        found = flow.filenames, flow.class_indices, flow.classes.tolist(), flow.samples
        return found, [next(flow) for _ in range(3)]

    (ours, our_batches), (theirs, their_batches) = both(batches)
    assert ours == theirs
    assert_equal(our_batches, their_batches)
    ours_said, theirs_said = capsys.readouterr().out.splitlines()
    assert ours_said == theirs_said


def test_a_model_learns_from_it(folder):
    generator = image.ImageDataGenerator(rotation_range=10, rescale=1 / 255)
    model = torchkeras.Sequential(
        [torchkeras.layers.Flatten(), torchkeras.layers.Dense(7, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    flow = generator.flow(IMAGES, LABELS, batch_size=4)
    assert len(model.fit(flow, epochs=2, steps_per_epoch=1, verbose=0).history["loss"]) == 2
    assert model.predict(generator.flow(IMAGES, shuffle=False), verbose=0).shape == (7, 7)


def test_what_comes_out_is_written(tmp_path):
    flow = image.ImageDataGenerator().flow(IMAGES, save_to_dir=tmp_path, save_prefix="seen")
    next(flow)
    assert len(list(tmp_path.glob("seen_*.png"))) == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"zca_whitening": True}, "`zca_whitening` sets `featurewise_center`"),
        ({"featurewise_std_normalization": True}, "sets `featurewise_center`"),
        ({"samplewise_std_normalization": True}, "sets `samplewise_center`"),
    ],
)
def test_overrides_are_told(arguments, said):
    with pytest.warns(UserWarning, match=said):
        image.ImageDataGenerator(**arguments)


def test_an_unfitted_generator_says_so():
    generator = image.ImageDataGenerator(featurewise_center=True)
    with pytest.warns(UserWarning, match="before `fit"):
        generator.standardize(IMAGES[0].copy())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: image.ImageDataGenerator(zoom_range=(1, 2, 3)), "`zoom_range`"),
        (lambda: image.ImageDataGenerator(brightness_range=2.0), "`brightness_range`"),
        (lambda: image.ImageDataGenerator(validation_split=1.5), "validation_split=1.5"),
        (lambda: image.ImageDataGenerator(data_format="x"), "data_format"),
        (lambda: image.ImageDataGenerator().flow(IMAGES[0]), "four axes"),
        (lambda: image.ImageDataGenerator().flow(IMAGES, LABELS[1:]), "`y`"),
        (
            lambda: image.ImageDataGenerator(validation_split=0.5).flow(
                IMAGES, LABELS, subset="training"
            ),
            "different classes",
        ),
        (lambda: image.ImageDataGenerator().flow(IMAGES, subset="x"), "subset='x'"),
        (lambda: image.random_rotation(IMAGES[0], 20, 0, 0, 2), "row_axis"),
        (lambda: image.ImageDataGenerator().flow(IMAGES)[9], "index=9"),
    ],
)
def test_wrong_calls(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_images_with_odd_channels_are_told():
    with pytest.warns(UserWarning, match="these have 2"):
        image.ImageDataGenerator().flow(IMAGES[..., :2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image.ImageDataGenerator().flow(IMAGES)
