"""`KerasTensor`: the shape and dtype of a tensor to come, and where it will come from.

It follows torch's `__torch_function__` protocol, so torch functions, tensor methods and operators
record themselves on it. A symbol knows only its own origin; there is no global tape.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.naming import auto_name, to_snake_case
from torchkeras._state.arrays import from_numbers
from torchkeras._state.masked import mask_of

from . import capture
from .operators import NAME_BY_OPERATOR, OPERATORS
from .probe import TRIED, ValueDependent, probe
from .spec import Spec

_MOST_AXES = 64
_NEEDS_VALUES = ("numpy", "item", "tolist", "data_ptr")


class Node:
    """One symbolic call: what is called, on what, and which symbols come out."""

    def __init__(
        self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any
    ) -> None:
        self.target, self.args, self.kwargs, self.outputs = target, args, kwargs, outputs
        for index, (path, symbol) in enumerate(tree.flatten_with_path(outputs)):
            if isinstance(symbol, KerasTensor):
                symbol.origin, symbol.path, symbol.index = self, path, index

    @property
    def inputs(self) -> "list[KerasTensor]":
        """The symbols that go in, in order."""
        return symbols_in((self.args, self.kwargs))

    @property
    def is_input(self) -> bool:
        """Whether the node only declares an input."""
        return not self.inputs


class KerasTensor(Spec):
    """A tensor that does not exist yet: shape, dtype and name.

    Args:
        shape: Sizes, `None` for those that are not known yet.
        dtype: The dtype's name.
        sparse: Kept for Keras's signature; sparse tensors do not exist on torch.
        ragged: Kept for Keras's signature; ragged tensors do not exist on torch.
        record_history: Kept for Keras's signature.
        name: A name; an automatic one if not given.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.KerasTensor((None, 3))
        >>> (x * 2).shape
        (None, 3)
    """

    origin: Node | None = None
    path: tuple[Any, ...] = ()
    index: int = 0
    ragged_rank = None
    row_splits_dtype = None

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"`KerasTensor` does not take {', '.join(sorted(kwargs))}.")
        if sparse or ragged:
            raise ValueError(
                "Sparse and ragged tensors do not exist on torch. "
                f"Received: sparse={sparse}, ragged={ragged}."
            )
        super().__init__(_checked(shape), dtype)
        self.sparse, self.ragged, self.record_history = bool(sparse), bool(ragged), record_history
        self.name = name or auto_name(type(self).__name__)
        capture.arm()

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def device(self) -> torch.device:
        """The meta device: a symbol has no memory."""
        return torch.device("meta")

    @property
    def T(self) -> "KerasTensor":
        """The symbol with its axes reversed."""
        return self.permute(*reversed(range(self.ndim)))

    @functools.cached_property
    def _keras_mask(self) -> "KerasTensor | None":
        """The mask that the tensor will carry, if it will carry one."""
        return None if self.mask is None else record(mask_of, (self,), {})

    def dim(self) -> int:
        """Return the number of axes."""
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or one of its sizes."""
        return self.shape if dim is None else self.shape[dim]

    def reshape(self, *newshape: Any) -> "KerasTensor":
        """Return the symbol with another shape, one size of which may be -1.

        Args:
            *newshape: The sizes, one by one or as one tuple; an unknown size of the symbol (`None`,
                as `x.shape[0]` is) may stand where it stands in the symbol's own shape.
        """
        sizes = newshape[0] if len(newshape) == 1 and not _is_size(newshape[0]) else newshape
        sizes = tuple(sizes)
        if None not in sizes:
            return record(torch.reshape, (self, sizes), {})
        if sizes.count(None) == 1 and -1 not in sizes:
            filled = tuple(-1 if size is None else size for size in sizes)
            return record(torch.reshape, (self, filled), {})
        return self._reshape_end(sizes)

    def view(self, *newshape: Any) -> "KerasTensor":
        """Return the symbol with another shape, as `reshape`, or read as another dtype."""
        if len(newshape) == 1 and isinstance(newshape[0], torch.dtype):
            return record(torch.Tensor.view, (self, *newshape), {})
        return self.reshape(*newshape)

    def _reshape_end(self, sizes: tuple[Any, ...]) -> "KerasTensor":
        """Keep the first axes, unknown ones among them, and reshape the others."""
        pairs = zip(sizes, self.shape, strict=False)
        kept = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))
        rest = sizes[kept:]
        if None in rest or kept == self.ndim or not rest:
            raise ValueError(
                f"`newshape` may have one unknown size, or unknown sizes of {self!r} at the same "
                f"place. Received: newshape={sizes}. Use -1 for one size, or reshape in the `call` "
                "of a custom Layer."
            )
        if None in self.shape[kept:]:
            return record(_reshape_end, (self, kept, rest), {})
        flat = record(torch.flatten, (self, kept), {}) if self.ndim > kept + 1 else self
        return flat if rest == (-1,) else record(torch.unflatten, (flat, kept, rest), {})

    def squeeze(self, axis: int | None = None) -> "KerasTensor":
        """Return the symbol without an axis of size 1.

        Args:
            axis: The axis; all of size 1 if not given.
        """
        args = (self,) if axis is None else (self, axis)
        return record(torch.squeeze, args, {})

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return record(_OPERATOR_BY_METHOD.get(func, func), tuple(args), kwargs or {})

    @property
    def mT(self) -> "KerasTensor":
        """The symbol with its last two axes exchanged."""
        return record(torch.transpose, (self, -2, -1), {})

    @property
    def real(self) -> "KerasTensor":
        """The real part."""
        return record(torch.real, (self,), {})

    @property
    def imag(self) -> "KerasTensor":
        """The imaginary part."""
        return record(torch.imag, (self,), {})

    def __getattr__(self, name: str) -> Any:
        method = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if name in _NEEDS_VALUES:
            raise AttributeError(str(self._no_value(f"asked for `{name}`")))
        if not callable(method):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        def recorded(*args: Any, **kwargs: Any) -> Any:
            return record(method, (self, *args), kwargs)

        return recorded

    __array_priority__ = 1000  # so that `array * symbol` comes here

    def __round__(self, ndigits: int | None = None) -> "KerasTensor":
        return record(torch.round, (self,), {"decimals": ndigits} if ndigits else {})

    def __pos__(self) -> "KerasTensor":
        return record(torch.positive, (self,), {})

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._no_value("turned into a NumPy array")

    def __bool__(self) -> bool:
        raise TypeError(str(self._no_value("used as a Python bool")))

    def __int__(self) -> int:
        raise self._no_value("used as a Python int")

    def __float__(self) -> float:
        raise self._no_value("used as a Python float")

    def __iter__(self) -> Any:
        raise NotImplementedError(
            f"{self!r} cannot be iterated over: it is symbolic. Index it instead."
        )

    def _no_value(self, use: str) -> ValueError:
        return ValueError(
            f"{self!r} cannot be {use}: it stands for values that only exist when the model runs. "
            "Use it in layers, `torchkeras.ops` and torch functions, or put the computation into "
            "the `call` of a custom Layer."
        )

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _reshape_end(x: torch.Tensor, kept: int, sizes: tuple[int, ...]) -> torch.Tensor:
    """Reshape what follows the first `kept` axes; one step, as only both parts keep a size."""
    return torch.unflatten(x.flatten(kept), kept, sizes)


def _is_size(value: Any) -> bool:
    return hasattr(value, "__index__") or value is None


def _checked(shape: Any) -> tuple[int | None, ...]:
    """Return a shape, or say what is wrong with it."""
    sizes = tuple(shape) if isinstance(shape, Sequence) and not isinstance(shape, str) else ("",)
    if not all(_is_size(size) and (size is None or size.__index__() >= 0) for size in sizes):
        raise ValueError(
            "`shape` must be a tuple of sizes from 0, `None` for those that are not known. "
            f"Received: shape={shape!r}."
        )
    if len(sizes) > _MOST_AXES:
        raise ValueError(
            f"`shape` must have at most {_MOST_AXES} axes, as torch's tensors have. Received: "
            f"{len(sizes)} axes."
        )
    return tuple(None if size is None else size.__index__() for size in sizes)


def is_keras_tensor(x: Any) -> bool:
    """Say whether `x` is symbolic.

    Args:
        x: Anything.
    """
    return isinstance(x, KerasTensor)


def symbols_in(structure: Any) -> list[KerasTensor]:
    """Return the symbols among the leaves of a nested structure."""
    return [leaf for leaf in tree.flatten(structure) if isinstance(leaf, KerasTensor)]


def record(target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the symbols that a function of symbols gives, with the call as their origin."""
    name = NAME_BY_OPERATOR.get(target) or _name_of(target)
    _refuse_writes(target, args, kwargs)
    try:
        specs = probe(target, args, kwargs, most=100)
    except (RuntimeError, IndexError) as error:
        raise ValueError(_cannot(name, args, kwargs, error)) from error
    outputs = tree.map_structure(lambda leaf: fresh(leaf, name), specs)
    return Node(target, args, kwargs, outputs).outputs


def _name_of(target: Any) -> str:
    return to_snake_case(getattr(target, "__name__", type(target).__name__).strip("_"))


def _refuse_writes(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse functions that write in place: the steps of a model may run in another order."""
    name = getattr(target, "__name__", "")
    in_place = name.endswith("_") and target not in NAME_BY_OPERATOR and isinstance(args[0], Spec)
    if in_place or kwargs.get("out") is not None or kwargs.get("inplace"):
        raise TypeError(
            f"`{name}` writes into a tensor, which symbols do not allow. Use the function that "
            "returns a new one."
        )


def _cannot(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> str:
    given = [f"{x.dtype} of shape {x.shape}" for x in symbols_in((args, kwargs))]
    if isinstance(error, ValueDependent):
        return (
            f"The shape of what `{name}` returns for {' and '.join(given)} depends on the values, "
            "which only exist when the model runs. Put the computation into the `call` of a custom "
            "Layer with a `compute_output_shape`."
        )
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return f"`{name}` cannot be applied to {' and '.join(given)}: {reason} {TRIED}"


def fresh(leaf: Any, name: str) -> Any:
    """Return a new symbol with the shape and dtype of a spec; leave any other leaf alone."""
    if not isinstance(leaf, Spec):
        return leaf
    symbol = KerasTensor(leaf.shape, leaf.dtype, name=auto_name(name))
    symbol.mask = leaf.mask
    return symbol


def _binary(function: Any, swapped: bool) -> Callable[[KerasTensor, Any], Any]:
    def apply(self: KerasTensor, other: Any) -> Any:
        other = _constant(other, self) if isinstance(other, np.ndarray) else other
        return record(function, (other, self) if swapped else (self, other), {})

    return apply


def _constant(array: Any, like: KerasTensor) -> torch.Tensor:
    """Return an array as a tensor; NumPy's float64 is a float like Python's."""
    made = from_numbers(array, device.creation())
    return made.to(to_torch(None)) if made.dtype is torch.float64 != to_torch(like.dtype) else made


_OPERATOR_BY_METHOD = {
    getattr(torch.Tensor, f"__{function.__name__.strip('_')}__"): function
    for function in OPERATORS.values()
}
_REFLECTED = "add sub mul truediv floordiv mod pow matmul and or xor".split()
_UNARY = "neg abs invert".split()
for _function in OPERATORS.values():
    _name = _function.__name__.strip("_")
    if _name in _UNARY:
        setattr(KerasTensor, f"__{_name}__", lambda self, f=_function: record(f, (self,), {}))
    else:
        setattr(KerasTensor, f"__{_name}__", _binary(_function, False))
    if _name in _REFLECTED:
        setattr(KerasTensor, f"__r{_name}__", _binary(_function, True))
