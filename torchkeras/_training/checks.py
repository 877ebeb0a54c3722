"""The arguments of `fit`, looked at before anything starts."""

import warnings
from typing import Any

from torchkeras._base.limits import max_epochs, max_steps_per_epoch
from torchkeras._base.messages import one_of


def checked_epochs(epochs: Any) -> int:
    """Return the number of epochs, as far as the process-wide limit allows."""
    if isinstance(epochs, bool) or not hasattr(epochs, "__index__") or epochs < 0:
        raise ValueError(
            f"`epochs` must be a whole number, 0 or more. Received: epochs={epochs!r}."
        )
    limit = max_epochs()
    if limit and limit < epochs:
        warnings.warn(f"Limiting epochs to {limit}", stacklevel=3)
        return limit
    return int(epochs)


def limited_steps(steps: int | None, known: int | None) -> int | None:
    """Return the batches to take, as far as the process-wide limit allows.

    `known` is the number of batches in the data, if they have one.
    """
    limit = max_steps_per_epoch()
    asked = known if steps is None else steps
    if not limit or (asked is not None and asked <= limit):
        return steps
    warnings.warn(f"Limiting steps_per_epoch to {limit}", stacklevel=4)
    return limit


def checked_verbose(verbose: Any) -> int | str:
    """Return the verbosity: 0, 1, 2 or `"auto"`."""
    one_of("verbose", verbose, (0, 1, 2, "auto"))
    return verbose if isinstance(verbose, str) else int(verbose)


def checked_split(validation_split: Any) -> bool:
    """Say whether a part of the data is to be split off."""
    if validation_split is None:
        return False
    if not isinstance(validation_split, (int, float)) or not 0 <= validation_split < 1:
        raise ValueError(
            "`validation_split` must be a number between 0 and 1. "
            f"Received: validation_split={validation_split!r}."
        )
    return validation_split > 0


def should_evaluate(epoch: int, frequency: Any) -> bool:
    """Say whether the validation data are evaluated after an epoch, counted from 0."""
    if isinstance(frequency, (list, tuple, set, range)):
        return epoch + 1 in frequency
    if isinstance(frequency, int) and not isinstance(frequency, bool) and frequency > 0:
        return (epoch + 1) % frequency == 0
    raise ValueError(
        "`validation_freq` must be a positive integer or a list of epochs, counted from 1. "
        f"Received: validation_freq={frequency!r} (of type {type(frequency).__name__})."
    )
