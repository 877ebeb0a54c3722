"""Numbers brought from an accelerator: the one place where training waits for it, and says so."""

import torch
from torch import Tensor


def fetched(tensor: Tensor) -> Tensor:
    """Return a tensor on the CPU; one that is there as it is.

    On CUDA an event is awaited rather than the stream, which `torch.cuda.set_sync_debug_mode` lets
    pass: what it still reports is a wait that nobody asked for.

    Args:
        tensor: The tensor, without gradient.
    """
    if tensor.device.type != "cuda":
        return tensor.cpu()
    copy = torch.empty_like(tensor, device="cpu", pin_memory=True)
    copy.copy_(tensor, non_blocking=True)
    event = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(tensor.device))
    event.synchronize()
    return copy
