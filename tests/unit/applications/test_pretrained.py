"""Published weights: the files are Keras's, they are read, and what is wrong is said."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests.oracle import numpy
from torchkeras import applications, layers
from torchkeras.applications import MobileNet, imagenet_utils
from torchkeras.applications._weights import WeightsFile

from . import pretending
from .test_names import NETWORKS
from .twin_networks import shuffled, written

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *[(name, {}) for name in NETWORKS],
    *[("MobileNet", {"alpha": alpha}) for alpha in (0.25, 0.5, 0.75)],
    ("MobileNet", {"input_shape": (160, 160, 3)}),
    *[("MobileNetV2", {"alpha": alpha}) for alpha in (0.35, 0.5, 0.75, 1.3, 1.4)],
    ("MobileNetV2", {"input_shape": (96, 96, 3)}),
    *[
        (f"MobileNetV3{size}", options)
        for size in ("Small", "Large")
        for options in ({"alpha": 0.75}, {"minimalistic": True})
    ],
]


def told(case: Any) -> str:
    return str(case) if isinstance(case, str) else "-".join(f"{k}_{v}" for k, v in case.items())


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=told)
@pytest.mark.filterwarnings("ignore:.*eights:UserWarning")  # of sizes without weights
def test_layers_and_files_are_keras(name: str, options: dict[str, Any]) -> None:
    for top in (True, False):
        layers, files = pretending.ours(name, include_top=top, **options)
        their_layers, their_files = pretending.theirs(name, include_top=top, **options)
        assert files == their_files
        assert len(files) == 1
        if not name.startswith("NASNet"):  # Keras looks at sizes there, which are no real ones
            assert sorted(layers) == sorted(their_layers)


@pytest.mark.parametrize("name", ["EfficientNetB0", "EfficientNetV2S", "ConvNeXtTiny"])
def test_files_do_not_hang_on_the_name(name: str) -> None:
    assert pretending.ours(name, name="mine")[1] == pretending.ours(name)[1]


def test_published_weights_are_read(models: Path, rng: np.random.Generator) -> None:
    arguments = {"input_shape": (128, 128, 3), "alpha": 0.25, "include_top": False}
    theirs = keras.applications.MobileNet(weights=None, pooling="avg", **arguments)
    shuffled(theirs, rng)
    written(theirs, models / "mobilenet_2_5_128_tf_no_top.h5")
    ours = MobileNet(pooling="avg", **arguments)
    x = images(rng)
    with torch.no_grad():
        np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), rtol=1e-4, atol=1e-5)


def images(rng: np.random.Generator) -> Any:
    pixels = rng.uniform(0, 255, (1, 128, 128, 3)).astype(np.float32)
    return applications.mobilenet.preprocess_input(pixels)


def test_without_network_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        applications.ResNet50()
    text = str(caught.value)
    assert "resnet50_weights_tf_dim_ordering_tf_kernels.h5" in text
    for way in ("no network in this test", "models", "KERAS_HOME", "2cb95161c43110f7111970584f80",
                "https://storage.googleapis.com", "weights=None"):  # fmt: skip
        assert way in text


def test_a_file_is_downloaded_once_and_its_hash_compared(models: Path, tmp_path: Path) -> None:
    import hashlib

    origin = tmp_path / "there.h5"
    origin.write_bytes(b"weights")
    digest = hashlib.md5(b"weights").hexdigest()
    file = WeightsFile("here.h5", origin.as_uri(), digest)
    assert Path(file.fetched()) == models / "here.h5"
    origin.unlink()
    assert Path(file.fetched()).read_bytes() == b"weights"
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        WeightsFile("here.h5", origin.as_uri(), "0" * 32).fetched()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "weights": ({"weights": "imagnet"}, "`weights` must be None .*'imagnet'"),
    "classes": ({"classes": 10}, "`classes` must be 1000.*classes=10.*include_top=False"),
    "activation": ({"classifier_activation": "relu"}, "'softmax' or None"),
    "pooling": ({"weights": None, "pooling": "mean"}, "`pooling` must be one of None, 'avg'"),
    "size": ({"input_shape": (200, 200, 3)}, "must be .224, 224, 3."),
    "channels": ({"include_top": False, "input_shape": (64, 64, 1)}, "must have 3 channels"),
    "small": ({"weights": None, "input_shape": (16, 64, 3)}, "at least 32 x 32"),
    "rank": ({"weights": None, "input_shape": (1, 64, 64, 3)}, "without the batch"),
    "open": ({"weights": None, "input_shape": (None, None, 3)}, "known in full"),
    "symbol": ({"weights": None, "input_tensor": torch.ones(1, 32, 32, 3)}, "must be a symbol"),
    "no classes": ({"weights": None, "classes": 0}, "`classes` must be a positive integer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named(case: str) -> None:
    arguments, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        applications.ResNet50(**arguments)


MOBILE = {
    "multiplier": ("MobileNet", {"depth_multiplier": 2}, "`depth_multiplier` must be 1"),
    "v1": ("MobileNet", {"alpha": 0.3}, "`alpha` must be one of"),
    "v2": ("MobileNetV2", {"alpha": 0.3}, "`alpha` must be one of"),
    "v3": ("MobileNetV3Small", {"alpha": 0.5, "input_shape": (224, 224, 3)}, "`alpha` must be"),
    "v3 size": ("MobileNetV3Small", {"weights": None, "input_shape": (31, 40, 3)}, "at least 32"),
    "nasnet": ("NASNetLarge", {"input_shape": (None, None, 3)}, "known in full"),
    "two sizes": (
        "MobileNetV2",
        {"weights": None, "input_tensor": layers.Input((40, 40, 3)), "input_shape": (64, 64, 3)},
        "must have one size",
    ),
}


@pytest.mark.parametrize("case", MOBILE)
def test_wrong_arguments_of_one_family_are_named(case: str) -> None:
    name, arguments, message = MOBILE[case]
    with pytest.raises(ValueError, match=message):
        getattr(applications, name)(**arguments)


@pytest.mark.parametrize("name", ["DenseNet121", "ConvNeXtTiny", "NASNetLarge"])
def test_some_take_channels_last_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torchkeras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels last only"):
            getattr(applications, name)(weights=None)
    finally:
        torchkeras.config.set_image_data_format("channels_last")


def test_unusual_channels_and_sizes_are_warned_about() -> None:
    with pytest.warns(UserWarning, match=re.escape("(32, 32, 4)` has 4")):
        MobileNet((32, 32, 4), 0.25, weights=None, include_top=False)
    with (
        pytest.warns(UserWarning, match="those for 224 x 224 are taken"),
        pytest.raises(FileNotFoundError, match="mobilenet_2_5_224_tf_no_top"),
    ):
        MobileNet((100, 100, 3), 0.25, include_top=False)


# Predictions


@pytest.fixture
def class_index(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of names like the published one, where both packages find it."""
    import json

    names = {str(i): [f"n{i:08d}", f"thing_{i}"] for i in range(1000)}
    path = models / "imagenet_class_index.json"
    path.write_text(json.dumps(names))
    file = WeightsFile(path.name, "https://nowhere.invalid/x.json")
    monkeypatch.setattr(imagenet_utils, "_CLASS_INDEX", file)
    monkeypatch.setattr(keras.src.applications.imagenet_utils, "CLASS_INDEX", names)
    return path


@pytest.mark.usefixtures("class_index")
def test_predictions_are_decoded(rng: np.random.Generator) -> None:
    preds = rng.uniform(size=(2, 1000)).astype(np.float32)
    theirs = keras.applications.imagenet_utils.decode_predictions(preds, top=3)
    assert applications.resnet50.decode_predictions(preds, top=3) == theirs
    assert applications.vgg16.decode_predictions(torch.tensor(preds), top=3) == theirs
    best = imagenet_utils.decode_predictions(preds)[0]
    assert len(best) == 5
    assert best[0][1] == f"thing_{preds[0].argmax()}"


@pytest.mark.parametrize("shape", [(1000,), (2, 999), (1, 2, 1000)])
def test_predictions_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"`preds` must have the shape \(images, 1000\)"):
        imagenet_utils.decode_predictions(np.zeros(shape))


def test_names_that_cannot_be_had(models: Path) -> None:
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))
