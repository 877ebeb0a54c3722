"""What recordings of training and of predicting have in common."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

from .straight import Function, straight_line

_function_modes: Callable[[], list[Any]] = _get_current_function_mode_stack
_FUNCTION_MODES = torch._C._len_torch_function_stack
_DISPATCH_MODES = torch._C._len_torch_dispatch_stack
_SAVED_TENSOR_HOOKS = torch._C._autograd._top_saved_tensors_default_hooks

# A model that keeps changing is recorded so often.
RECORDINGS = 4
# Data whose batches have so many forms is counted anew.
_MOST_FORMS = 16


def form_of(parts: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return what a recording depends on, or `None` for parts that are not all plain tensors.

    A recording tells its inputs from each other by identity, and has no gradients for them.

    Args:
        parts: Tensors, or `None` for what is missing.
    """
    found = []
    for part in parts:
        if type(part) is Tensor and part.layout is torch.strided and not part.requires_grad:
            found.append((part.shape, part.stride(), part.dtype, part.device))
        elif part is not None:
            return None
    for index, part in enumerate(parts):
        if part is not None and any(part is other for other in parts[:index]):
            return None
    return tuple(found)


class Forms:
    """Counts how often batches of each form have come."""

    def __init__(self) -> None:
        self._counts: dict[Any, int] = {}

    def count(self, form: Any) -> int:
        """Return how often batches of a form have come by now; never for `None`.

        Args:
            form: What `form_of` returned.
        """
        if form is None:
            return 0
        if len(self._counts) >= _MOST_FORMS:
            self._counts.clear()
        found = self._counts[form] = self._counts.get(form, 0) + 1
        return found

    def forget(self) -> None:
        """Begin again."""
        self._counts.clear()


def is_watched() -> bool:
    """Whether torch works in a special way: hunting for NaN, casting, or telling somebody.

    A default device says only where new tensors are made.
    """
    return (
        torch.is_anomaly_enabled()
        or torch.is_autocast_enabled("cpu")
        or torch.is_autocast_enabled("cuda")
        or (_FUNCTION_MODES() > 0 and not all(map(_is_default_device, _function_modes())))
        or _DISPATCH_MODES() > 0
        or _SAVED_TENSOR_HOOKS(False) is not None
    )


def _is_default_device(mode: Any) -> bool:
    return type(mode) is DeviceContext


def recorded(function: Function, inputs: Sequence[Tensor]) -> tuple[Function | None, str]:
    """Return a recording of a function and nothing, or `None` and why there is none.

    It is compared with the function on the inputs, bit by bit. Nothing is changed.

    Args:
        function: A function of tensors that returns tensors.
        inputs: What it is recorded with.
    """
    state = torch.get_rng_state()
    try:
        expected = function(*inputs)
        torch.set_rng_state(state)
        line = straight_line(function, inputs)
        torch.set_rng_state(state)
        with torch.no_grad():
            found = line(*inputs)
    except Exception as error:  # noqa: BLE001 - a model that cannot be recorded runs as it is
        return None, f"{type(error).__name__} while its kernels were recorded"
    finally:
        torch.set_rng_state(state)
    if not all(map(torch.equal, expected, found)):
        return None, "its kernels gave other numbers when they were recorded"
    return line, ""
