"""The functions of `keras.backend` that `tf.keras` has until today: `K.mean`, `K.square`, ..."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from torchkeras._base.console import write

from .patches import Patches

_SAME = (
    "abs all any arange cast clip cos cumprod cumsum dot elu equal exp expand_dims eye greater "
    "greater_equal less less_equal log max maximum mean min minimum ndim not_equal one_hot ones "
    "ones_like prod reshape round shape sigmoid sign sin softmax softplus softsign sqrt square "
    "squeeze stack std stop_gradient sum tanh tile transpose var zeros zeros_like "
    "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy"
).split()
_RENAMED = {"permute_dimensions": "transpose", "pow": "power", "reverse": "flip"}


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the functions.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    ops = package.ops
    found = {name: getattr(ops, name) for name in _SAME}
    found |= {old: getattr(ops, new) for old, new in _RENAMED.items()}
    found |= _shapes(ops) | _mathematics(ops) | _variables(package) | _random(package)
    for name, function in found.items():
        patches.add(package.backend, name, function)


def _shapes(ops: Any) -> dict[str, Callable[..., Any]]:
    def argmax(x: Any, axis: int = -1) -> Any:
        return ops.argmax(x, axis=axis)

    def argmin(x: Any, axis: int = -1) -> Any:
        return ops.argmin(x, axis=axis)

    def batch_flatten(x: Any) -> Any:
        return ops.reshape(x, (-1, _product(x.shape[1:])))

    def concatenate(tensors: Any, axis: int = -1) -> Any:
        return ops.concatenate(tensors, axis=axis)

    def flatten(x: Any) -> Any:
        return ops.reshape(x, (-1,))

    def gather(reference: Any, indices: Any) -> Any:
        return ops.take(reference, indices, axis=0)

    def int_shape(x: Any) -> tuple[int | None, ...]:
        return tuple(x.shape)

    def repeat(x: Any, n: int) -> Any:
        return ops.repeat(ops.expand_dims(x, 1), n, axis=1)

    def repeat_elements(x: Any, rep: int, axis: int) -> Any:
        return ops.repeat(x, rep, axis=axis)

    made = (argmax, argmin, batch_flatten, concatenate, flatten, gather, int_shape)
    return {function.__name__: function for function in (*made, repeat, repeat_elements)}


def _product(sizes: Any) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _mathematics(ops: Any) -> dict[str, Callable[..., Any]]:
    def hard_sigmoid(x: Any) -> Any:
        return ops.clip(0.2 * x + 0.5, 0.0, 1.0)

    def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
        return ops.in_top_k(targets, predictions, k)

    def l2_normalize(x: Any, axis: Any = None) -> Any:
        squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
        return x * ops.rsqrt(ops.maximum(squares, 1e-12))

    def relu(x: Any, alpha: float = 0.0, max_value: Any = None, threshold: float = 0.0) -> Any:
        kept = ops.where(x >= threshold, x, alpha * (x - threshold))
        return kept if max_value is None else ops.minimum(kept, max_value)

    def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
        then, other = (f() if callable(f) else f for f in (then_expression, else_expression))
        missing = len(then.shape) - len(condition.shape)
        for _ in range(missing if len(condition.shape) else 0):
            condition = ops.expand_dims(condition, -1)
        return ops.where(condition, then, other)

    made = (hard_sigmoid, in_top_k, l2_normalize, relu, switch)
    return {function.__name__: function for function in made}


def _variables(package: Any) -> dict[str, Callable[..., Any]]:
    ops = package.ops

    def cast_to_floatx(x: Any) -> Any:
        floatx = package.backend.floatx()
        if isinstance(x, (np.ndarray, np.generic, float, int, list, tuple)):
            return np.asarray(x, dtype=floatx)
        return ops.cast(x, floatx)

    def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
        tensor = ops.convert_to_tensor(value, dtype or package.backend.floatx())
        return tensor if shape is None else ops.broadcast_to(tensor, shape)

    def count_params(x: Any) -> int:
        return _product(x.shape)

    def get_value(x: Any) -> Any:
        return ops.convert_to_numpy(x)

    def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
        write(f"{message} {x}\n".lstrip())
        return x

    def set_value(x: Any, value: Any) -> None:
        x.assign(value)

    def update(x: Any, new_x: Any) -> Any:
        return x.assign(new_x)

    def variable(value: Any, dtype: Any = None, name: Any = None, constraint: Any = None) -> Any:
        dtype = dtype or package.backend.floatx()
        made = package.Variable(value, dtype=dtype, name=name)
        made.constraint = constraint
        return made

    made = (cast_to_floatx, constant, count_params, get_value, set_value, update, variable)
    found: dict[str, Callable[..., Any]] = {function.__name__: function for function in made}
    others = {"eval": get_value, "name_scope": package.name_scope, "print_tensor": print_tensor}
    return found | others


def _random(package: Any) -> dict[str, Callable[..., Any]]:
    random, ops = package.random, package.ops

    def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
        return random.dropout(x, level, noise_shape, seed)

    def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
        drawn = random.uniform(shape, seed=seed) < p
        return ops.cast(drawn, dtype or package.backend.floatx())

    def random_normal(
        shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
    ) -> Any:
        return random.normal(shape, mean, stddev, dtype, seed)

    def random_uniform(
        shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
    ) -> Any:
        return random.uniform(shape, minval, maxval, dtype, seed)

    def truncated_normal(
        shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
    ) -> Any:
        return random.truncated_normal(shape, mean, stddev, dtype, seed)

    made = (dropout, random_bernoulli, random_normal, random_uniform, truncated_normal)
    found: dict[str, Callable[..., Any]] = {function.__name__: function for function in made}
    return {**found, "random_binomial": random_bernoulli}
