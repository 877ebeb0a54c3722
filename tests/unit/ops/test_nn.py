"""What ops of networks, images and control refuse, and where they differ from Keras on purpose."""

import re

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import ops

IMAGE = np.random.default_rng(1).random((2, 9, 7, 3)).astype("float32")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.conv(np.ones((2, 3)), np.ones((1, 1, 1))), "`inputs` must have 3, 4 or 5"),
        (lambda: ops.conv(IMAGE, np.ones((2, 2, 2, 4))), "3 channels in inputs, 2 in kernel"),
        (lambda: ops.conv(IMAGE, np.ones((2, 3, 4))), "`kernel` must have as many axes"),
        (lambda: ops.conv(IMAGE, np.ones((2, 2, 3, 4)), padding="some"), "padding='some'"),
        (lambda: ops.conv(IMAGE, np.ones((2, 2, 3, 4)), 0), "strides=0"),
        (lambda: ops.depthwise_conv(IMAGE, np.ones((2, 2, 4, 1))), "3 channels in inputs"),
        (lambda: ops.conv_transpose(IMAGE, np.ones((2, 2, 3, 4))), "4 in the kernel"),
        (lambda: ops.max_pool(IMAGE, (1, 2, 3)), "pool_size=(1, 2, 3)"),
        (lambda: ops.depth_to_space(IMAGE, 2), "multiple of `block_size` squared"),
        (lambda: ops.space_to_depth(IMAGE, 2), "multiples of `block_size`"),
        (lambda: ops.space_to_depth(IMAGE, 1), "block_size=1"),
        (lambda: ops.unfold(IMAGE[0], 2), "must have 4 axes"),
        (lambda: ops.one_hot([1], 2, sparse=True), "sparse=True"),
        (lambda: ops.multi_hot([1]), "num_classes=None"),
        (lambda: ops.normalize([1.0], order=0), "order=0"),
        (lambda: ops.psnr([1.0], [1.0, 2.0], 1), "the same shape"),
        (lambda: ops.binary_crossentropy([1.0], [1.0, 2.0]), "`target` and `output`"),
        (lambda: ops.categorical_crossentropy(1.0, 1.0), "an axis of classes"),
        (lambda: ops.sparse_categorical_crossentropy([1, 2], [[1.0]]), "(axis=-1)"),
        (lambda: ops.dot_product_attention(IMAGE, IMAGE, IMAGE, 1, True), "Received both"),
        (lambda: ops.dot_product_attention(IMAGE[0], IMAGE, IMAGE), "must have 4 axes"),
        (lambda: ops.ctc_decode(IMAGE[0], [2], "best"), "strategy='best'"),
        (lambda: ops.ctc_decode(IMAGE[0], [2], "beam_search", 2, 3), "beam_width=2"),
        (lambda: ops.view_as_complex([1.0]), "must have the size 2"),
        (lambda: ops.fft([1.0, 2.0, 3.0]), "a tuple of two tensors"),
        (lambda: ops.stft(np.ones(9, "float32"), 4, 0, 4), "sequence_stride=0"),
        (lambda: ops.stft(np.ones(9, "float32"), 4, 1, 3), "fft_length=3"),
        (lambda: ops.stft(np.ones(9, "float32"), 4, 1, 4, "han"), "Did you mean 'hann'?"),
        (lambda: ops.cholesky([[-1.0]]), "positive definite"),
        (lambda: ops.det(np.ones((2, 3))), "square matrices"),
        (lambda: ops.solve([[1.0]], [1.0, 2.0]), "as many rows as `a`"),
        (lambda: ops.qr(np.eye(2), "raw"), "mode='raw'"),
        (lambda: ops.cdist([[1.0]], [[1.0, 2.0]]), "points of one size"),
        (lambda: ops.segment_sum([1, 2], [0]), "one number for each row"),
        (lambda: ops.rearrange(IMAGE, "a b -> b a"), "must name 4 axes"),
        (lambda: ops.rearrange(IMAGE, "a b c d -> a b c"), "the same axes on both sides"),
        (lambda: ops.rearrange(IMAGE, "a (b x) c d -> a b x c d"), "split into (b x)"),
        (lambda: ops.rearrange(IMAGE, "a b c d"), "one `->`"),
        (lambda: ops.rearrange(IMAGE, "a ... -> ... a"), "not '.'"),
        (lambda: ops.scan(lambda c, x: (c, x), 0), "`length` must be given"),
        (lambda: ops.associative_scan(ops.add, (np.ones(1), np.ones(2))), "one size along axis 0"),
        (lambda: ops.switch(0, []), "at least one function"),
        (lambda: ops.image.resize(IMAGE, (2, 3), "cubic"), "Did you mean 'bicubic'?"),
        (lambda: ops.image.resize(IMAGE, (2, 0)), "size=(2, 0)"),
        (lambda: ops.image.resize(IMAGE[0, 0], (2, 2)), "3 axes (one image) or 4"),
        (lambda: ops.image.rgb_to_hsv(IMAGE[..., :2]), "floats with 3 channels"),
        (lambda: ops.image.pad_images(IMAGE, 1, 1), "Exactly two of `top_padding`"),
        (lambda: ops.image.crop_images(IMAGE, 9, 0, 9, 0), "9 before and 9 after"),
        (
            lambda: ops.image.pad_images(torchkeras.KerasTensor((None, 9, 3)), -1, 0, 1, 1),
            "Received: top_padding=-1",
        ),
        (
            lambda: ops.image.crop_images(torchkeras.KerasTensor((9, 9, 3)), 2, 0, target_height=8),
            "that is 2 before and -1 after",
        ),
        (lambda: ops.image.affine_transform(IMAGE, [1.0]), "the shape (8,) or (batch, 8)"),
        (lambda: ops.image.map_coordinates(IMAGE, [[0.5]], 1), "for each axis of `inputs`"),
        (lambda: ops.image.ssim(IMAGE, IMAGE[:1]), "the same shape"),
        (lambda: ops.image.extract_patches(IMAGE[0, 0], 2), "3 or 4 axes is needed"),
    ],
)
def test_wrong_arguments_are_named(call, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        call()


@pytest.mark.parametrize("function", [ops.scan, ops.while_loop, ops.cond])
def test_what_must_be_a_function_is_named(function):
    with pytest.raises(TypeError, match=r"must be a function\. Received: .*=1"):
        function(1, 1, [1])


@pytest.mark.parametrize(
    ("function", "size"),
    [("extract_patches", "5"), ("extract_patches_3d", (4, 4))],
)
def test_sizes_of_patches_are_numbers(function, size):
    for package in (ops, keras.ops):
        with pytest.raises(TypeError, match="size="):
            getattr(package.image, function)(np.ones((1, 8, 8, 8, 1)), size)


def test_order_above_one_is_refused():
    with pytest.raises(NotImplementedError, match="order=2"):
        ops.image.map_coordinates([1.0], [[0.5]], 2)


def test_moments_of_all_devices_are_refused():
    with pytest.raises(NotImplementedError, match="SyncBatchNorm"):
        ops.moments(IMAGE, 0, synchronized=True)


def test_cond_runs_one_branch():
    ran = []
    assert ops.cond(torch.tensor(True), lambda: ran.append(1) or 5, lambda: ran.append(2)) == 5
    assert ran == [1]


def test_cond_of_a_symbol_chooses_when_the_model_runs():
    x = torchkeras.Input((3,))
    y = ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1)
    model = torchkeras.Model(x, y)
    assert y.shape == (None, 3)
    assert model(torch.ones(1, 3)).tolist() == [[2.0] * 3]
    assert model(-torch.ones(1, 3)).tolist() == [[-2.0] * 3]


def test_switch_of_a_symbol_chooses_when_the_model_runs():
    index = torchkeras.Input(batch_shape=(1,), dtype="int32")
    x = torchkeras.Input(batch_shape=(2,))
    model = torchkeras.Model([index, x], ops.switch(index[0], [ops.negative, ops.square], x))
    assert model([torch.tensor([1]), torch.tensor([2.0, 3.0])]).tolist() == [4.0, 9.0]
    assert model([torch.tensor([0]), torch.tensor([2.0, 3.0])]).tolist() == [-2.0, -3.0]


def test_elastic_transform_obeys_its_seed():
    first, again, other = (ops.image.elastic_transform(IMAGE, seed=n) for n in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == IMAGE.shape
    generator = torchkeras.random.SeedGenerator(1)
    drawn = [ops.image.elastic_transform(IMAGE, seed=generator) for _ in range(2)]
    assert not torch.equal(*drawn)


@pytest.mark.parametrize("shape", [(9, 7, 3), (1, 9, 7, 3), (2, 9, 7, 1)])
def test_elastic_transform_of_no_strength_changes_nothing(shape):
    image = IMAGE.reshape(-1)[: np.prod(shape)].reshape(shape)
    found = ops.image.elastic_transform(image, alpha=0.0, seed=1)
    torch.testing.assert_close(found, torch.tensor(image))
    assert ops.image.elastic_transform((image * 255).astype("uint8")).dtype == torch.uint8


def test_images_of_ops_are_found_again_in_configs():
    x = torchkeras.Input((8, 8, 3))
    model = torchkeras.Model(x, ops.image.resize(x, (4, 4)))
    again = torchkeras.Model.from_config(model.get_config())
    value = torch.rand(1, 8, 8, 3)
    assert torch.equal(again(value), model(value))


# Differences


def test_numbers_beyond_the_classes_are_zeros():
    assert ops.one_hot([3], 3).tolist() == [[0.0] * 3]
    with pytest.raises(RuntimeError):
        keras.ops.one_hot(torch.tensor([3]), 3)


def test_norms_along_any_axis():
    found = ops.layer_normalization(IMAGE, axis=1)
    torch.testing.assert_close(found.mean(1), torch.zeros(2, 7, 3), atol=1e-5, rtol=0)
    with pytest.raises(RuntimeError):
        keras.ops.layer_normalization(torch.tensor(IMAGE), axis=1)


def test_blur_obeys_the_image_data_format():
    found = ops.image.gaussian_blur(IMAGE)
    wanted = keras.ops.image.gaussian_blur(torch.tensor(IMAGE), data_format="channels_last")
    torch.testing.assert_close(found, wanted)
    assert ops.image.gaussian_blur(IMAGE, (4, 3)).shape == IMAGE.shape


def test_perspective_of_an_affine_transform_counts_and_the_transform_stays():
    grid = torch.arange(4.0).reshape(1, 4, 1).expand(4, 4, 1)
    transform = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0])
    kept = transform.clone()
    found = ops.image.affine_transform(grid, transform)[0, :, 0]
    torch.testing.assert_close(found, torch.arange(4.0) / (0.5 * torch.arange(4.0) + 1))
    assert torch.equal(transform, kept)


def test_segments_without_rows_hold_the_greatest_whole_number():
    assert ops.segment_min([5], [0], 2).tolist() == [5, 2**31 - 1]
    assert ops.segment_max([5], [0], 2).tolist() == [5, -(2**31)]


def test_normalizing_zero_has_a_gradient():
    x = torch.zeros(3, requires_grad=True)
    ops.normalize(x).sum().backward()
    assert x.grad.isfinite().all()
