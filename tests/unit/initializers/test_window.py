"""Named windows equal SciPy's."""

import numpy as np
import pytest

from torchkeras.initializers.window import NAMES, window


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("periodic", [True, False])
def test_window_equals_scipy(name, periodic):
    signal = pytest.importorskip("scipy.signal", reason="SciPy is the oracle of windows")
    for length in (1, 2, 3, 8, 31):
        expected = signal.get_window(name, length, periodic)
        np.testing.assert_allclose(window(name, length, periodic), expected, atol=1e-12)
