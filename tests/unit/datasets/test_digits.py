"""The digits that come with the package."""

import numpy as np
import pytest

from torchkeras.datasets import digits


def test_shapes_dtypes_and_range() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8)
    assert x_test.shape == (360, 8, 8)
    assert y_train.shape == (1437,)
    assert y_test.shape == (360,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train.min(), x_train.max(), y_train.min(), y_train.max()) == (0, 16, 0, 9)


def test_arrays_are_contiguous_and_writable() -> None:
    for split in digits.load_data():
        for array in split:
            assert array.flags.c_contiguous
            assert array.flags.writeable


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    (first, _), _ = digits.load_data()
    (again, _), _ = digits.load_data(seed=113)
    (other, _), _ = digits.load_data(seed=7)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_split_is_pinned() -> None:
    (_, y_train), (_, y_test) = digits.load_data()
    assert y_train[:10].tolist() == [3, 3, 1, 6, 9, 6, 0, 4, 7, 3]
    assert y_test[:10].tolist() == [0, 3, 8, 0, 0, 6, 6, 6, 5, 8]


@pytest.mark.parametrize("test_split", [0.0, 0.1, 0.2, 1 / 3, 0.5, 0.9])
def test_every_digit_is_in_one_part_and_every_class_has_its_share(test_split: float) -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_split=test_split)
    (everything, _), _ = digits.load_data(test_split=0)
    assert len(x_train) == int(1797 * (1 - test_split))
    joined = np.concatenate([x_train, x_test]).reshape(1797, 64)
    assert sorted(joined.tolist()) == sorted(everything.reshape(1797, 64).tolist())
    counts = np.bincount(np.concatenate([y_train, y_test]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    share = np.bincount(y_test, minlength=10) - counts * test_split
    assert np.abs(share).max() < 1.5


def test_training_labels_are_shuffled() -> None:
    (_, y_train), _ = digits.load_data()
    assert 0.05 < np.mean(y_train[1:] == y_train[:-1]) < 0.15


@pytest.mark.parametrize("test_split", [-0.1, 1, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(test_split: float) -> None:
    with pytest.raises(ValueError, match=r"`test_split` must be at least 0 .* Received: test_spl"):
        digits.load_data(test_split=test_split)


def test_a_nearest_neighbour_reads_them() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    train, test = (x.reshape(len(x), 64).astype("float32") for x in (x_train, x_test))
    distance = (train**2).sum(1) - 2 * test @ train.T
    assert np.mean(y_train[distance.argmin(1)] == y_test) > 0.97


def test_they_are_those_of_scikit_learn() -> None:
    reason = "scikit-learn, which the digits were taken from, is not installed"
    source = pytest.importorskip("sklearn.datasets", reason=reason).load_digits()
    images, labels = digits._read()
    np.testing.assert_array_equal(images, source.images)
    np.testing.assert_array_equal(labels, source.target)
