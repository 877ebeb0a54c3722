"""The dtypes of a layer, and where its weights are."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import torch

from torchkeras import dtype_policies
from torchkeras._base.dtypes import to_torch
from torchkeras._state.tracked import FromInit
from torchkeras.dtype_policies import DTypePolicyMap

from .weights import WeightOwner


class Dtyped(WeightOwner):
    """A module that computes in one dtype and keeps its weights in the same or another."""

    keeps_variable_dtype: ClassVar[bool] = False
    computes_in_floats: ClassVar[bool] = False  # whole numbers, too, are cast
    takes_text = False  # arrays of strings, which are no tensors
    casts_inputs: ClassVar[bool] = True  # floats, where `autocast` is on
    torch_dtype: torch.dtype
    casts_variables: bool
    _placed = False
    _dtype_policy: Any = FromInit()

    # What a plain tensor must look like to take the short cut in `forward`.
    _seen_dtype: torch.dtype | None = None
    _seen_ndim: int = -1

    @property
    def dtype_policy(self) -> Any:
        """The dtypes of the layer's variables and computations."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._take_policy(value)

    def _take_policy(self, value: Any) -> None:
        policy = dtype_policies.get(value)
        held = self.__dict__.get("_dtype_policy")
        if isinstance(held, DTypePolicyMap) and self._path is not None and policy is not held:
            if self._path in held:
                del held[self._path]
            held[self._path] = policy
        else:
            object.__setattr__(self, "_dtype_policy", policy)
        self.settle_dtypes()

    def settle_dtypes(self) -> None:
        """Note what the layer's own policy says; again once a map is asked for its path."""
        policy = self.own_policy
        object.__setattr__(self, "torch_dtype", to_torch(policy.compute_dtype))
        casts = policy.compute_dtype != policy.variable_dtype and not self.keeps_variable_dtype
        object.__setattr__(self, "casts_variables", casts)
        object.__setattr__(self, "_seen_dtype", None)

    @property
    def dtype(self) -> str:
        """The dtype of the variables."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computations and of the outputs."""
        return str(self.own_policy.compute_dtype)

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self.compute_dtype

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move or cast the layer, as torch's modules do; a chosen device is kept from then on."""
        chosen = torch._C._nn._parse_to(*args, **kwargs)[0]
        if chosen is not None:
            object.__setattr__(self, "_placed", True)
        return super().to(*args, **kwargs)

    def cpu(self) -> Self:
        """Move the layer to the CPU, and keep it there."""
        return self.to("cpu")

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        before = to_torch(self.variable_dtype)
        after = fn(torch.empty(0, dtype=before)).dtype
        if after is not before:
            self.dtype_policy = self._policy_after_cast(str(after).removeprefix("torch."))
        return self

    def _policy_after_cast(self, dtype: str) -> str:
        """Return the name of the dtype policy of a layer that torch has cast."""
        return dtype
