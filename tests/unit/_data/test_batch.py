"""Packing and unpacking of batches."""

import keras
import pytest

from torchkeras._data.batch import pack_x_y_sample_weight, unpack_x_y_sample_weight


@pytest.mark.parametrize("data", [1, (1,), (1, 2), (1, 2, 3), [1, 2], {"a": 1}])
def test_unpacking_equals_keras(data: object) -> None:
    assert unpack_x_y_sample_weight(data) == keras.utils.unpack_x_y_sample_weight(data)


@pytest.mark.parametrize("parts", [(1,), ((1, 2),), ([1],), (1, 2), (1, 2, 3), (1, 2, None)])
def test_packing_equals_keras(parts: tuple[object, ...]) -> None:
    assert pack_x_y_sample_weight(*parts) == keras.utils.pack_x_y_sample_weight(*parts)


def test_four_items_are_too_many() -> None:
    with pytest.raises(ValueError, match="a tuple of 4 items"):
        unpack_x_y_sample_weight((1, 2, 3, 4))
