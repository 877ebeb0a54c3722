"""`KerasTensor`: the shape and dtype of a tensor to come, and where it will come from.

It follows torch's `__torch_function__` protocol, so torch functions, tensor methods and operators
record themselves on it. A symbol knows only its own origin; there is no global tape.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from torchkeras import tree
from torchkeras._base.naming import auto_name, to_snake_case

from . import capture
from .operators import NAME_BY_OPERATOR, OPERATORS
from .probe import probe
from .spec import Spec


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
        super().__init__(shape, dtype)
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

    def dim(self) -> int:
        """Return the number of axes."""
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or one of its sizes."""
        return self.shape if dim is None else self.shape[dim]

    def reshape(self, *newshape: Any) -> "KerasTensor":
        """Return the symbol with another shape, one size of which may be -1.

        Args:
            *newshape: The sizes, one by one or as one tuple.
        """
        sizes = newshape[0] if len(newshape) == 1 and not _is_size(newshape[0]) else newshape
        return record(torch.reshape, (self, tuple(sizes)), {})

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
        return record(func, tuple(args), kwargs or {})

    def __getattr__(self, name: str) -> Any:
        method = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if not callable(method):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        def recorded(*args: Any, **kwargs: Any) -> Any:
            return record(method, (self, *args), kwargs)

        return recorded

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


def _is_size(value: Any) -> bool:
    return isinstance(value, int) or value is None


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
    specs = probe(target, args, kwargs)
    name = NAME_BY_OPERATOR.get(target) or _name_of(target)
    outputs = tree.map_structure(lambda leaf: fresh(leaf, name), specs)
    return Node(target, args, kwargs, outputs).outputs


def _name_of(target: Any) -> str:
    return to_snake_case(getattr(target, "__name__", type(target).__name__).strip("_"))


def fresh(leaf: Any, name: str) -> Any:
    """Return a new symbol with the shape and dtype of a spec; leave any other leaf alone."""
    if not isinstance(leaf, Spec):
        return leaf
    return KerasTensor(leaf.shape, leaf.dtype, name=auto_name(name))


def _binary(function: Any, swapped: bool) -> Callable[[KerasTensor, Any], Any]:
    def apply(self: KerasTensor, other: Any) -> Any:
        return record(function, (other, self) if swapped else (self, other), {})

    return apply


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
