"""The weights of the past in running means: what they may be, and their powers."""

import numpy as np
import torch

from torchkeras._base.messages import show


def check_betas(**betas: float) -> None:
    """Raise a `ValueError` for a weight that is not in [0, 1)."""
    for argument, beta in betas.items():
        if not 0 <= beta < 1:
            raise ValueError(
                f"`{argument}` must be in the range [0, 1). Received: {argument}={show(beta)}."
            )


def rounded(number: float, dtype: torch.dtype) -> float:
    """Return a number in the precision of variables, but at least in float32.

    Args:
        number: The number.
        dtype: The dtype of the variables.
    """
    return number if dtype is torch.float64 else float(np.float32(number))


def rounded_power(base: float, exponent: float, dtype: torch.dtype) -> float:
    """Return `base ** exponent`, rounded as Keras rounds it.

    Where it is taken from 1, the digits before cancel, so that the rounding shows.

    Args:
        base: The base.
        exponent: The exponent.
        dtype: The dtype of the variables; those below float32 are computed in float32.
    """
    number = np.float64 if dtype is torch.float64 else np.float32
    return float(number(base) ** number(exponent))
