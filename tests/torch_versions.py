"""What the oldest supported torch lacks."""

import pytest
import torch

not_on_the_oldest_torch = pytest.mark.skipif(
    torch.__version__.startswith("2.10."), reason="torch 2.10 cannot compile or load this"
)
