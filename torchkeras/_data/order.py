"""The order of samples in an epoch, drawn as Keras on torch draws it.

Keras iterates arrays through torch's DataLoader and RandomSampler, which take numbers from torch's
global generator. Taking the same numbers at the same moments gives the same batches from one seed.
"""

import torch
from torch import Tensor


def open_pass(generator: torch.Generator | None = None) -> int:
    """Take the number that a DataLoader takes when its iteration begins, and return it."""
    return int(_draw(generator))


def permutation(count: int) -> Tensor:
    """Return a random order of `count` samples."""
    generator = torch.Generator()
    generator.manual_seed(int(_draw()))
    return torch.randperm(count, generator=generator)


def _draw(generator: torch.Generator | None = None) -> Tensor:
    return torch.empty((), dtype=torch.int64, device="cpu").random_(generator=generator)
