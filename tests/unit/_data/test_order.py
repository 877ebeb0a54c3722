"""The order of an epoch is the one that Keras draws from the same seed."""

import numpy as np
import pytest
import torch
from keras.src.backend.torch.trainer import TorchEpochIterator

from torchkeras._data.arrays import Arrays
from torchkeras._data.feed import Feed


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_three_epochs_equal_keras(shuffle: bool | str) -> None:
    x = np.arange(23, dtype="float32")[:, None]
    torch.manual_seed(5)
    iterator = TorchEpochIterator(x, batch_size=4, shuffle=shuffle)
    expected = [[b[:, 0].tolist() for _, _, (b,) in iterator] for _ in range(3)]
    torch.manual_seed(5)
    feed = Feed(Arrays(x, batch_size=4, shuffle=shuffle))
    assert [[b[0][:, 0].tolist() for b in feed.epoch()] for _ in range(3)] == expected
