"""The processes that train one model together, each on its part of every batch.

A batch of n rows is cut into as many parts as there are processes. What is a mean over rows is then
`Σ nᵣ/n · meanᵣ`: gradients and losses are added up with these shares, and what metrics read is put
together again, so that all processes know the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

_SMALL = 4 << 20  # tensors are sent together up to so many bytes


@dataclass
class Replicas:
    """This process among those that work on one model.

    Attributes:
        rank: The number of this process.
        count: How many there are.
        cuts: Whether each process is given whole batches and takes its part of them; if not, what
            it is given is its part.
        group: The process group; all processes if `None`.
        rows: How many rows of the batch each process has.
    """

    rank: int
    count: int
    cuts: bool = True
    group: Any = None
    rows: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The rows of the whole batch."""
        return sum(self.rows)

    @property
    def share(self) -> float:
        """The share of the batch that this process has."""
        return self.rows[self.rank] / self.total if self.rows else 1 / self.count

    # Batches

    def part(self, batch: Any, map_leaves: Callable[[Callable[[Any], Any], Any], Any]) -> Any:
        """Return this process's part of a batch, and remember how it was cut.

        A process without a row gets the first one, which then counts for nothing.

        Args:
            batch: A structure of tensors with the samples along the first axis.
            map_leaves: Applies a function to the leaves of a structure.
        """
        found: list[int] = []
        map_leaves(lambda leaf: found.append(_rows(leaf)) if _is_batched(leaf) else None, batch)
        if not found:
            return batch
        if not self.cuts:
            self.rows = self._all_counts(found[0])
            return batch
        edges = [found[0] * rank // self.count for rank in range(self.count + 1)]
        self.rows = [stop - start for start, stop in pairwise(edges)]
        start, stop = edges[self.rank], max(edges[self.rank + 1], edges[self.rank] + 1)
        if not self.rows[self.rank]:
            start, stop = 0, 1

        def cut(leaf: Any) -> Any:
            whole = _is_batched(leaf) and _rows(leaf) == found[0]
            return leaf[start:stop] if whole else leaf

        return map_leaves(cut, batch)

    def _all_counts(self, count: int) -> list[int]:
        counts = [torch.zeros((), dtype=torch.int64, device=self.device) for _ in self._ranks]
        mine = torch.tensor(count, device=self.device)
        dist.all_gather(counts, mine, group=self.group)
        return [int(count) for count in counts]

    @property
    def _ranks(self) -> range:
        return range(self.count)

    @property
    def device(self) -> torch.device:
        """Where small tensors are sent from."""
        nccl = "nccl" in str(dist.get_backend(self.group)) and torch.cuda.is_available()
        return torch.device("cuda", torch.cuda.current_device()) if nccl else torch.device("cpu")

    # Sums and means

    def mean_of_gradients(self, grads: list[Tensor]) -> list[Tensor]:
        """Return the gradients of the whole batch.

        Args:
            grads: Those of this process's part.
        """
        made: list[Tensor] = list(grads)
        for indices in _bundles(grads):
            flat = torch.cat([_dense(grads[index]).reshape(-1) for index in indices])
            flat.mul_(self.share)
            dist.all_reduce(flat, group=self.group)
            pieces = torch.split(flat, [grads[index].numel() for index in indices])
            for index, piece in zip(indices, pieces, strict=True):
                made[index] = piece.view(grads[index].shape)
        return made

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over the whole batch of what is a mean over this part.

        Args:
            value: One number.
        """
        whole = value.detach() * self.share
        dist.all_reduce(whole, group=self.group)
        return whole

    def average_(self, tensors: Iterable[Tensor]) -> None:
        """Set tensors to their mean over all processes.

        Args:
            tensors: Tensors of floats, the same ones on all processes.
        """
        for tensor in tensors:
            dist.all_reduce(tensor, group=self.group)
            tensor.div_(self.count)

    def largest_(self, tensor: Tensor) -> None:
        """Set a tensor to the largest values of all processes.

        Args:
            tensor: A tensor.
        """
        dist.all_reduce(tensor, op=dist.ReduceOp.MAX, group=self.group)

    # Putting together

    def whole(self, part: Tensor) -> Tensor:
        """Return the rows of all processes, in the order of the batch.

        Args:
            part: This process's rows, or something that has none, which is returned as it is.
        """
        mine = max(self.rows[self.rank], 1) if self.rows else 0
        if not _is_batched(part) or _rows(part) != mine:
            return part
        plain = part.detach().as_subclass(Tensor)
        sent = plain.to(torch.uint8) if plain.dtype is torch.bool else plain
        largest = max(self.rows)
        if _rows(sent) < largest:
            sent = torch.cat([sent, sent[:1].expand(largest - _rows(sent), *sent.shape[1:])])
        sent = sent[:largest].contiguous()
        parts = [torch.empty_like(sent) for _ in self._ranks]
        dist.all_gather(parts, sent, group=self.group)
        joined = torch.cat([p[:n] for p, n in zip(parts, self.rows, strict=True)])
        return joined.to(plain.dtype)

    # Agreeing

    def copy_first_(self, tensors: Iterable[Tensor]) -> None:
        """Set tensors to the values that the first process has.

        Args:
            tensors: The same ones on all processes.
        """
        for tensor in tensors:
            held = tensor.detach()
            sent = held.to(torch.uint8) if held.dtype is torch.bool else held.contiguous()
            dist.broadcast(sent, src=self._first, group=self.group)
            if sent is not held:
                held.copy_(sent)

    def first(self, number: int) -> int:
        """Return a whole number of the first process.

        Args:
            number: That of this one.
        """
        box = torch.tensor(number, dtype=torch.int64, device=self.device)
        dist.broadcast(box, src=self._first, group=self.group)
        return int(box)

    def share_randomness(self) -> None:
        """Give torch's generator on the host the state that it has in the first process."""
        state = torch.get_rng_state().to(self.device)
        dist.broadcast(state, src=self._first, group=self.group)
        torch.set_rng_state(state.cpu())

    @property
    def _first(self) -> int:
        return 0 if self.group is None else dist.get_global_rank(self.group, 0)


@dataclass
class _Holder:
    active: Replicas | None = None


REPLICAS = _Holder()


def _is_batched(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.dim() > 0


def _rows(leaf: Any) -> int:
    return int(leaf.shape[0])


def _dense(grad: Tensor) -> Tensor:
    return grad.to_dense() if grad.is_sparse else grad


def _bundles(grads: list[Tensor]) -> list[list[int]]:
    """Return which tensors are sent together: of one kind and place, up to a size."""
    open_by_kind: dict[Any, tuple[list[int], int]] = {}
    bundles: list[list[int]] = []
    for index, grad in enumerate(grads):
        kind, size = (grad.dtype, grad.device), grad.numel() * grad.element_size()
        members, filled = open_by_kind.get(kind, ([], _SMALL))
        if filled + size > _SMALL:
            members, filled = [], 0
            bundles.append(members)
        members.append(index)
        open_by_kind[kind] = (members, filled + size)
    return bundles
