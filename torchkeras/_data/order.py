"""The order of samples in an epoch, drawn as Keras on torch draws it.

Keras iterates arrays through torch's DataLoader and RandomSampler, which take numbers from torch's
global generator. Taking the same numbers at the same moments gives the same batches from one seed.
"""

import torch
from torch import Tensor

from torchkeras._base.replicas import REPLICAS

_UNREAD = torch.zeros((), dtype=torch.int64, device="cpu")


def open_pass(generator: torch.Generator | None = None) -> None:
    """Take the number that a DataLoader takes when its iteration begins."""
    _UNREAD.random_(generator=generator)


def first_number() -> int:
    """Take that number and return it."""
    number = int(torch.empty((), dtype=torch.int64, device="cpu").random_())
    return number if REPLICAS.active is None else REPLICAS.active.first(number)


def permutation(count: int) -> Tensor:
    """Return a random order of `count` samples."""
    generator = torch.Generator()
    generator.manual_seed(first_number())
    return torch.randperm(count, generator=generator)
