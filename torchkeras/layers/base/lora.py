"""LoRA: a frozen weight, and beside it two small ones whose product corrects it."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras import initializers
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import positive_int, show
from torchkeras._state.first_value import as_made
from torchkeras._state.layout import SAME, TRANSPOSED, Layout, Reshaped
from torchkeras._state.places import register
from torchkeras._state.variable import Variable

from .built import Buildable
from .low_rank import ADAPTED, LowRank

_DTYPE = "float32"  # as in Keras, whatever the layer's own


class Adaptable(Buildable):
    """A layer one of whose weights can be corrected: `weight + lora_alpha / lora_rank * a @ b`.

    The layer reads the weight through `effective_weight`, and shows it as a property.
    """

    adapted: ClassVar[str] = "kernel"  # the name of the weight
    lora_rank: int | None = None
    _lora_alpha: float | None = None
    _base: Variable | None = None
    _ways: tuple[Variable, Variable] | None = None

    def take_lora(self, rank: int | None, alpha: float | None) -> None:
        """Keep the arguments of `__init__`.

        Args:
            rank: `lora_rank`; `None` or 0 for no correction.
            alpha: `lora_alpha`; the rank if not given.
        """
        self.lora_rank = positive_int("lora_rank", rank) if rank else None
        self._lora_alpha = self.lora_rank if alpha is None else alpha

    @property
    def lora_alpha(self) -> float | None:
        """What the correction is multiplied by, before it is divided by the rank."""
        return self._lora_alpha

    @lora_alpha.setter
    def lora_alpha(self, value: float) -> None:
        object.__setattr__(self, "_lora_alpha", value)
        if self.lora_enabled and isinstance(self._owner, LowRank):
            self._owner.lora_scale = self.lora_scale

    @property
    def lora_scale(self) -> float:
        """The factor of the correction."""
        if self._lora_alpha is None or self.lora_rank is None:
            return 0.0
        return self._lora_alpha / self.lora_rank

    @property
    def lora_enabled(self) -> bool:
        """Whether the weight is frozen and corrected."""
        return self._ways is not None

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the layer's main weight, and train a correction of low rank in its place.

        A compiled model must be compiled again afterwards.

        Args:
            rank: The inner size of the correction.
            lora_alpha: The correction is multiplied by `lora_alpha / rank`; the rank if not given.
            a_initializer: How the way down starts.
            b_initializer: How the way up starts.

        Raises:
            ValueError: If the layer is not built, has a constraint, or is corrected already.
        """
        if not self.built:
            raise ValueError(
                "Cannot enable lora on a layer that isn't yet built. Call layer "
                f"{self.name!r} on data or `build(input_shape)` first."
            )
        if self.lora_enabled:
            raise ValueError(
                f"lora is already enabled on layer {self.name!r}, with rank {self.lora_rank}. "
                "To merge the correction, save the weights and load them again."
            )
        self._adapt(rank, lora_alpha, a_initializer, b_initializer)

    def finish_build(self) -> None:
        """Make the correction that `__init__` was asked for."""
        super().finish_build()
        if self.lora_rank and not self.lora_enabled:
            self._adapt(self.lora_rank, self._lora_alpha, "he_uniform", "zeros")

    def _adapt(self, rank: int, alpha: float | None, first_a: Any, first_b: Any) -> None:
        rank = positive_int("rank", rank)
        if getattr(self, f"{self.adapted}_constraint") is not None:
            raise ValueError(
                f"Lora is incompatible with {self.adapted} constraints. Make layer {self.name!r} "
                f"without `{self.adapted}_constraint`."
            )
        kind = self._adapted_class()
        *down, last = self._adapted_shape()
        a, b = _first_value(first_a, (*down, rank)), _first_value(first_b, (rank, last))
        layouts = self._layouts(tuple(a.shape))
        self._owner.__class__ = kind
        ways = self._new_way("a", a, layouts[0]), self._new_way("b", b, layouts[1])
        self.base_weight.trainable = False
        object.__setattr__(self, "_ways", ways)
        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha

    @property
    def base_weight(self) -> Variable:
        """The weight without the correction."""
        if self._base is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {self.adapted!r}"
                f"{self._why_missing()}"
            )
        return self._base

    @base_weight.setter
    def base_weight(self, variable: Variable) -> None:
        is_variable = isinstance(variable, Variable)
        if not is_variable or (self._base is not None and variable.parts[0][0] is not self):
            raise AttributeError(
                f"`{self.adapted}` of layer {self.name!r} cannot be replaced. Received: "
                f"{show(variable)}. Give it a new value: `layer.{self.adapted}.assign(value)`."
            )
        if variable.is_free:
            variable.move_to(self, self._free_key(variable.name))
            self._variables.append(variable)
        object.__setattr__(self, "_base", variable)

    @property
    def _owner(self) -> nn.Module:
        return self.base_weight.parts[0][0]

    def _adapted_shape(self) -> tuple[int, ...]:
        """Return the shape of the weight as floats."""
        return self.base_weight.shape

    def _float_weight(self) -> Tensor:
        """Return the weight as floats, without its correction."""
        return self.base_weight.value

    def _layouts(self, shape_of_a: tuple[int, ...]) -> tuple[Layout, Layout]:
        if self._owner is self:
            return SAME, SAME
        return _narrow(self.variable_slots()[self.adapted].layout, shape_of_a), TRANSPOSED

    def _adapted_class(self) -> type[nn.Module]:
        owner = self._owner
        if owner is self:
            return type(self)
        if type(owner) not in ADAPTED:
            raise TypeError(
                f"LoRA needs a module of torch as it is made. Received: layer {self.name!r} with "
                f"a `{type(owner).__name__}`. Enable LoRA before other tools replace the module."
            )
        return ADAPTED[type(owner)]

    def _new_way(self, way: str, value: Tensor, layout: Layout) -> Variable:
        name, owner = f"lora_{self.adapted}_{way}", self._owner
        (laid,) = layout.to_torch(value.to(self.base_weight.parameters[0].device))
        key = name if owner is self else f"lora_{way}"
        register(owner, key, _as_dense(laid), True)
        with self.naming_scope():
            variable = Variable.over(((owner, key),), layout, name)
        variable.regularizer = getattr(self, f"{self.adapted}_regularizer")
        if not self._trainable:
            variable.trainable = False
        self._variables.append(variable)
        object.__setattr__(self, name, variable)
        return variable

    # The weight with its correction

    @property
    def effective_weight(self) -> Variable | Tensor:
        """The weight; with its correction added, a tensor of the compute dtype."""
        return self._shown_weight()

    def _shown_weight(self) -> Variable | Tensor:
        if self._ways is None:
            return self.base_weight
        return self.merged_weight().to(to_torch(self.own_policy.compute_dtype))

    def merged_weight(self) -> Tensor:
        """Return the weight with its correction added."""
        base = self._float_weight()
        if self._ways is None:
            return base
        a, b = (way.value for way in self._ways)
        return base + self.lora_scale * (a @ b).to(base.dtype)

    def saved_variables(self) -> list[Any]:
        """Return what files keep; a corrected weight is kept merged."""
        kept = super().saved_variables()
        if self._ways is None:
            return kept
        base = self.base_weight
        kept = [v for v in kept if not any(v is way for way in self._ways)]
        merged = Merged(self, base, self.merged_weight)
        return [merged if variable is base else variable for variable in kept]

    def clear_correction(self) -> None:
        """Set the correction to zero."""
        for way in self._ways or ():
            way.assign(np.zeros(way.shape))

    def lora_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__` for the correction, if there is one."""
        if not self.lora_rank:
            return {}
        return {"lora_rank": self.lora_rank, "lora_alpha": self._lora_alpha}


class AdaptableKernel(Adaptable):
    """A layer whose kernel can be corrected."""

    @property
    def kernel(self) -> Variable | Tensor:
        """The kernel; with LoRA, a tensor that holds the kernel and its correction."""
        return self.effective_weight

    @kernel.setter
    def kernel(self, variable: Variable) -> None:
        self.base_weight = variable

    @property
    def _kernel(self) -> Variable:
        return self.base_weight


class Merged:
    """A corrected weight as files keep it: read, it has its correction; written, it has none.

    Args:
        layer: The layer.
        variable: The variable that is written.
        read: Returns the merged value.
    """

    def __init__(self, layer: Adaptable, variable: Variable, read: Callable[[], Tensor]) -> None:
        self._layer, self._variable, self._read = layer, variable, read
        self.shape, self.path, self.name = variable.shape, variable.path, variable.name

    def numpy(self) -> "np.ndarray[Any, Any]":
        with torch.no_grad():
            merged = self._read().as_subclass(Tensor).cpu()
        host = merged.float() if merged.dtype == torch.bfloat16 else merged
        return np.array(host.numpy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray[Any, Any]":
        return self.numpy()

    def assign(self, value: Any) -> None:
        self._variable.assign(value)
        self._layer.clear_correction()


def _first_value(initializer: Any, shape: tuple[int, ...]) -> Tensor:
    made = initializers.get(initializer)(shape, dtype=_DTYPE)
    return as_made(made, shape, to_torch(_DTYPE))


def _narrow(layout: Layout, shape: tuple[int, ...]) -> Layout:
    """Return the layout of the way down: that of the weight, with another last axis."""
    if not isinstance(layout, Reshaped):
        return layout
    rows = layout.flat[0]
    return Reshaped(layout.inner, (rows, math.prod(shape) // rows), shape)


def _as_dense(laid: Tensor) -> Tensor:
    """Return a copy that lies as torch lays weights out itself; images keep their channels last."""
    if laid.ndim == 4:
        return laid.contiguous(memory_format=torch.channels_last)
    return laid.contiguous()
