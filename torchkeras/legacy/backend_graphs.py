"""Functions of `keras.backend` in Keras 2 that were about graphs: `function`, `gradients`, phases.

A symbol is what a placeholder was, and a functional model what a graph was.
"""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

from torchkeras._symbolic.op import op
from torchkeras._symbolic.tensor import is_keras_tensor

from .notice import tell
from .patches import Functions, Patches, named


class Phase(int):
    """What `learning_phase()` returns: 0, and in `function` a place for 0 or 1."""


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the functions.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    found = _graphs(package) | _phases() | _updates(package) | _described(package) | _gone()
    for name, function in found.items():
        patches.add(package.backend, name, function)
    patches.set(package.backend, "dtype", found["dtype"])  # hides a module


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _graphs(package: Any) -> Functions:
    ops = package.ops

    def placeholder(
        shape: Any = None,
        ndim: int | None = None,
        dtype: Any = None,
        sparse: bool = False,
        name: str | None = None,
    ) -> Any:
        tell("`K.placeholder`", "use `keras.Input`")
        shape = [None] * (ndim or 0) if shape is None else shape
        return package.Input(batch_shape=tuple(shape), dtype=dtype, name=name)

    def function(
        inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any
    ) -> Callable[[Any], Any]:
        tell("`K.function`", "use `keras.Model(inputs, outputs)`, which is called on data")
        if updates:
            raise NotImplementedError(
                "`K.function(updates=...)` changed variables when a graph ran. Write a train step: "
                "`loss.backward()`, then `optimizer.step()`."
            )
        given, made = _listed(inputs), _listed(outputs)
        symbols = [symbol for symbol in given if not isinstance(symbol, Phase)]
        model = package.Model(symbols, made)

        def run(values: Any) -> Any:
            pairs = list(zip(given, _listed(values), strict=True))
            phase = [bool(value) for place, value in pairs if isinstance(place, Phase)]
            data = [
                ops.convert_to_tensor(value, place.dtype)
                for place, value in pairs
                if not isinstance(place, Phase)
            ]
            with torch.no_grad():
                found = model(data, training=phase[0] if phase else False)
            arrays = [ops.convert_to_numpy(value) for value in _listed(found)]
            return arrays if isinstance(outputs, (list, tuple)) else arrays[0]

        return run

    def gradients(loss: Any, variables: Any) -> list[Any]:
        wanted = _listed(variables)
        if not is_keras_tensor(loss):
            tell("`K.gradients`", "use `torch.autograd.grad`")
            values = [getattr(variable, "value", variable) for variable in wanted]
            return list(torch.autograd.grad(loss.sum(), values, allow_unused=True))
        tell("`K.gradients`", "compute in a function with `torch.autograd.grad`")
        if not all(is_keras_tensor(variable) for variable in wanted):
            raise NotImplementedError(
                "Gradients of a symbol can be taken for symbols only. For weights, compute the "
                "loss of a batch and call `loss.backward()`; each variable then has `.value.grad`."
            )
        program = package.Function(wanted, loss)
        return list(op(_Gradients(program, len(wanted)))(*wanted))

    return named(placeholder, function, gradients)


class _Gradients:
    """The gradients of a program's output for its inputs, as a function of these."""

    def __init__(self, program: Callable[[Any], Any], count: int) -> None:
        self.program, self.count = program, count
        self.__name__ = self.__qualname__ = "gradients"

    def __call__(self, *inputs: Any) -> list[Any]:
        with torch.enable_grad():
            leaves = [value.detach().requires_grad_() for value in inputs]
            value = self.program(leaves if self.count > 1 else [leaves[0]])
            value = value[0] if isinstance(value, (list, tuple)) else value
            return list(torch.autograd.grad(value.sum(), leaves))


def _phases() -> Functions:
    def learning_phase() -> Phase:
        tell("`K.learning_phase`", "name `training` in `call`, or pass `training=`")
        return Phase(0)

    def set_learning_phase(value: Any) -> None:
        tell(
            "`K.set_learning_phase`",
            "it has no effect: call models with `training=`, or use `model.train()` and `.eval()`",
        )

    def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
        chosen = x if training not in (None, 0, False) else alt
        return chosen() if callable(chosen) and not torch.is_tensor(chosen) else chosen

    def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
        return in_train_phase(alt, x, training)

    return named(learning_phase, set_learning_phase, in_train_phase, in_test_phase)


def _updates(package: Any) -> Functions:
    ops = package.ops

    def update_add(x: Any, increment: Any) -> Any:
        return x.assign(x + increment)

    def update_sub(x: Any, decrement: Any) -> Any:
        return x.assign(x - decrement)

    def moving_average_update(x: Any, value: Any, momentum: float) -> Any:
        return x.assign(x * momentum + value * (1.0 - momentum))

    def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
        return [ops.convert_to_numpy(tensor) for tensor in tensors]

    def batch_set_value(tuples: Sequence[tuple[Any, Any]]) -> None:
        for variable, value in tuples:
            variable.assign(value)

    def random_uniform_variable(
        shape: Any, low: float, high: float, dtype: Any = None, name: Any = None, seed: Any = None
    ) -> Any:
        return package.Variable(package.random.uniform(shape, low, high, dtype, seed), name=name)

    def random_normal_variable(
        shape: Any, mean: float, scale: float, dtype: Any = None, name: Any = None, seed: Any = None
    ) -> Any:
        return package.Variable(package.random.normal(shape, mean, scale, dtype, seed), name=name)

    return named(
        update_add, update_sub, moving_average_update, batch_get_value, batch_set_value,
        random_uniform_variable, random_normal_variable,
    )  # fmt: skip


def _described(package: Any) -> Functions:
    def dtype(x: Any) -> str:
        return str(package.utils.standardize_dtype(x.dtype))

    def is_sparse(tensor: Any) -> bool:
        return bool(getattr(tensor, "is_sparse", False))

    def to_dense(tensor: Any) -> Any:
        return tensor.to_dense() if is_sparse(tensor) else tensor

    def image_dim_ordering() -> str:
        tell("`K.image_dim_ordering`", "use `K.image_data_format`")
        return "th" if package.backend.image_data_format() == "channels_first" else "tf"

    def set_image_dim_ordering(dim_ordering: str) -> None:
        tell("`K.set_image_dim_ordering`", "use `K.set_image_data_format`")
        names = {"th": "channels_first", "tf": "channels_last"}
        if dim_ordering not in names:
            raise ValueError(f"`dim_ordering` must be 'tf' or 'th'. Received: {dim_ordering!r}.")
        package.backend.set_image_data_format(names[dim_ordering])

    return named(dtype, is_sparse, to_dense, image_dim_ordering, set_image_dim_ordering)


_REASONS = {
    "get_session": "torch has no sessions: tensors have values. Use `K.clear_session()` to begin "
    "names anew, and `torch.set_num_threads` or `keras.device` for settings.",
    "set_session": "torch has no sessions. Leave the line out; memory on a GPU grows as needed.",
    "get_graph": "torch has no global graph; a functional model shows its own as `model.program`.",
    "manual_variable_initialization": "variables have their values when they are made.",
    "ctc_decode": "use `keras.ops.ctc_decode`, which takes logits.",
    "local_conv1d": "use a `LocallyConnected1D` layer.",
    "local_conv2d": "use a `LocallyConnected2D` layer.",
    "resize_volumes": "use a `keras.layers.UpSampling3D` layer.",
}


def _gone() -> Functions:
    return {name: _refusing(name, reason) for name, reason in _REASONS.items()}


def _refusing(name: str, reason: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"`K.{name}` is of an older Keras: {reason}")

    refuse.__name__ = name
    return refuse
