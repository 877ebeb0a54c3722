"""A stand-in for CUDA graphs on a CPU: a tape of kernels that run again, and of no Python.

Like a graph, a replay runs the same kernels on the same memory. It therefore finds what a capture
would freeze: a number that Python computes anew in each step, a buffer that is exchanged, a layer
that counts. What a graph cannot record is an error here too: looking at numbers, and making tensors
from what lies on the host.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_ATEN = torch.ops.aten
_HOST = (_ATEN._local_scalar_dense.default, _ATEN.lift_fresh.default, _ATEN.nonzero.default)


class TapeGraph:
    """Records kernels by dispatch, and replays them."""

    recorded = 0  # of the whole process, for tests that count

    def __init__(self, device: torch.device) -> None:
        self._calls: list[tuple[Any, Any, Any, Any]] = []

    def refuses(self) -> str:
        return ""

    def warm_up(self, body: Callable[[], None]) -> None:
        body()
        body()

    def record(self, body: Callable[[], None]) -> None:
        TapeGraph.recorded += 1
        with _Tape(self._calls):
            body()

    def replay(self) -> None:
        with torch.no_grad():
            for func, args, kwargs, outputs in self._calls:
                made = func(*args, **kwargs)
                for place, value in zip(outputs, _list(made), strict=False):
                    place.copy_(value)

    def random_state(self) -> Any:
        return torch.get_rng_state()

    def set_random_state(self, state: Any) -> None:
        torch.set_rng_state(state)


class LiveGraph(TapeGraph):
    """Runs the function itself at each replay, which freezes nothing."""

    def record(self, body: Callable[[], None]) -> None:
        self._body = body

    def replay(self) -> None:
        self._body()


class _Tape(TorchDispatchMode):
    def __init__(self, calls: list[Any]) -> None:
        super().__init__()
        self._calls = calls

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _HOST:
            raise RuntimeError(f"{func} is not permitted while a graph is recorded")
        outputs = func(*args, **(kwargs or {}))
        if func._schema.is_mutable:
            self._calls.append((func, _still(args), _still(kwargs or {}), ()))
        elif not any(returned.alias_info for returned in func._schema.returns):
            self._calls.append((func, _still(args), _still(kwargs or {}), _list(outputs)))
        else:
            self._calls.append((_nothing, (), {}, _list(outputs)))  # a view, which must stay
        return outputs


def _nothing() -> list[Tensor]:
    return []


def _list(made: Any) -> list[Tensor]:
    several = made if isinstance(made, (tuple, list)) else [made]
    return [each.detach() for each in several if isinstance(each, Tensor)]


def _still(structure: Any) -> Any:
    """Return arguments without gradients, which do not change with those of the step."""
    return torch.utils._pytree.tree_map_only(Tensor, lambda t: t.detach(), structure)
