"""The tensors of a step in lists that are made once: nothing is looked up while training runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from torchkeras._state.variable import Variable

from . import fused
from .shadow import Place, by_place, cut, place, strides_like

# So late a step that the fused Adam's own bias correction is exactly 1.
_LATE = 1e30
# Small scratch memory is kept; a large one would add to the peak of the backward pass.
_KEPT_ELEMENTS = 1 << 20
_KEPT_NUMBERS = 16
_DECAY = 2.0**10  # about what 64 steps take from an average, with 0.9 as usual
# The dtypes with so small numbers that the subnormal ones mean nothing.
_WIDE = (torch.float32, torch.float64, torch.bfloat16)


@dataclass
class Bundle:
    """Parameters of one place, with their state, that kernels take together.

    Attributes:
        indices: The positions of their gradients, or `None` if all gradients are theirs.
        params: The parameters.
        variables: The variables that they are parts of.
        spans: Where each variable's parts stand in `params`.
        state: Lists of state tensors by name, in the order of the parameters.
        pieces: The same memory in as few tensors as possible.
        coarse: Whether `pieces` are other tensors than `state`.
        decayed: The parameters that weight decay touches.
    """

    indices: list[int] | None
    params: list[Tensor]
    variables: list[Variable]
    spans: list[range]
    state: dict[str, list[Tensor]]
    pieces: dict[str, list[Tensor]]
    coarse: bool
    decayed: list[Tensor]

    def __post_init__(self) -> None:
        self._expected = self._strides = [tuple(param.stride()) for param in self.params]
        self._scratch: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self._numbers: dict[float, Any] = {}
        self.found: Tensor | None = None  # whether gradients overflowed, on the device
        self.device, self.dtype, _, self.small = place(self.params[0])
        exact = self.dtype in (torch.float32, torch.float64)
        self._wraps = self.device.type == "cpu" and exact

    def own(self, grads: list[Tensor]) -> list[Tensor]:
        """Return the gradients of these parameters."""
        return grads if self.indices is None else [grads[index] for index in self.indices]

    def aligned(self, grads: list[Tensor]) -> list[Tensor]:
        """Return the gradients lying in memory as the parameters do, which fused kernels trust."""
        strides = [grad.stride() for grad in grads]
        if strides == self._expected:
            return grads
        if [param.stride() for param in self.params] != self._strides:
            raise RuntimeError(
                "The parameters changed their memory format after the optimizer was built. "
                "Call `optimizer.rebind()` after such a change."
            )
        pairs = list(zip(grads, self.params, strict=True))
        if all(_same_order(grad, param) for grad, param in pairs):
            self._expected = strides
            return grads
        return [
            grad if _same_order(grad, param) else torch.empty_like(param).copy_(grad.to_dense())
            for grad, param in pairs
        ]

    @cached_property
    def uniform(self) -> bool:
        """Whether parameters and state lie in memory in one and the same dense order."""
        return all(
            all(tensor.stride() == strides for tensor in tensors)
            for tensors, strides in zip(
                zip(self.params, *self.state.values(), strict=True),
                map(strides_like, self.params),
                strict=True,
            )
        )

    @cached_property
    def fuses_adam(self) -> bool:
        """Whether torch's fused Adam kernel may take these tensors."""
        return self.uniform and fused.has_adam(self.device, self.dtype)

    @cached_property
    def fuses_sgd(self) -> bool:
        """Whether torch's fused SGD kernel may take these tensors."""
        return self.uniform and fused.has_sgd(self.device, self.dtype)

    @cached_property
    def late(self) -> list[Tensor]:
        """Step counts for the fused Adam that switch its own bias correction off."""
        step = torch.full((), _LATE, dtype=torch.float32, device=self.device)
        return [step] * len(self.params)

    def number(self, value: float) -> Any:
        """Return a factor or summand for all tensors, in the form that torch takes quickest.

        On a CPU torch makes a tensor of a Python number in each call for each tensor, which costs
        more than the arithmetic on a small one.
        """
        if not self._wraps:
            return value
        found = self._numbers.get(value)
        if found is None:
            if len(self._numbers) >= _KEPT_NUMBERS:
                self._numbers.clear()
            found = self._numbers[value] = torch.tensor(value, dtype=self.dtype, device="cpu")
        return found

    def scratch(self, number: int = 0) -> tuple[list[Tensor], list[Tensor]]:
        """Return memory for intermediate results: cut like `state`, and like `pieces`.

        Args:
            number: Which of several memories that are used at the same time.
        """
        if number in self._scratch:
            return self._scratch[number]
        tensors, pieces = cut(place(self.params[0]), self.params, torch.empty)
        made = tensors, pieces if self.coarse else tensors
        if sum(piece.numel() for piece in pieces) <= _KEPT_ELEMENTS:
            self._scratch[number] = made
        return made

    def sweep(self) -> None:
        """Set what is about to be subnormal in the state to zero: processors are very slow at it.

        An average decays into such numbers, and stays there, once a unit is dead: after 900 steps
        a gradient of 0 makes the step of such a weight ten times as long.
        """
        if self.device.type == "cpu":
            for tensor in (piece for pieces in self.pieces.values() for piece in pieces):
                if tensor.dtype in _WIDE:
                    smallest = _DECAY * torch.finfo(tensor.dtype).tiny
                    torch.hardshrink(tensor, smallest, out=tensor)

    def root_of(self, name: str, epsilon: float, number: int = 0) -> list[Tensor]:
        """Return `sqrt(state + epsilon)`, in scratch memory.

        Args:
            name: The name of the state.
            epsilon: The summand.
            number: Which scratch memory.
        """
        roots, whole = self.scratch(number)
        for piece, tensor in zip(whole, self.pieces[name], strict=True):
            torch.add(tensor, self.number(epsilon), out=piece)
        torch._foreach_sqrt_(whole)
        return roots


def _same_order(grad: Tensor, param: Tensor) -> bool:
    """Say whether two tensors lie alike; an axis of size 1 has no order."""
    if grad.layout is not torch.strided:
        return False
    trios = zip(grad.stride(), param.stride(), param.shape, strict=True)
    return all(ours == theirs or size == 1 for ours, theirs, size in trios)


@dataclass
class Selection:
    """The variables that one step changes, and their tensors.

    Attributes:
        positions: Which of the optimizer's variables they are.
        variables: The variables.
        spans: Where each variable's parts stand in the lists of tensors.
        params: All parts of all variables.
        state: Lists of state tensors by name, in the order of `params`; `None` for a parameter
            that has no state of the name.
        bundles: The same, place by place.
        constrained: The variables that have a constraint.
    """

    positions: list[int]
    variables: list[Variable]
    spans: list[range]
    params: list[Tensor]
    state: dict[str, list[Tensor | None]]
    bundles: list[Bundle]
    constrained: list[Variable]

    def __post_init__(self) -> None:
        plain = [param for param in self.params if type(param) in (Tensor, torch.nn.Parameter)]
        self._witness = max(plain, key=lambda param: param.ndim, default=None)
        self._address = None if self._witness is None else self._witness.data_ptr()
        self.in_parts = any(len(span) > 1 for span in self.spans)

    @property
    def moved(self) -> bool:
        """Whether the parameters have other memory than before (`.to(...)` gives them new)."""
        return self._witness is not None and self._witness.data_ptr() != self._address


def select(
    positions: list[int],
    variables: list[Variable],
    state: dict[str, list[Tensor | None]],
    pieces: Mapping[str, Mapping[Place, list[Tensor]]] | None,
    decays: Callable[[Variable], bool],
) -> Selection:
    """Put the tensors of some variables into lists.

    Args:
        positions: Which of the optimizer's variables they are.
        variables: The variables.
        state: Lists of state tensors by name, in the order of the variables' parts; `None` for a
            part that has no state of the name.
        pieces: The pieces of each name and place, if they hold these variables and no others.
        decays: Says whether weight decay touches a variable.
    """
    params: list[Tensor] = []
    spans: list[range] = []
    for variable in variables:
        parts = variable.parameters
        spans.append(range(len(params), len(params) + len(parts)))
        params += parts
    owners = [owner for owner, span in enumerate(spans) for _ in span]
    return Selection(
        positions=positions,
        variables=variables,
        spans=spans,
        params=params,
        state=state,
        bundles=[
            _bundle(members, params, variables, owners, state, pieces, decays)
            for members in _groups(params, state)
        ],
        constrained=[variable for variable in variables if variable.constraint is not None],
    )


def _groups(params: list[Tensor], state: Mapping[str, list[Tensor | None]]) -> list[list[int]]:
    """Sort parameters by place and by the names of their state."""
    groups: list[list[int]] = []
    for members in by_place(params).values():
        found: dict[tuple[str, ...], list[int]] = {}
        for index in members:
            names = tuple(name for name, tensors in state.items() if tensors[index] is not None)
            found.setdefault(names, []).append(index)
        groups += found.values()
    return groups


def _bundle(
    members: list[int],
    params: list[Tensor],
    variables: list[Variable],
    owners: list[int],
    state: Mapping[str, list[Tensor | None]],
    pieces: Mapping[str, Mapping[Place, list[Tensor]]] | None,
    decays: Callable[[Variable], bool],
) -> Bundle:
    own: dict[str, list[Tensor]] = {}
    for name, tensors in state.items():
        found = [tensor for index in members if (tensor := tensors[index]) is not None]
        if found:
            own[name] = found
    present = sorted({owners[index] for index in members})
    where = place(params[members[0]])
    chosen = [params[index] for index in members]
    decayed = {owner for owner in present if decays(variables[owner])}
    return Bundle(
        indices=None if len(members) == len(params) else members,
        params=chosen,
        variables=[variables[owner] for owner in present],
        spans=_runs([owners[index] for index in members]),
        state=own,
        pieces=own if pieces is None else {name: pieces[name][where] for name in own},
        coarse=pieces is not None,
        decayed=[
            param for param, index in zip(chosen, members, strict=True) if owners[index] in decayed
        ],
    )


def _runs(owners: list[int]) -> list[range]:
    """Return the ranges of equal neighbours."""
    starts = [i for i, owner in enumerate(owners) if i == 0 or owner != owners[i - 1]]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(owners)], strict=True)]
