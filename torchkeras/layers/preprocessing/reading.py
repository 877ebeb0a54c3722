"""Layers that read whatever NumPy reads: strings, numbers and lists of them."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from torchkeras._symbolic.spec import Spec, has_spec
from torchkeras.layers.base.dtyped import Dtyped
from torchkeras.layers.layer import Layer

from .text import placed


class Reading(Layer):
    """A layer that computes on what it reads itself, outside of gradients and dtype policies."""

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the layer on tensors, arrays, lists, strings or symbols."""
        if not isinstance(inputs, (Tensor, Spec)) and not has_spec((inputs,), {}):
            inputs = self.read(inputs)
            if not isinstance(inputs, Tensor):
                if not self.built:
                    self.built = True
                return self.call(inputs, *args, **kwargs)
        return super().__call__(inputs, *args, **kwargs)

    def read(self, inputs: Any) -> Any:
        """Return inputs in the form that `call` takes; here, numbers as a tensor."""
        array = np.asarray(inputs)
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) takes numbers. Received: {inputs!r}."
            )
        return placed(array)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        return super(Dtyped, self)._apply(fn, recurse)  # type: ignore[no-untyped-call]


def as_integers(values: Any) -> Tensor:
    """Return whole numbers in any form as an int64 tensor, where they are."""
    if isinstance(values, Tensor):
        return values.to(torch.int64)
    return placed(np.asarray(values).astype(np.int64))
