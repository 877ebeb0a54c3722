"""Images as files, Pillow images and arrays: what Keras returns."""

import io

import keras
import numpy as np
import pytest
import torch
from PIL import Image

from torchkeras import config, utils

MODULES = (utils, keras.utils)
pytestmark = pytest.mark.filterwarnings("ignore:'mode' parameter:DeprecationWarning")


def picture(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype("float32")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", [None, "channels_first"])
def test_array_to_img(channels, scale, data_format):
    x = picture(5, 7, channels)
    x = x.transpose(2, 0, 1) if data_format else x
    ours, theirs = (m.array_to_img(x, data_format, scale) for m in MODULES)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    for dtype in (None, "uint8"):
        mine, oracle = (m.img_to_array(ours, data_format, dtype) for m in MODULES)
        assert mine.dtype == oracle.dtype
        np.testing.assert_array_equal(mine, oracle)


def test_gray_of_many_values_and_constant_images():
    for x in (picture(4, 4, 1) * 100, np.full((4, 4, 3), 7.0)):
        for scale in (True, False):
            ours, theirs = (m.array_to_img(x, scale=scale) for m in MODULES)
            assert ours.mode == theirs.mode
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_tensors_are_images():
    x = torch.rand(4, 5, 3)
    found = np.asarray(utils.array_to_img(x))
    np.testing.assert_array_equal(found, np.asarray(utils.array_to_img(x.numpy())))
    assert x.max() <= 1.0  # it is left alone


def test_gray_gets_an_axis():
    gray = utils.array_to_img(picture(4, 6, 1))
    assert utils.img_to_array(gray).shape == (4, 6, 1)
    assert utils.img_to_array(gray, "channels_first").shape == (1, 4, 6)


def test_bfloat16_settings_do_not_stop_images():
    before = config.floatx()
    config.set_floatx("bfloat16")
    try:
        assert utils.img_to_array(utils.array_to_img(picture(2, 2, 3))).dtype == np.float32
    finally:
        config.set_floatx(before)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "hamming", "lanczos"])
@pytest.mark.parametrize("keep", [True, False])
def test_load_img(interpolation, keep, tmp_path):
    path = tmp_path / "x.png"
    utils.save_img(path, picture(8, 13, 3))
    for mode in ("rgb", "rgba", "grayscale"):
        for size in (None, (4, 4), (9, 3), (8, 13)):
            ours, theirs = (m.load_img(path, mode, size, interpolation, keep) for m in MODULES)
            assert ours.mode == theirs.mode
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_bytes_strings_and_memory(tmp_path):
    path = tmp_path / "x.png"
    utils.save_img(str(path), picture(3, 4, 3))
    memory = io.BytesIO(path.read_bytes())
    sizes = {utils.load_img(x).size for x in (path, str(path), str(path).encode(), memory)}
    assert sizes == {(4, 3)}


def test_gray_of_16_bits_is_kept(tmp_path):
    path = tmp_path / "x.png"
    Image.fromarray(np.arange(16, dtype="uint16").reshape(4, 4) * 4000).save(path)
    ours, theirs = (m.load_img(path, color_mode="grayscale") for m in MODULES)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.JPG", "x.jpeg"])
def test_save_img(name, tmp_path):
    path = tmp_path / name
    utils.save_img(path, picture(3, 4, 3))
    with Image.open(path) as image:
        assert image.format == {"png": "PNG", "bmp": "BMP"}.get(name[2:], "JPEG")


def test_transparency_is_dropped_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        utils.save_img(tmp_path / "x.jpg", picture(3, 4, 4))
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.mode == "RGB"


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"`x` must be one image .* shape \(3, 4\)"):
        utils.array_to_img(picture(3, 4))
    with pytest.raises(ValueError, match="1, 3 or 4 channels"):
        utils.array_to_img(picture(3, 4, 2))
    with pytest.raises(ValueError, match="`img` must have two or three axes"):
        utils.img_to_array(np.zeros(3))
    with pytest.raises(TypeError, match="`path` must be a path"):
        utils.load_img(3)
    path = tmp_path / "x.png"
    utils.save_img(path, picture(3, 4, 3))
    with pytest.raises(ValueError, match=r"`color_mode` must be one of.*Did you mean 'rgb'"):
        utils.load_img(path, "rgbb")
    with pytest.raises(ValueError, match="`interpolation` must be one of"):
        utils.load_img(path, target_size=(2, 2), interpolation="area")
