"""`InputSpec`: what a layer's inputs must look like, and the check of it."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.dtypes import standardize_dtype
from torchkeras._base.nested import leaves_of


class InputSpec:
    """What one input of a layer must look like; whatever is not given is free.

    Args:
        dtype: The dtype's name; not checked, as in Keras.
        shape: The exact shape, `None` for free sizes.
        ndim: The number of axes.
        max_ndim: The largest number of axes.
        min_ndim: The smallest number of axes.
        axes: Sizes by axis.
        allow_last_axis_squeeze: Whether a last axis of size 1 may be missing or too many.
        name: The input's name, for dictionaries of inputs.
        optional: Whether the input may be `None`.

    Example:
        >>> import torchkeras
        >>> torchkeras.InputSpec(min_ndim=2, axes={-1: 3})
        InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional
        highest = self.ndim if self.ndim is not None else max_ndim
        if self.axes and highest is not None and max(self.axes) > highest - 1:
            raise ValueError(
                f"`axes` must lie below the {highest} axes of the input. Received: axes={axes!r}."
            )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        names = (
            "dtype shape ndim max_ndim min_ndim axes allow_last_axis_squeeze name optional".split()
        )
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """Make the spec that a config describes."""
        return cls(**config)

    def __repr__(self) -> str:
        given = {key: value for key, value in self.get_config().items() if value}
        given.pop("ndim" if self.shape is not None else "", None)
        return f"InputSpec({', '.join(f'{key}={value}' for key, value in given.items())})"


def check_inputs(input_spec: Any, inputs: Any, layer_name: str) -> None:
    """Raise a `ValueError` if tensors or symbols do not look as a layer's `input_spec` says."""
    if input_spec is None:
        return
    specs = leaves_of(input_spec)
    found = _in_order(specs, inputs)
    if len(found) != len(specs):
        raise ValueError(
            f"Layer {layer_name!r} expects {len(specs)} input(s), but it received {len(found)} "
            f"input tensor(s). Received: inputs={[_shape(x) for x in found]}."
        )
    for index, (x, spec) in enumerate(zip(found, specs, strict=True)):
        problem = None if spec is None else _mismatch(spec, x)
        if problem:
            raise ValueError(
                f"Input {index} of layer {layer_name!r} is incompatible with the layer: {problem} "
                f"Full shape received: {_shape(x)}.{_hint(spec, x)}"
            )


def _in_order(specs: list[Any], inputs: Any) -> list[Any]:
    if isinstance(inputs, dict) and all(getattr(spec, "name", None) for spec in specs):
        names = [spec.name for spec in specs]
        if set(names) <= set(inputs):
            return [inputs[name] for name in names]
    return leaves_of(inputs)


def _shape(x: Any) -> tuple[int | None, ...] | None:
    return None if getattr(x, "shape", None) is None else tuple(x.shape)


def _mismatch(spec: InputSpec, x: Any) -> str | None:
    """Return what is wrong with an input, in words, or `None`."""
    if x is None:
        return None if spec.optional else "it must not be None."
    shape = _shape(x)
    if shape is None:
        return f"expected a tensor, found {x!r} (of type {type(x).__name__})."
    ndim = len(shape)
    if spec.ndim is not None and ndim != spec.ndim and not _squeezable(spec, shape):
        return f"expected ndim={spec.ndim}, found ndim={ndim}."
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={ndim}."
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={ndim}."
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            return f"expected axis {axis} of input shape to have value {size}."
    return _shape_mismatch(spec, shape)


def _shape_mismatch(spec: InputSpec, shape: tuple[int | None, ...]) -> str | None:
    if spec.shape is None:
        return None
    wanted = spec.shape
    if spec.allow_last_axis_squeeze:
        wanted = wanted[:-1] if wanted and wanted[-1] == 1 else wanted
        shape = shape[:-1] if shape and shape[-1] == 1 else shape
    for want, got in zip(wanted, shape, strict=False):
        if want is not None and got is not None and want != got:
            return f"expected shape={spec.shape}, found shape={shape}."
    return None


def _squeezable(spec: InputSpec, shape: tuple[int | None, ...]) -> bool:
    if not spec.allow_last_axis_squeeze or spec.shape is None:
        return False
    longer, shorter = sorted((spec.shape, shape), key=len, reverse=True)
    return len(longer) - len(shorter) == 1 and longer[-1] == 1


def _hint(spec: InputSpec, x: Any) -> str:
    """Suggest a cure where the numbers of axes or a moved channel axis give the mistake away."""
    shape = _shape(x)
    if shape is None:
        return ""
    ndim = spec.ndim or spec.min_ndim
    if ndim is not None and len(shape) == ndim - 1:
        return " Is the batch or channel axis missing? Add it with `x[None]` or `x[..., None]`."
    return _moved_channels(spec, shape)


def _moved_channels(spec: InputSpec, shape: tuple[int | None, ...]) -> str:
    """Say so if the input would fit with its channels at the other end."""
    if len(shape) < 3:
        return ""
    _, first, *between, last = shape
    if _fits(spec, (shape[0], *between, last, first)):
        return (
            " The channels seem to come first, and are expected last (`channels_last` is the "
            "default): `np.moveaxis(x, 1, -1)` or `x.movedim(1, -1)` puts them there."
        )
    if _fits(spec, (shape[0], last, first, *between)):
        return (
            " The channels seem to come last, and are expected first (`channels_first`): "
            "`np.moveaxis(x, -1, 1)` or `x.movedim(-1, 1)` puts them there."
        )
    return ""


def _fits(spec: InputSpec, shape: tuple[int | None, ...]) -> bool:
    if not (spec.axes or spec.shape):
        return False
    by_axis = all(size in (None, shape[axis]) for axis, size in spec.axes.items())
    same_rank = spec.shape is None or len(spec.shape) == len(shape)
    return by_axis and same_rank and _shape_mismatch(spec, shape) is None
