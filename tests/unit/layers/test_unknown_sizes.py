"""Shapes of layers on inputs whose sizes are not known, where windows move far."""

import pytest

from torchkeras import layers


@pytest.mark.parametrize("stride", [2, 4, 5, 8, 12, 16, 32])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_long_strides_leave_sizes_unknown(stride, padding):
    images = layers.Input((None, None, 3))
    pooled = layers.MaxPooling2D(stride, padding=padding)(images)
    convolved = layers.Conv2D(4, stride, stride, padding)(images)
    assert pooled.shape == (None, None, None, 3)
    assert convolved.shape == (None, None, None, 4)
