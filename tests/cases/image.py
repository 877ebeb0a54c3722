"""Layers that prepare and augment images."""

from .row import Row, Wrong, floats, ints

TRAINING = {"training": True}
ASLEEP = {"training": False}
SEEDED = {
    "compile": "one row for each kind of draw: tests/unit/layers/test_image_compiled.py",
    "export": "draws anew at each call",
}
IMAGES = floats(2, 5, 6, 3, low=0.0, high=1.0)
FIRST = floats(2, 3, 5, 6, low=0.0, high=1.0)
BYTES = ints(2, 5, 6, 3, below=256, dtype="uint8")
FLAT = floats(2, 3)

ROWS: list[Row] = [
    Row(
        "Resizing",
        lambda k: k.layers.Resizing(3, 4),
        IMAGES,
        wrong=(
            Wrong(lambda k: k.layers.Resizing(0, 4), "height=0"),
            Wrong(lambda k: k.layers.Resizing(2, 4, "cubic"), "interpolation='cubic'"),
            Wrong(lambda k: k.layers.Resizing(2, 4, factor=1), "factor=1"),
            Wrong(lambda k: k.layers.Resizing(2, 4), "3 axes", FLAT),
        ),
    ),
    Row(
        "Resizing-bytes",
        lambda k: k.layers.Resizing(7, 4, "nearest"),
        BYTES,
        skip={"symbolic": "Keras promises floats and returns bytes"},
    ),
    Row("Resizing-cropped", lambda k: k.layers.Resizing(4, 4, crop_to_aspect_ratio=True), IMAGES),
    Row(
        "Resizing-first",
        lambda k: k.layers.Resizing(
            4, 4, "bicubic", pad_to_aspect_ratio=True, antialias=True, data_format="channels_first"
        ),
        FIRST,
    ),
    Row(
        "CenterCrop",
        lambda k: k.layers.CenterCrop(3, 4, bounding_box_format="xyxy"),
        IMAGES,
        wrong=(Wrong(lambda k: k.layers.CenterCrop(3, -1), "width=-1"),),
    ),
    Row("CenterCrop-enlarged", lambda k: k.layers.CenterCrop(8, 4, "channels_first"), FIRST),
    Row(
        "RandomFlip",
        lambda k: k.layers.RandomFlip(seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomFlip("sideways"), "mode='sideways'"),
            Wrong(lambda k: k.layers.RandomFlip(), "3 axes", FLAT),
        ),
        skip=SEEDED,
    ),
    Row("RandomFlip-asleep", lambda k: k.layers.RandomFlip("vertical", seed=3), IMAGES, ASLEEP),
    Row(
        "RandomFlip-first",
        lambda k: k.layers.RandomFlip("horizontal", seed=5, data_format="channels_first"),
        FIRST,
        TRAINING,
        skip=SEEDED,
    ),
    Row(
        "RandomRotation",
        lambda k: k.layers.RandomRotation(0.3, seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomRotation(1.5), "factor=1.5"),
            Wrong(lambda k: k.layers.RandomRotation((0.1,)), "factor=(0.1,)"),
            Wrong(lambda k: k.layers.RandomRotation("far"), "factor='far'"),
            Wrong(
                lambda k: k.layers.RandomRotation(0.1, "edge"),
                "fill_mode='edge'",
                error=NotImplementedError,
            ),
        ),
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row("RandomRotation-asleep", lambda k: k.layers.RandomRotation(0.3, seed=3), IMAGES, ASLEEP),
    Row(
        "RandomRotation-wrapped",
        lambda k: k.layers.RandomRotation((0.1, 0.2), "wrap", "nearest", seed=3),
        IMAGES,
        TRAINING,
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row(
        "RandomRotation-first",
        lambda k: k.layers.RandomRotation(
            0.2, "constant", seed=3, fill_value=0.5, data_format="channels_first"
        ),
        FIRST,
        TRAINING,
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row(
        "RandomZoom",
        lambda k: k.layers.RandomZoom(0.3, seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomZoom(-1.0), "height_factor=-1.0"),
            Wrong(lambda k: k.layers.RandomZoom(0.2, (0.1, 2)), "width_factor=(0.1, 2)"),
            Wrong(
                lambda k: k.layers.RandomZoom(0.1, interpolation="bicubic"),
                "interpolation='bicubic'",
                error=NotImplementedError,
            ),
        ),
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row(
        "RandomZoom-two",
        lambda k: k.layers.RandomZoom((-0.4, 0.5), (0.1, 0.2), "constant", seed=3),
        IMAGES,
        TRAINING,
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row("RandomZoom-asleep", lambda k: k.layers.RandomZoom(0.3, seed=3), IMAGES, ASLEEP),
    Row(
        "RandomTranslation",
        lambda k: k.layers.RandomTranslation(0.3, 0.2, seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomTranslation(0.2, 1.5), "width_factor=1.5"),
            Wrong(lambda k: k.layers.RandomTranslation("x", 0.5), "height_factor='x'"),
        ),
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row(
        "RandomTranslation-edge",
        lambda k: k.layers.RandomTranslation((-0.4, 0.5), (0.1, 0.2), "nearest", seed=3),
        IMAGES,
        TRAINING,
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row(
        "RandomTranslation-asleep",
        lambda k: k.layers.RandomTranslation(0.3, 0.2, seed=3),
        IMAGES,
        ASLEEP,
    ),
    Row(
        "RandomCrop",
        lambda k: k.layers.RandomCrop(3, 4, seed=3),
        IMAGES,
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.RandomCrop(0, 4), "height=0"),),
        skip=SEEDED,
    ),
    Row(
        "RandomCrop-enlarged",
        lambda k: k.layers.RandomCrop(8, 4, seed=3, data_format="channels_first"),
        FIRST,
        TRAINING,
        skip=SEEDED,
    ),
    Row(
        "RandomContrast",
        lambda k: k.layers.RandomContrast(0.6, value_range=(0, 1), seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomContrast(-0.5), "factor=-0.5"),
            Wrong(lambda k: k.layers.RandomContrast(0.5, value_range=(1,)), "value_range=(1,)"),
        ),
        skip=SEEDED,
    ),
    Row("RandomContrast-asleep", lambda k: k.layers.RandomContrast(0.6, seed=3), IMAGES, ASLEEP),
    Row(
        "RandomBrightness",
        lambda k: k.layers.RandomBrightness((-0.3, 0.6), value_range=(0, 1), seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomBrightness(1.5), "factor=1.5"),
            Wrong(lambda k: k.layers.RandomBrightness(0.5, value_range=3), "value_range=3"),
        ),
        skip={**SEEDED, "gradients": "Keras adds to the inputs themselves, which torch refuses"},
    ),
    Row(
        "RandomBrightness-asleep", lambda k: k.layers.RandomBrightness(0.6, seed=3), IMAGES, ASLEEP
    ),
]


def colors(name, make, first, *wrong, skip=SEEDED, **more):
    """Rows of a layer that changes colors: awake, asleep, channels first."""
    always = {name: reason for name, reason in skip.items() if name == "model_file"}
    return [
        Row(name, make, IMAGES, TRAINING, wrong=wrong, skip=skip, tolerance=1e-4, **more),
        Row(f"{name}-asleep", make, IMAGES, ASLEEP, skip=always),
        Row(f"{name}-first", first, FIRST, TRAINING, skip=skip, tolerance=1e-4, **more),
    ]


UNIT = {"value_range": (0, 1)}
SEED = {"seed": 3}
HERE = {**UNIT, **SEED}
THERE = {**HERE, "data_format": "channels_first"}
# In these, Keras's and our gradients are those of different sides of the same corner.
CORNERS = {**SEEDED, "gradients": "there are corners where a gradient may be either of two"}
ROWS += [
    *colors(
        "RandomHue",
        lambda k: k.layers.RandomHue(0.4, **HERE),
        lambda k: k.layers.RandomHue((0.2, 0.3), **THERE),
        Wrong(lambda k: k.layers.RandomHue(-0.4), "factor=-0.4"),
        Wrong(lambda k: k.layers.RandomHue(0.4), "3 channels", floats(1, 2, 2, 1)),
        skip=CORNERS,
    ),
    *colors(
        "RandomSaturation",
        lambda k: k.layers.RandomSaturation((0.2, 0.8), **HERE),
        lambda k: k.layers.RandomSaturation(0.3, **THERE),
        Wrong(lambda k: k.layers.RandomSaturation(1.4), "factor=1.4"),
        skip=CORNERS,
    ),
    *colors(
        "RandomGrayscale",
        lambda k: k.layers.RandomGrayscale(0.5, seed=3),
        lambda k: k.layers.RandomGrayscale(1.0, data_format="channels_first", seed=3),
        Wrong(lambda k: k.layers.RandomGrayscale(1.4), "factor=1.4"),
        skip={**SEEDED, "config": "its config has no seed, as in Keras, so a copy draws otherwise"},
    ),
    *colors(
        "RandomInvert",
        lambda k: k.layers.RandomInvert(0.9, **HERE),
        lambda k: k.layers.RandomInvert((0.3, 0.9), **THERE),
        Wrong(lambda k: k.layers.RandomInvert("x"), "factor='x'"),
    ),
    *colors(
        "RandomPosterization",
        lambda k: k.layers.RandomPosterization(5, **HERE),
        lambda k: k.layers.RandomPosterization((3, 3), **THERE),
        Wrong(lambda k: k.layers.RandomPosterization(9), "factor=9"),
        skip={**SEEDED, "mixed_precision": "bits fall off at other numbers"},
    ),
    *colors(
        "Solarization",
        lambda k: k.layers.Solarization(0.3, (0.2, 0.6), **HERE),
        lambda k: k.layers.Solarization((0.1, 0.3), 0.6, **THERE),
        Wrong(lambda k: k.layers.Solarization(-0.1), "addition_factor=-0.1"),
        skip={**SEEDED, "mixed_precision": "the threshold lies between other numbers"},
    ),
    *colors(
        "RandomSharpness",
        lambda k: k.layers.RandomSharpness((0.0, 1.0), **HERE),
        lambda k: k.layers.RandomSharpness(0.7, **THERE),
        Wrong(lambda k: k.layers.RandomSharpness((0.1, 0.2, 0.3)), "factor=(0.1, 0.2, 0.3)"),
        skip=CORNERS,
    ),
    *colors(
        "RandomGaussianBlur",
        lambda k: k.layers.RandomGaussianBlur(1.0, 3, 0.8, **HERE),
        lambda k: k.layers.RandomGaussianBlur((0.5, 1.0), 3, (0.3, 0.8), **THERE),
        Wrong(lambda k: k.layers.RandomGaussianBlur(1.0, 2), "kernel_size=2"),
        Wrong(lambda k: k.layers.RandomGaussianBlur(1.0, 3, -1), "sigma=-1"),
        skip={**CORNERS, "mixed_precision": "Keras's blur needs float32"},
    ),
    *colors(
        "RandomColorDegeneration",
        lambda k: k.layers.RandomColorDegeneration(0.8, **HERE),
        lambda k: k.layers.RandomColorDegeneration((0.2, 0.8), **THERE),
        Wrong(lambda k: k.layers.RandomColorDegeneration(1.2), "factor=1.2"),
        skip=CORNERS,
    ),
    Row(
        "AutoContrast",
        lambda k: k.layers.AutoContrast(**UNIT),
        IMAGES,
        wrong=(Wrong(lambda k: k.layers.AutoContrast(3), "value_range=3"),),
        skip=CORNERS,
        tolerance=1e-4,
    ),
    *colors(
        "Equalization",
        lambda k: k.layers.Equalization(**UNIT),
        lambda k: k.layers.Equalization((0, 1), bins=64, data_format="channels_first"),
        Wrong(lambda k: k.layers.Equalization(bins=0), "bins=0"),
        skip={
            "mixed_precision": "bins are others",
            "gradients": "it is a table",
            "model_file": "Keras cannot call it on symbols",
        },
    ),
]

ROWS += [
    Row(
        "RandomShear",
        lambda k: k.layers.RandomShear((0.1, 0.3), (0.1, 0.4), seed=3),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomShear(1.5), "x_factor=1.5"),
            Wrong(lambda k: k.layers.RandomShear(0.5, (-0.1, 0.2)), "y_factor=(-0.1, 0.2)"),
        ),
        skip=SEEDED,
        tolerance=1e-4,
    ),
    Row("RandomShear-asleep", lambda k: k.layers.RandomShear((0, 0.2), (0, 0)), IMAGES, ASLEEP),
    Row(
        "MixUp",
        lambda k: k.layers.MixUp(seed=3),
        IMAGES,
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.MixUp(0), "alpha=0"),),
        skip={**SEEDED, "mixed_precision": "beta distributions of other dtypes differ"},
    ),
    Row(
        "CutMix",
        lambda k: k.layers.CutMix(seed=3, data_format="channels_first"),
        FIRST,
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.CutMix(-1), "factor=-1"),),
        skip={**SEEDED, "mixed_precision": "beta distributions of other dtypes differ"},
    ),
    Row(
        "RandomErasing",
        lambda k: k.layers.RandomErasing(**HERE),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomErasing(2), "factor=2"),
            Wrong(lambda k: k.layers.RandomErasing(scale=-1), "scale=-1"),
            Wrong(lambda k: k.layers.RandomErasing(fill_value="x"), "fill_value='x'"),
        ),
        skip={**SEEDED, "mixed_precision": "windows of other numbers differ"},
    ),
    Row(
        "RandomErasing-filled",
        lambda k: k.layers.RandomErasing((0.5, 1.0), 0.4, (0.1, 0.2, 0.3), **HERE),
        IMAGES,
        TRAINING,
        skip={**SEEDED, "mixed_precision": "windows of other numbers differ"},
    ),
    Row(
        "RandomColorJitter",
        lambda k: k.layers.RandomColorJitter((0, 1), 0.3, 0.4, 0.6, 0.2, seed=3),
        IMAGES,
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.RandomColorJitter(brightness_factor=2), "factor=2"),),
        skip={**CORNERS, "mixed_precision": "Keras's parts have dtypes of their own"},
        tolerance=1e-4,
    ),
    Row(
        "MaxNumBoundingBoxes",
        lambda k: k.layers.MaxNumBoundingBoxes(5, bounding_box_format="xyxy"),
        IMAGES,
        wrong=(Wrong(lambda k: k.layers.MaxNumBoundingBoxes(0), "max_number=0"),),
    ),
    Row(
        "Pipeline",
        lambda k: k.layers.Pipeline(
            [
                k.layers.RandomFlip(seed=3, name="flip"),
                k.layers.CenterCrop(3, 4, name="crop"),
                k.layers.Rescaling(2.0, name="scale"),
            ]
        ),
        IMAGES,
        TRAINING,
        wrong=(Wrong(lambda k: k.layers.Pipeline(3), "layers=3"),),
        skip={
            **SEEDED,
            "config": "it holds layers; tests/unit/layers/test_image_layers.py",
            "symbolic": "Keras's has no output shape",
        },
    ),
]

DRAWN_ELSEWHERE = {
    **SEEDED,
    "numbers": "Keras's draws obey no seed: tests/unit/layers/test_image_policies.py",
    "gradients": "as the numbers",
    "mixed_precision": "as the numbers",
}
AT_ONCE = {
    **SEEDED,
    "numbers": "Keras lights all images: tests/unit/layers/test_image_policies.py",
    "gradients": "as the numbers",
    "mixed_precision": "as the numbers",
}
ROWS += [
    Row(
        "RandAugment",
        lambda k: k.layers.RandAugment(**HERE),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandAugment(factor=-1), "factor=-1"),
            Wrong(lambda k: k.layers.RandAugment(num_ops=-1), "num_ops=-1"),
            Wrong(
                lambda k: k.layers.RandAugment(interpolation="area"),
                "interpolation='area'",
                error=NotImplementedError,
            ),
        ),
        skip=AT_ONCE,
        tolerance=1e-4,
    ),
    Row("RandAugment-asleep", lambda k: k.layers.RandAugment(), IMAGES, ASLEEP),
    Row(
        "RandAugment-first",
        lambda k: k.layers.RandAugment((0, 1), 4, (0.2, 0.4), "nearest", 8, "channels_first"),
        FIRST,
        TRAINING,
        skip=AT_ONCE,
        tolerance=1e-4,
    ),
    Row(
        "AugMix",
        lambda k: k.layers.AugMix(**HERE),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.AugMix(num_chains=-1), "num_chains"),
            Wrong(lambda k: k.layers.AugMix(alpha=0), "alpha=0"),
        ),
        skip=DRAWN_ELSEWHERE,
    ),
    Row("AugMix-asleep", lambda k: k.layers.AugMix(all_ops=False), IMAGES, ASLEEP),
    Row(
        "RandomPerspective",
        lambda k: k.layers.RandomPerspective(0.9, 0.6, **SEED),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomPerspective(1.5), "factor=1.5"),
            Wrong(lambda k: k.layers.RandomPerspective(scale=2), "scale=2"),
            Wrong(
                lambda k: k.layers.RandomPerspective(interpolation="x"),
                "interpolation='x'",
                error=NotImplementedError,
            ),
        ),
        skip={**SEEDED, "mixed_precision": "Keras solves equations, which needs float32"},
        tolerance=1e-3,
    ),
    Row(
        "RandomPerspective-first",
        lambda k: k.layers.RandomPerspective(
            (1, 1), 0.4, "nearest", 0.5, data_format="channels_first", **SEED
        ),
        FIRST,
        TRAINING,
        skip={**SEEDED, "mixed_precision": "Keras solves equations, which needs float32"},
    ),
    Row("RandomPerspective-asleep", lambda k: k.layers.RandomPerspective(), IMAGES, ASLEEP),
    Row(
        "RandomElasticTransform",
        lambda k: k.layers.RandomElasticTransform(**HERE),
        IMAGES,
        TRAINING,
        wrong=(
            Wrong(lambda k: k.layers.RandomElasticTransform(scale=1.5), "scale=1.5"),
            Wrong(
                lambda k: k.layers.RandomElasticTransform(fill_mode="x"),
                "fill_mode='x'",
                error=NotImplementedError,
            ),
        ),
        skip=DRAWN_ELSEWHERE,
    ),
    Row(
        "RandomElasticTransform-none",
        lambda k: k.layers.RandomElasticTransform(0.0, data_format="channels_first"),
        FIRST,
        TRAINING,
    ),
    Row(
        "ContrastLimitedAdaptiveHistogramEqualization",
        lambda k: k.layers.ContrastLimitedAdaptiveHistogramEqualization((0, 1), 2.0, (2, 2)),
        IMAGES,
        wrong=(
            Wrong(
                lambda k: k.layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=3),
                "tile_grid_size=3",
            ),
        ),
        skip={"mixed_precision": "levels of other numbers", "gradients": "it is a table"},
        tolerance=1e-4,
    ),
    Row(
        "ContrastLimitedAdaptiveHistogramEqualization-first",
        lambda k: k.layers.ContrastLimitedAdaptiveHistogramEqualization(
            (0, 1), 0, (3, 2), "channels_first"
        ),
        FIRST,
        skip={"mixed_precision": "levels of other numbers", "gradients": "it is a table"},
        tolerance=1e-4,
    ),
    Row(
        "ContrastLimitedAdaptiveHistogramEqualization-bytes",
        lambda k: k.layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 3)),
        BYTES,
        skip={"symbolic": "Keras promises floats and returns bytes"},
    ),
]
