"""Whether gradients of float16 overflowed: found on the device, told to the host when it asks."""

import torch
from torch import Tensor

from torchkeras._base.replicas import REPLICAS

from .shadow import by_place


def not_found(device: torch.device | None = None) -> Tensor:
    """Return the flag that `unscale_` raises.

    Args:
        device: Where it is; the CPU if not given.
    """
    return torch.zeros(1, dtype=torch.float32, device=device or "cpu")


def unscale_(grads: list[Tensor], scale: float, found: Tensor) -> None:
    """Divide gradients in place, and set `found` to 1 if one of their numbers is not finite.

    Args:
        grads: The gradients, on any devices.
        scale: What they are divided by.
        found: What `not_found` returned.
    """
    for place, members in by_place(grads).items():
        here = found if place.device == found.device else found.new_zeros(1, device=place.device)
        numbers = [_numbers(grads[index]) for index in members]
        if place.device.type in ("cpu", "cuda") and place.dtype.is_floating_point:
            inverse = torch.full((), 1.0 / scale, dtype=torch.float32, device=place.device)
            torch._amp_foreach_non_finite_check_and_unscale_(numbers, here, inverse)
        else:
            torch._foreach_div_(numbers, scale)
            flags = [each.isfinite().all() for each in numbers]
            here.masked_fill_(~torch.stack(flags).all(), 1.0)
        if here is not found:
            found.add_(here.to(found.device)).clamp_max_(1.0)
    if REPLICAS.active is not None:
        REPLICAS.active.largest_(found)


def _numbers(grad: Tensor) -> Tensor:
    return grad._values() if grad.is_sparse else grad


class Verdict:
    """The answer of the device, on its way to the host.

    Args:
        found: What `unscale_` wrote.
    """

    def __init__(self, found: Tensor) -> None:
        self._found, self._event = found, None
        if found.device.type == "cuda":
            self._found = torch.empty(1, dtype=found.dtype, device="cpu", pin_memory=True)
            self._found.copy_(found, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()

    def overflowed(self) -> bool:
        """Wait for the answer, and say whether a number was not finite."""
        if self._event is not None:
            self._event.synchronize()
        return bool(self._found.item())
