"""What this build of torch can do for optimizers: asked once, by a trial."""

from functools import cache

import torch


@cache
def has_adam(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether `torch._fused_adamw_` works (CUDA; on the CPU since torch 2.4)."""
    param, grad, first, second = (torch.zeros(1, dtype=dtype, device=device) for _ in range(4))
    step = torch.ones((), dtype=torch.float32, device=device)
    try:
        torch._fused_adamw_(
            [param], [grad], [first], [second], [], [step],
            lr=0.0, beta1=0.0, beta2=0.0, weight_decay=0.0, eps=1.0, amsgrad=False, maximize=False,
        )  # fmt: skip
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


@cache
def has_sgd(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether `torch._fused_sgd_` works (CUDA since torch 2.3, CPU since 2.4)."""
    param, grad, momentum = (torch.zeros(1, dtype=dtype, device=device) for _ in range(3))
    try:
        torch._fused_sgd_(
            [param], [grad], [momentum], weight_decay=0.0, momentum=0.5, lr=0.0, dampening=0.0,
            nesterov=False, maximize=False, is_first_step=False,
        )  # fmt: skip
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True
